/**
 * The arguments of a transformed function: which leaves are traced, which are static, and a key that is equal exactly when a
 * program traced for one list of arguments serves another.
 */
import { userError } from './user-error.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { deepKeyText, flatten, keyText, treedefKey, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { toTensor } from './literal.ts';
import { Tensor } from './tensor.ts';
import { currentTrace, readIn } from './trace.ts';
import type { Trace } from './trace.ts';
import { Variable } from './variable.ts';

/** A traced leaf: a tensor, or a Variable (once, however often it is reached). */
export interface TracedLeaf {
  readonly value: Tensor | Variable;
  readonly path: string;
  /** The position among the top-level arguments. */
  readonly argument: number;
}

export interface StaticLeaf {
  readonly value: unknown;
  readonly path: string;
}

export interface Arguments {
  readonly traced: readonly TracedLeaf[];
  readonly statics: readonly StaticLeaf[];
  /** Structure, static values, classes, metadata and aliasing of Variables: everything but the avals. */
  readonly structure: string;
  /** Where the k-th leaf of the tree is found: a traced leaf's number, or -1 for a static one. */
  readonly places: readonly number[];
  readonly paths: readonly string[];
  readonly treedef: TreeDef;
  readonly leaves: readonly unknown[];
  /** The modules of the arguments, in order of visit. */
  readonly objects: readonly object[];
}

export function readArguments(args: readonly unknown[]): Arguments {
  const { leaves, paths, treedef, objects } = flatten(args, { root: 'args' });
  const traced: TracedLeaf[] = [];
  const statics: StaticLeaf[] = [];
  const numbers = new Map<Variable, number>();
  const places = leaves.map((leaf, i) => {
    const path = paths[i]!;
    if (leaf instanceof Variable) {
      const known = numbers.get(leaf);
      if (known !== undefined) return known;
      numbers.set(leaf, traced.length);
    } else if (leaf instanceof Tensor || ArrayBuffer.isView(leaf)) {
      leaf = leaf instanceof Tensor ? leaf : toTensor(leaf, 'float32');
    } else {
      statics.push({ value: leaf, path });
      return -1;
    }
    traced.push({ value: leaf as Tensor | Variable, path, argument: argumentOf(path) });
    return traced.length - 1;
  });
  const staticKeys = statics.map(({ value }) => keyText(value)).join(',');
  const structure = `${treedefKey(treedef)}|${[...numbers.keys()].map(variableKind).join(',')}|${places.join(',')}|${staticKeys}`;
  return { traced, statics, structure, places, paths, treedef, leaves, objects };
}

/** Equal for Variables between which a function sees no difference but their values. */
export function variableKind(variable: Variable): string {
  return `${keyText(variable.constructor)}${deepKeyText(variable.metadata)}`;
}

/** The value of a traced leaf now: Variables are read in the current environment. */
export function currentValue(leaf: TracedLeaf, trace: Trace | null = currentTrace()): Tensor {
  return leaf.value instanceof Tensor ? leaf.value : readIn(trace, leaf.value);
}

export function avalsKey(tensors: readonly Tensor[]): string {
  return tensors.map((tensor) => showAval(tensor.aval)).join(',');
}

/** The arguments as the function receives them: tensors replaced by tracers, Variables and modules as they are. */
export function rebuildArguments(args: Arguments, tracers: readonly Tensor[], trace: Trace): unknown[] {
  args.traced.forEach((leaf, i) => {
    if (leaf.value instanceof Variable) trace.bindVariable(leaf.value, tracers[i]!);
  });
  const leaves = args.leaves.map((leaf, i) => {
    const place = args.places[i]!;
    return place < 0 || leaf instanceof Variable ? leaf : tracers[place]!;
  });
  return unflatten(args.treedef, leaves) as unknown[];
}

/** @throws STRUCTURE when the function changed a static field or the graph of an argument. */
export function checkStructure(before: Arguments, args: readonly unknown[], name: string): void {
  const after = flatten(args, { root: 'args' });
  if (treedefKey(after.treedef) === treedefKey(before.treedef)) return;
  const changes = changedNodes(before.treedef, after.treedef, 'args').map((change) => `\n  ${change}`);
  throw userError('STRUCTURE', `${name}: the structure of an argument changed while it was traced:${changes.join('')}`, {
    fix: 'change fields and submodules outside the transformed function',
  });
}

function changedNodes(before: TreeDef, after: TreeDef, path: string): string[] {
  if (before.kind === 'node' && after.kind === 'node' && before.type === after.type) {
    const own = before.type.differences?.(before.aux, after.aux) ?? [];
    if (own.length > 0) return own.map((change) => `${path}${change}`);
  }
  if (!('children' in before) || !('children' in after) || before.children.length !== after.children.length)
    return [`${path} changed`];
  const keys = 'keys' in before ? before.keys : null;
  const children = before.children.flatMap((child, i) => {
    const part = keys === null ? `[${i}]` : `.${String(keys[i])}`;
    return treedefKey(child) === treedefKey(after.children[i]!) ? [] : changedNodes(child, after.children[i]!, path + part);
  });
  return children.length === 0 ? [`${path} changed`] : children;
}

function argumentOf(path: string): number {
  return Number(/^args\[(\d+)\]/.exec(path)?.[1] ?? 0);
}
