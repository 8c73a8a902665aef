/** The namespace `tree`: what programs do with pytrees. The counterpart of jax.tree. */
import { Module } from './nnx/module.ts';
import { State } from './nnx/state.ts';
import { tensorOf } from './trace/bind.ts';
import { Tensor } from './trace/tensor.ts';
import { userError } from './trace/user-error.ts';
import { Variable } from './trace/variable.ts';
import type { VariableValue } from './trace/variable.ts';
import { flatten, treedefKey, unflatten } from './tree.ts';

export { flatten, unflatten, leavesOf as leaves, registerPytree } from './tree.ts';
export type { Flattened, TreeDef } from './tree.ts';

type Atomic = Tensor | Variable | string | number | bigint | boolean | symbol | ((...args: never[]) => unknown);
type Nested = readonly unknown[] | Readonly<Record<string, unknown>>;

/** What `map` gives its function: the leaves of a tree, of Variables the values. */
export type Leaf<T> = T extends null | undefined
  ? never
  : T extends Variable
    ? Tensor
    : T extends Atomic
      ? T
      : T extends readonly (infer Child)[]
        ? Leaf<Child>
        : T extends Readonly<Record<string, unknown>>
          ? Leaf<T[keyof T]>
          : Tensor;

/** A tree with other leaves; objects of classes, such as State, keep their type. */
export type WithLeaves<T, R> = T extends null | undefined | Variable
  ? T
  : T extends Atomic
    ? R
    : T extends Nested
      ? { -readonly [K in keyof T]: WithLeaves<T[K], R> }
      : T;

/**
 * `f` of every leaf, and of the leaves in the same places of `others`, in a tree of the same structure. Of a Variable `f` gets the
 * value, and what it gives becomes the value of a new Variable of the same class. jax.tree.map.
 *
 * @throws PYTREE when the structures differ.
 */
export function map<T, R>(f: (leaf: Leaf<T>, ...others: Leaf<T>[]) => R, tree: T, ...others: readonly T[]): WithLeaves<T, R> {
  const first = flatten(tree);
  const rest = others.map((other) => flatten(other));
  const differing = rest.find(({ treedef }) => treedefKey(treedef) !== treedefKey(first.treedef));
  if (differing !== undefined) {
    const [here, there] = [first, differing].map(({ paths }) => paths.join(', ') || 'one leaf');
    throw userError('PYTREE', `tree.map: the structures differ: ${here} and ${there}`, { fix: 'tree.map(f, x, x)' });
  }
  const valueOf = (leaf: unknown): Leaf<T> => (leaf instanceof Variable ? leaf.rawValue : leaf) as Leaf<T>;
  const leaves = first.leaves.map((leaf, i): unknown => {
    const result = f(valueOf(leaf), ...rest.map((other) => valueOf(other.leaves[i])));
    return leaf instanceof Variable ? leaf.with(tensorOf(result) as VariableValue) : result;
  });
  return unflatten(first.treedef, leaves) as WithLeaves<T, R>;
}

/** The shapes of the tensors and Variables of a tree; those of a State or a module by path. Other leaves stay as they are. */
export function shapes(tree: unknown): unknown {
  if (tree instanceof Tensor || tree instanceof Variable) return tree.shape;
  if (tree instanceof Module) return shapes(tree.split()[0]);
  if (tree instanceof State) return Object.fromEntries([...tree].map(([path, variable]) => [path, variable.shape]));
  if (Array.isArray(tree)) return tree.map(shapes);
  return Object.prototype.toString.call(tree) === '[object Object]'
    ? Object.fromEntries(Object.entries(tree as object).map(([key, child]) => [key, shapes(child)]))
    : tree;
}
