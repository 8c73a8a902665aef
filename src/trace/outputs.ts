/**
 * The results of a transformed function, described rather than kept: an argument's Variable comes back as this call's object, a thing
 * made in the trace as a fresh one per call, static leaves as they are.
 */
import { flatten, keyText, treedefKey, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { kindKey } from './arguments.ts';
import type { Arguments, CallInputs } from './arguments.ts';
import { toTensor } from './literal.ts';
import { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';
import { Variable, adoptVariable, kindOf } from './variable.ts';
import type { VariableKind } from './variable.ts';

type OutputLeaf =
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'object'; readonly index: number }
  | { readonly kind: 'fresh'; readonly index: number; readonly like: VariableKind }
  | { readonly kind: 'static'; readonly value: unknown };

/** How to make the results of any call from what the program computes. It holds nothing of the trace. */
export interface OutputPlan {
  readonly treedef: TreeDef;
  readonly leaves: readonly OutputLeaf[];
  /** How many tensors the program computes. */
  readonly count: number;
}

export interface PlannedOutputs {
  readonly plan: OutputPlan;
  /** The tensors that the program must compute, in order. */
  readonly values: readonly Tensor[];
  /** Where each of them is found in the results. */
  readonly paths: readonly string[];
  /** What the function returned, leaf by leaf of the plan. */
  readonly returned: readonly unknown[];
}

export function planOutputs(result: unknown, trace: Trace, args: Arguments): PlannedOutputs {
  const isArgument = (value: unknown): boolean => args.objects.includes(value as object);
  const flat = flatten(result, { root: 'output', isLeaf: isArgument });
  const values: Tensor[] = [];
  const paths: string[] = [];
  const fresh = new Map<Variable, number>();
  const place = (value: Tensor, path: string): number => {
    paths.push(path);
    return values.push(value) - 1;
  };
  const leaves = flat.leaves.map((leaf, i): OutputLeaf => {
    const path = flat.paths[i]!;
    if (isArgument(leaf)) return { kind: 'object', index: args.objects.indexOf(leaf as object) };
    if (leaf instanceof Tensor || ArrayBuffer.isView(leaf)) {
      return { kind: 'result', index: place(toTensor(leaf, 'float32'), path) };
    }
    if (!(leaf instanceof Variable)) return { kind: 'static', value: leaf };
    if (!trace.created(leaf)) {
      const index = args.traced.findIndex(({ value }) => value === leaf);
      return index < 0 ? { kind: 'static', value: leaf } : { kind: 'argument', index };
    }
    let index = fresh.get(leaf);
    if (index === undefined) fresh.set(leaf, (index = place(trace.readVariable(leaf), path)));
    return { kind: 'fresh', index, like: kindOf(leaf) };
  });
  return { plan: { treedef: describe(flat.treedef, leaves), leaves, count: values.length }, values, paths, returned: flat.leaves };
}

/** The tree without the objects that the trace made: those are above fresh leaves. */
function describe(treedef: TreeDef, leaves: readonly OutputLeaf[]): TreeDef {
  let next = 0;
  const visit = (node: TreeDef): TreeDef => {
    if (node.kind === 'leaf') next++;
    if (node.kind === 'leaf' || node.kind === 'nothing') return node;
    const first = next;
    const children = node.children.map(visit);
    const made = leaves.slice(first, next).some(({ kind }) => kind === 'fresh');
    if (node.kind !== 'node' || !made) return { ...node, children };
    return { ...node, children, aux: node.type.describe?.(node.aux) ?? node.aux };
  };
  return visit(treedef);
}

/** Whether two plans make the same of equal results. Static leaves are the same values, and not only equal ones. */
export function samePlan(a: OutputPlan, b: OutputPlan): boolean {
  return planKey(a) === planKey(b);
}

function planKey({ treedef, leaves }: OutputPlan): string {
  const keys = leaves.map((leaf) => {
    if (leaf.kind === 'static') return keyText(leaf.value);
    return `${leaf.kind}${leaf.index}${leaf.kind === 'fresh' ? kindKey(leaf.like) : ''}`;
  });
  return `${treedefKey(treedef)}|${keys.join(',')}`;
}

/** The results of one call. */
export function buildOutputs(plan: OutputPlan, results: readonly Tensor[], args: CallInputs): unknown {
  const fresh = new Map<number, Variable>();
  const leaves = plan.leaves.map((leaf): unknown => {
    switch (leaf.kind) {
      case 'result':
        return results[leaf.index];
      case 'argument':
        return args.values[leaf.index];
      case 'object':
        return args.objects[leaf.index];
      case 'static':
        return leaf.value;
      case 'fresh': {
        let variable = fresh.get(leaf.index);
        if (variable === undefined) fresh.set(leaf.index, (variable = adoptVariable(leaf.like, results[leaf.index]!)));
        return variable;
      }
    }
  });
  return unflatten(plan.treedef, leaves);
}
