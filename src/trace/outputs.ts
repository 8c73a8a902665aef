/**
 * The results of a transformed function, described rather than kept: an argument's Variable comes back as this call's object, a thing
 * made in the trace as a fresh one per call, static leaves as they are.
 */
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { flatten, keyText, treedefKey, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { variableKind } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import { scalarLiteral, toTensor } from './literal.ts';
import { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';
import { Variable } from './variable.ts';

type OutputLeaf =
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'object'; readonly index: number }
  | { readonly kind: 'fresh'; readonly index: number; readonly like: Variable }
  | { readonly kind: 'static'; readonly value: unknown };

export interface OutputPlan {
  /** The tensors that the program must compute, in order. */
  readonly values: readonly (Tensor | Literal)[];
  readonly paths: readonly string[];
  readonly treedef: TreeDef;
  readonly leaves: readonly OutputLeaf[];
}

/** `numbers`: whether numbers and booleans are tensors (scan) or static (jit, vmap). */
export function planOutputs(result: unknown, trace: Trace, args: Arguments, numbers: 'static' | 'traced'): OutputPlan {
  const isArgument = (value: unknown): boolean => args.objects.includes(value as object);
  const { leaves, paths, treedef } = flatten(result, { root: 'output', isLeaf: isArgument });
  const values: (Tensor | Literal)[] = [];
  const valuePaths: string[] = [];
  const fresh = new Map<Variable, number>();
  const place = (value: Tensor | Literal, path: string): number => {
    values.push(value);
    valuePaths.push(path);
    return values.length - 1;
  };
  const plan = leaves.map((leaf, i): OutputLeaf => {
    const path = paths[i]!;
    if (isArgument(leaf)) return { kind: 'object', index: args.objects.indexOf(leaf as object) };
    if (leaf instanceof Tensor || ArrayBuffer.isView(leaf)) {
      return { kind: 'result', index: place(toTensor(leaf, 'float32'), path) };
    }
    if (leaf instanceof Variable) {
      if (!trace.created(leaf)) {
        const index = args.traced.findIndex(({ value }) => value === leaf);
        return index < 0 ? { kind: 'static', value: leaf } : { kind: 'argument', index };
      }
      let index = fresh.get(leaf);
      if (index === undefined) fresh.set(leaf, (index = place(trace.readVariable(leaf), path)));
      return { kind: 'fresh', index, like: leaf };
    }
    if (numbers === 'traced' && (typeof leaf === 'number' || typeof leaf === 'boolean')) {
      return { kind: 'result', index: place(scalarLiteral(leaf), path) };
    }
    return { kind: 'static', value: leaf };
  });
  return { values, paths: valuePaths, treedef, leaves: plan };
}

/** Whether two plans make the same of equal results. Static leaves are the same values, and not only equal ones. */
export function samePlan(a: OutputPlan, b: OutputPlan): boolean {
  return planKey(a) === planKey(b);
}

function planKey({ treedef, leaves }: OutputPlan): string {
  const keys = leaves.map((leaf) => {
    if (leaf.kind === 'static') return keyText(leaf.value);
    return `${leaf.kind}${leaf.index}${leaf.kind === 'fresh' ? variableKind(leaf.like) : ''}`;
  });
  return `${treedefKey(treedef)}|${keys.join(',')}`;
}

/** The results of one call. */
export function buildOutputs(plan: OutputPlan, results: readonly Tensor[], args: Arguments): unknown {
  const fresh = new Map<number, Variable>();
  const leaves = plan.leaves.map((leaf): unknown => {
    switch (leaf.kind) {
      case 'result':
        return results[leaf.index];
      case 'argument':
        return args.traced[leaf.index]!.value;
      case 'object':
        return args.objects[leaf.index];
      case 'static':
        return leaf.value;
      case 'fresh': {
        let variable = fresh.get(leaf.index);
        if (variable === undefined) fresh.set(leaf.index, (variable = leaf.like.with(results[leaf.index]!)));
        return variable;
      }
    }
  });
  return unflatten(plan.treedef, leaves);
}
