/** Trees side by side: gradients, parameters and moments have one structure, and leaf meets leaf. */
import { isFloat } from '../../compiler/dtype.ts';
import { sameShape, showShape } from '../../compiler/shape.ts';
import { Module } from '../nnx/module.ts';
import { np } from '../numpy/index.ts';
import { describeValue, toTensor } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { flatten, unflatten } from '../tree.ts';
import type { Flattened } from '../tree.ts';

/** Trees by the name that messages give them. */
export type NamedTrees = Readonly<Record<string, unknown>>;

/** The values in one place of several trees. */
type Values = readonly [first: Tensor, ...rest: Tensor[]];

/** How the trees must agree. */
type Check = (name: string, labels: readonly string[], path: string, values: Values) => void;

/**
 * `f` of the values in the same places of float trees, as a tree like the first: of its Variables new ones of the same class.
 *
 * @throws PYTREE for trees of different structure, with the paths; SHAPE or DTYPE for leaves that differ, or are no floats.
 */
export function mapTrees<T>(name: string, trees: NamedTrees, f: (...values: Values) => Tensor): T {
  return mapWith(name, trees, checkFloats, f) as T;
}

/** `mapTrees` of leaves of any dtype and shape. @throws PYTREE */
export function mapAny<T>(name: string, trees: NamedTrees, f: (...values: Values) => Tensor): T {
  return mapWith(name, trees, () => undefined, f) as T;
}

/** The values of a tree of floats, in order. @throws PYTREE, DTYPE */
export function valuesOf(name: string, trees: NamedTrees): readonly Tensor[] {
  const values: Tensor[] = [];
  mapTrees(name, trees, (value) => {
    values.push(value);
    return value;
  });
  return values;
}

/** Zeros of the shapes and dtypes of a tree of floats. @throws PYTREE, DTYPE */
export function zerosLike<T>(name: string, params: T): T {
  return fullLike(name, params, 0);
}

/** One number everywhere, in the shapes and dtypes of a tree of floats. @throws PYTREE, DTYPE */
export function fullLike<T>(name: string, params: T, value: number): T {
  return mapTrees(name, { params }, ({ shape, dtype }) => np.full(shape, value, { dtype }));
}

/** The trees taken apart. @throws PYTREE unless all have the structure of the first. */
export function align(name: string, trees: NamedTrees): readonly [first: Flattened, ...rest: Flattened[]] {
  const labels = Object.keys(trees);
  const [first, ...rest] = Object.entries(trees).map(([label, tree]) => readTree(name, label, tree));
  rest.forEach((other, i) => {
    if (other.paths.length === first!.paths.length && other.paths.every((path, at) => path === first!.paths[at])) return;
    const [here, there] = [labels[0]!, labels[i + 1]!];
    const differences = `only ${here} has ${pathsWithout(first!, other)}, only ${there} ${pathsWithout(other, first!)}`;
    throw userError('PYTREE', `${name}: ${here} and ${there} differ in structure: ${differences}`, {
      fix: 'tx.update(grads, tx.init(params), params)',
    });
  });
  return [first!, ...rest];
}

/** A path as messages show it: `dense/bias` in a State, `dense.bias` in an object. */
export function showPath(path: string): string {
  return path === '' ? 'the root' : path.replace(/\.?get\('(.*)'\)/, '/$1').replace(/^[./]/, '');
}

/** @throws VALUE when the parameters were not given. */
export function requireParams(name: string, params: unknown): void {
  if (params !== undefined) return;
  throw userError('VALUE', `${name}: the parameters are not given, and the updates depend on them`, {
    fix: 'tx.update(grads, state, params)',
  });
}

/** @throws PYTREE for a tree that holds modules: gradients are States, and a module is written in place. */
function readTree(name: string, label: string, tree: unknown): Flattened {
  const flat = flatten(tree, { isLeaf: (value) => value instanceof Module });
  const at = flat.leaves.findIndex((leaf) => leaf instanceof Module);
  if (at < 0) return flat;
  const module = `${label} holds ${describeValue(flat.leaves[at])} at ${showPath(flat.paths[at]!)}`;
  throw userError('PYTREE', `${name}: ${module}, and its State is wanted`, { fix: 'model.split()[0].extract(Param)' });
}

/** The first paths that only the one tree has. */
function pathsWithout({ paths }: Flattened, other: Flattened): string {
  const alone = paths.filter((path) => !other.paths.includes(path)).map(showPath);
  if (alone.length > 4) return `${alone.slice(0, 4).join(', ')} and ${alone.length - 4} more`;
  return alone.join(', ') || 'nothing';
}

function mapWith(name: string, trees: NamedTrees, check: Check, f: (...values: Values) => Tensor): unknown {
  const flat = align(name, trees);
  const labels = Object.keys(trees);
  const [{ leaves, paths, treedef }] = flat;
  const results = leaves.map((leaf, i) => {
    const path = paths[i]!;
    const values = flat.map((tree, t) => valueOf(name, labels[t]!, path, tree.leaves[i])) as unknown as Values;
    check(name, labels, path, values);
    const result = f(...values);
    return leaf instanceof Variable ? leaf.with(result) : result;
  });
  return unflatten(treedef, results);
}

function valueOf(name: string, label: string, path: string, leaf: unknown): Tensor {
  if (leaf instanceof Variable) return leaf.rawValue;
  if (leaf instanceof Tensor) return leaf;
  if (typeof leaf === 'number' || ArrayBuffer.isView(leaf)) return toTensor(leaf, 'float32');
  const problem = `${name}: ${label} holds ${describeValue(leaf)} at ${showPath(path)}, which is no tensor`;
  throw userError('PYTREE', problem, { fix: 'null' });
}

function checkFloats(name: string, labels: readonly string[], path: string, values: Values): void {
  const [first] = values;
  values.forEach((value, i) => {
    if (!isFloat(value.dtype)) {
      const problem = `${name}: ${labels[i]} is ${value.describe()} at ${showPath(path)}, and only floats are trained`;
      throw userError('DTYPE', problem, { fix: 'model.split()[0].extract(Param)' });
    }
    if (sameShape(value.shape, first.shape)) return;
    const shapes = `${showShape(first.shape)} and ${showShape(value.shape)}`;
    throw userError('SHAPE', `${name}: ${labels[0]} and ${labels[i]} have shapes ${shapes} at ${showPath(path)}`, {
      fix: 'tx.update(grads, tx.init(params), params)',
    });
  });
}
