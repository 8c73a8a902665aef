/** The leaves of trees that are differentiated. Modules and States count as leaves, because their derivatives are States. */
import { readGraph } from '../nnx/graph.ts';
import { Module } from '../nnx/module.ts';
import { State } from '../nnx/state.ts';
import { toTensor } from '../trace/literal.ts';
import { Variable } from '../trace/variable.ts';
import { flatten, unflatten } from '../tree.ts';
import type { Flattened, TreeDef } from '../tree.ts';

/** What holds Variables by path. */
export type Holder = Module | State;

export function isHolder(value: unknown): value is Holder {
  return value instanceof Module || value instanceof State;
}

/** A tree with holders as leaves. */
export function readLeaves(tree: unknown, root: string): Flattened {
  return flatten(tree, { root, isLeaf: isHolder });
}

/** The Variables of a holder by path, in the order in which they are leaves of it. */
export function variablesOf(holder: Holder): ReadonlyMap<string, Variable> {
  return holder instanceof Module ? readGraph(holder).variables : new Map(holder);
}

/** How many leaves a tree has below a node. */
export function countLeaves(treedef: TreeDef): number {
  if (treedef.kind === 'leaf') return 1;
  return treedef.kind === 'nothing' ? 0 : treedef.children.reduce((sum, child) => sum + countLeaves(child), 0);
}

/** The tree with float32 tensors in the place of its numbers. */
export function numbersAsTensors(tree: unknown): unknown {
  return mapLeaves(tree, (leaf) => (typeof leaf === 'number' ? toTensor(leaf, 'float32') : leaf));
}

/** The tree with tensors in the place of its numbers and Variables, and with States of values as they are now. */
export function valuesOf(tree: unknown): unknown {
  return mapLeaves(numbersAsTensors(tree), (leaf) => {
    if (leaf instanceof Variable) return leaf.value;
    if (!(leaf instanceof State)) return leaf;
    return new State([...leaf].map(([path, variable]) => [path, variable.with(variable.rawValue)] as const));
  });
}

/** A tree that `f` leaves alone stays the object that it is. */
function mapLeaves(tree: unknown, f: (leaf: unknown) => unknown): unknown {
  const { leaves, treedef } = readLeaves(tree, '');
  const mapped = leaves.map(f);
  return mapped.every((leaf, i) => leaf === leaves[i]) ? tree : unflatten(treedef, mapped);
}
