/** A label for each leaf of a tree, and the part of a tree with some labels. */
import type { HeddleError } from '../../compiler/errors.ts';
import { countLeaves } from '../autodiff/leaves.ts';
import { State } from '../nnx/state.ts';
import { describeValue } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import type { Variable } from '../trace/variable.ts';
import { flatten, unflatten } from '../tree.ts';
import type { Flattened, TreeDef } from '../tree.ts';
import { showPath } from './trees.ts';

/**
 * A tree of labels like the parameters, where one label stands for all leaves below; in the place of a State one label, or an
 * object with one for each path.
 */
export type LabelTree<L> = L | null | readonly LabelTree<L>[] | { readonly [key: string]: LabelTree<L> };

/** Labels, or a function from the parameters (or a tree like them) to labels. */
export type Labels<L> = LabelTree<L> | ((params: never) => LabelTree<L>);

/**
 * Labels by what each leaf is and where it stands (`dense/bias` in a State, `dense.bias` in an object), for masks and
 * `multiTransform`: `adamw(1e-3, { mask: leafwise((path) => !path.endsWith('bias')) })`.
 */
export function leafwise<L extends string | boolean>(
  f: (path: string, leaf: Tensor | Variable) => L,
): (params: unknown) => LabelTree<L> {
  return (params) => {
    const { leaves, paths, treedef } = readStates(params);
    const labels = leaves.map((leaf, i) => {
      const path = paths[i]!.replace(/^\./, '');
      if (!(leaf instanceof State)) return f(path, leaf as Tensor | Variable);
      const within = path === '' ? '' : `${path}/`;
      return Object.fromEntries([...leaf].map(([entry, variable]) => [entry, f(within + entry, variable)]));
    });
    return unflatten(treedef, labels) as LabelTree<L>;
  };
}

/** The label of each leaf, in order. @throws PYTREE for labels that do not fit the tree, with the path. */
export function labelsOf<L extends string | boolean>(
  name: string,
  kind: 'string' | 'boolean',
  labels: Labels<L>,
  tree: unknown,
): readonly L[] {
  const { leaves, treedef } = readStates(tree);
  const given: unknown = typeof labels === 'function' ? labels(tree as never) : labels;
  const found: L[] = [];
  let next = 0;
  const visit = (label: unknown, node: TreeDef, path: string): void => {
    if (node.kind === 'nothing') return;
    if (typeof label === kind) {
      const below = leaves.slice(next, (next += countLeaves(node)));
      for (const leaf of below) for (let i = leaf instanceof State ? leaf.size : 1; i > 0; i--) found.push(label as L);
      return;
    }
    const leaf = node.kind === 'leaf' ? leaves[next] : undefined;
    if (leaf instanceof State && isObject(label)) {
      next++;
      for (const entry of leaf.keys()) {
        const own = label[entry];
        if (typeof own !== kind) throw misfit(name, kind, own, path === '' ? entry : `${path}/${entry}`);
        found.push(own as L);
      }
      return;
    }
    const children = node.kind === 'leaf' ? null : childrenOf(label, node);
    if (children === null || node.kind === 'leaf') throw misfit(name, kind, label, path);
    children.forEach(([part, child], i) => visit(child, node.children[i]!, path + part));
  };
  visit(given, treedef, '');
  return found;
}

/** The tree without the leaves that are not kept: null stands in their place, and a State has no entry. */
export function selectLeaves(tree: unknown, keep: readonly boolean[]): unknown {
  const { leaves, treedef } = readStates(tree);
  let next = 0;
  const selected = leaves.map((leaf) =>
    leaf instanceof State ? new State([...leaf].filter(() => keep[next++] === true)) : keep[next++] === true ? leaf : null,
  );
  return unflatten(treedef, selected);
}

/** The tree with the leaves of a selection in the places from which they were kept. */
export function fillLeaves<T>(tree: T, selection: unknown, keep: readonly boolean[]): T {
  const { leaves, treedef } = flatten(tree);
  const selected = flatten(selection).leaves[Symbol.iterator]();
  return unflatten(treedef, leaves.map((leaf, i) => (keep[i] === true ? selected.next().value : leaf))) as T;
}

function readStates(tree: unknown): Flattened {
  return flatten(tree, { isLeaf: (value) => value instanceof State });
}

/** What stands in the places of a node's children; null where the shapes of the trees differ. */
function childrenOf(label: unknown, node: Exclude<TreeDef, { kind: 'leaf' | 'nothing' }>): (readonly [string, unknown])[] | null {
  switch (node.kind) {
    case 'array':
      if (!Array.isArray(label) || label.length !== node.children.length) return null;
      return label.map((child: unknown, i) => [`[${i}]`, child] as const);
    case 'object':
      return isObject(label) ? node.keys.map((key) => [`.${key}`, label[key]] as const) : null;
    case 'map':
      return label instanceof Map ? node.keys.map((key) => [`.get(${String(key)})`, label.get(key)] as const) : null;
    case 'node':
      if (!node.type.matches(label)) return null;
      return node.type.flatten(label).children.map(([part, child]) => [`.${part}`, child] as const);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function misfit(name: string, kind: string, label: unknown, path: string): HeddleError {
  const expected = kind === 'boolean' ? 'true or false' : 'the name of a transformation';
  const choice = kind === 'boolean' ? '' : " ? 'a' : 'b'";
  const problem = `${name}: ${describeValue(label)} stands at ${showPath(path)} of the labels, where ${expected} must stand`;
  return userError('PYTREE', problem, { fix: `leafwise((path) => path.endsWith('kernel')${choice})` });
}
