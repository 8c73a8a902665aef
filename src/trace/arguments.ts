/**
 * The arguments of a transformed function: which leaves are traced, which are static, and a key that is equal exactly when a
 * program traced for one list of arguments serves another.
 */
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { deepKeyText, keyText, treedefKey, unflatten } from '../tree.ts';
import { toTensor } from './literal.ts';
import { takeSnapshot } from './structure.ts';
import type { Snapshot } from './structure.ts';
import { Tensor } from './tensor.ts';
import { currentTrace, readIn } from './trace.ts';
import type { Trace } from './trace.ts';
import { Variable, kindOf } from './variable.ts';
import type { VariableKind } from './variable.ts';

/** A traced leaf: a tensor, or a Variable (once, however often it is reached). */
export interface TracedLeaf {
  readonly value: Tensor | Variable;
  readonly path: string;
}

export interface StaticLeaf {
  readonly value: unknown;
  readonly path: string;
}

/** What is needed of the arguments to run what was traced, and to build its results. */
export interface CallInputs {
  /** The traced leaves. */
  readonly values: readonly (Tensor | Variable)[];
  /** Objects with an identity of their own, in order of visit. */
  readonly objects: readonly object[];
}

export interface Arguments extends Snapshot, CallInputs {
  readonly traced: readonly TracedLeaf[];
  readonly statics: readonly StaticLeaf[];
  /** Structure, classes, metadata and aliasing of Variables: everything but static values and avals. */
  readonly structure: string;
  /** Where the k-th leaf of the tree is found: a traced leaf's number, or -1 for a static one. */
  readonly places: readonly number[];
}

export function readArguments(args: readonly unknown[]): Arguments {
  const snapshot = takeSnapshot(args, 'args');
  const { leaves, paths, treedef } = snapshot;
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
    traced.push({ value: leaf as Tensor | Variable, path });
    return traced.length - 1;
  });
  const kinds = [...numbers.keys()].map((variable) => kindKey(kindOf(variable))).join(',');
  const structure = `${treedefKey(treedef)}|${kinds}|${places.join(',')}`;
  return { ...snapshot, traced, values: traced.map(({ value }) => value), statics, structure, places };
}

/** Equal for arguments for which one trace can serve: structure, static values, avals now. */
export function argumentsKey({ structure, statics, traced }: Arguments): string {
  const trace = currentTrace();
  const avals = traced.map((leaf) => showAval(currentValue(leaf, trace).aval));
  return `${structure}|${statics.map(({ value }) => keyText(value)).join(',')}|${avals.join(',')}`;
}

/** Equal for Variables between which a function sees no difference but their values. */
export function kindKey({ type, fields }: VariableKind): string {
  return `${keyText(type)}${deepKeyText(fields)}`;
}

/** The value of a traced leaf now: Variables are read in the current environment. */
export function currentValue(leaf: TracedLeaf, trace: Trace | null = currentTrace()): Tensor {
  return leaf.value instanceof Tensor ? leaf.value : readIn(trace, leaf.value);
}

/** The arguments as the function receives them: tensors replaced by tracers, Variables and modules as they are. */
export function rebuildArguments(args: Arguments, tracers: readonly Tensor[], trace: Trace): unknown[] {
  args.traced.forEach((leaf, i) => {
    if (leaf.value instanceof Variable) trace.bindVariable(leaf.value, tracers[i]!, leaf.path);
  });
  const leaves = args.leaves.map((leaf, i) => {
    const place = args.places[i]!;
    return place < 0 || leaf instanceof Variable ? leaf : tracers[place]!;
  });
  return unflatten(args.treedef, leaves) as unknown[];
}

/** The position of the leaf's argument. */
export function argumentOf({ path }: TracedLeaf): number {
  return Number(/^args\[(\d+)\]/.exec(path)?.[1] ?? 0);
}
