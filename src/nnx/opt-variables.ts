/** What training remembers, in Variables: the state of a transformation of gradients as a part of a module. */
import type { HeddleError } from '../../compiler/errors.ts';
import { describeValue } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import type { VariableValue } from '../trace/variable.ts';
import { flatten, treedefKey, unflatten } from '../tree.ts';
import type { Flattened, TreeDef } from '../tree.ts';
import { state as stateOf } from './functional.ts';
import { Module } from './module.ts';
import { State } from './state.ts';
import { VariableTree } from './variable-tree.ts';

/** What an optimizer remembers; the filter for all of it. flax.nnx.optimizer.OptState. */
export class OptState extends Variable {
  declare readonly __kind: 'OptState' | 'OptArray' | 'OptVariable';
}

/** A tensor that belongs to no Variable of the model, such as a count. flax.nnx.optimizer.OptArray. */
export class OptArray extends OptState {
  declare readonly __kind: 'OptArray';
}

/** What is remembered of one Variable of the model, such as a mean of its gradients. flax.nnx.optimizer.OptVariable. */
export class OptVariable extends OptState {
  declare readonly __kind: 'OptVariable';
}

/** The tree with Variables for its tensors and modules for its States: a field of a module. @throws PYTREE for other leaves. */
export function remember(state: unknown): unknown {
  const { leaves, paths, treedef } = read(state);
  if (hasClasses(treedef)) throw notKept('', state);
  const remembered = leaves.map((leaf, i) => {
    if (leaf instanceof State) return new VariableTree(leaf, ({ rawValue }) => new OptVariable(rawValue));
    if (!isValue(leaf)) throw notKept(paths[i]!, leaf);
    return new OptArray(leaf);
  });
  return unflatten(treedef, remembered);
}

/** The tree from which it was made, with the values of now. */
export function recall(remembered: unknown): unknown {
  const { leaves, treedef } = read(remembered);
  return unflatten(treedef, leaves.map((leaf) => (leaf instanceof VariableTree ? stateOf(leaf) : (leaf as OptArray).value)));
}

/** Writes the tree that follows, all or none. @throws STRUCTURE where its structure is another. */
export function renew(remembered: unknown, state: unknown): void {
  const [before, after] = [read(remembered), read(state)];
  if (treedefKey(before.treedef) !== treedefKey(after.treedef)) throw otherStructure('its state');
  const writes = before.leaves.flatMap((leaf, i) => writesOf(leaf, after.leaves[i], after.paths[i]!));
  for (const [variable, value] of writes) variable.value = value;
}

type Write = readonly [variable: Variable, value: VariableValue];

function writesOf(leaf: unknown, next: unknown, path: string): Write[] {
  if (leaf instanceof OptArray && isValue(next)) return [[leaf, next]];
  if (!(leaf instanceof VariableTree && next instanceof State)) throw otherStructure(path);
  const own = stateOf(leaf);
  if (own.size !== next.size || ![...next.keys()].every((entry) => own.has(entry))) throw otherStructure(path);
  return [...next].map(([entry, variable]): Write => [own.get(entry), variable.rawValue]);
}

function read(tree: unknown): Flattened {
  return flatten(tree, { isLeaf: (value) => value instanceof State || value instanceof Module });
}

function isValue(leaf: unknown): leaf is VariableValue {
  return leaf instanceof Tensor || typeof leaf === 'number' || typeof leaf === 'boolean' || ArrayBuffer.isView(leaf);
}

/** Whether registered classes are among the containers; a module has only plain ones. */
function hasClasses(treedef: TreeDef): boolean {
  return treedef.kind === 'node' || ('children' in treedef && treedef.children.some(hasClasses));
}

function notKept(path: string, value: unknown): HeddleError {
  const place = path === '' ? 'the state' : `the state at ${path.replace(/^\./, '')}`;
  const problem = `nnx.Optimizer: ${place} is ${describeValue(value)}, and a state is of tensors, States and plain containers`;
  return userError('PYTREE', problem, { fix: 'init: (params) => ({ count: np.zeros([]), mean: params })' });
}

function otherStructure(place: string): HeddleError {
  return userError('STRUCTURE', `nnx.Optimizer: tx.update gives ${place} another structure than tx.init`, {
    fix: 'update: (updates, state) => [updates, state]',
  });
}
