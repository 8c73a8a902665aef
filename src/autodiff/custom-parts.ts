/** The traced parts of a custom derivative: what they capture together, and what they must agree in. */
import { Jaxpr, Var, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Literal } from '../../compiler/ir/jaxpr.ts';
import { sameShape } from '../../compiler/shape.ts';
import { compare } from '../control/differences.ts';
import { currentValue, readArguments } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { cast } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { nameVariable } from '../trace/naming.ts';
import { planOutputs, samePlan } from '../trace/outputs.ts';
import type { OutputPlan } from '../trace/outputs.ts';
import { typeName } from '../trace/printing.ts';
import type { Finished } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import { traceFunction } from '../trace/trace-function.ts';
import type { TracedFunction } from '../trace/trace-function.ts';
import { withTrace } from '../trace/trace.ts';
import type { Capture, Trace } from '../trace/trace.ts';
import { userError } from '../trace/user-error.ts';
import type { Variable } from '../trace/variable.ts';
import { treedefKey } from '../tree.ts';

/** A call of a function with a custom derivative: the function itself, traced. */
export interface CustomCall extends TracedFunction {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly inputs: Arguments;
  /** The traced leaves of the arguments. */
  readonly operands: readonly Tensor[];
  /** The types of what it computes, then of what it writes. */
  readonly outputs: readonly Aval[];
}

export function traceCustom(name: string, f: (...args: never[]) => unknown, args: readonly unknown[]): CustomCall {
  const inputs = readArguments(args);
  const operands = inputs.traced.map((leaf) => currentValue(leaf));
  const traced = traceFunction(name, f, inputs, operands.map(({ aval }) => aval));
  return { ...traced, name, args, inputs, operands, outputs: resultsOf(traced.finished).map(({ aval }) => aval) };
}

/** What several traces of one call captured, each thing once. */
export interface SharedCaptures {
  readonly operands: readonly Tensor[];
  /** An input for each of them in a part, also for those that it did not capture. */
  inputsOf(part: Finished): Var[];
  /** The places of what a part captured. */
  placesOf(part: Finished): number[];
}

export function shareCaptures(parts: readonly Finished[]): SharedCaptures {
  const keyOf = ({ variable, outer }: Capture): Tensor | Variable => variable ?? outer;
  const shared = new Map(parts.flatMap(({ captures }) => captures.map((capture) => [keyOf(capture), capture.outer] as const)));
  const keys = [...shared.keys()];
  return {
    operands: [...shared.values()],
    inputsOf: ({ captures }) => {
      const own = new Map(captures.map((capture) => [keyOf(capture), capture.input]));
      return keys.map((key) => own.get(key) ?? new Var(shared.get(key)!.aval));
    },
    placesOf: ({ captures }) => captures.map((capture) => keys.indexOf(keyOf(capture))),
  };
}

/** The jaxpr of a part, of these inputs, for these outputs. */
export function partJaxpr({ trace }: Finished, inputs: readonly Var[], outputs: readonly Atom[]): Jaxpr {
  return new Jaxpr([], inputs, trace.builder.equations, outputs);
}

/** What the function computes, then what it writes. */
export function resultsOf({ outputs, writes }: Finished): Atom[] {
  return [...outputs, ...writes.map(({ value }) => value)];
}

/** @throws CUSTOM_RULE unless a rule returned two things. */
export function expectPair(name: string, what: string, result: unknown, fix: string): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  const given = Array.isArray(result) ? `an array of ${result.length}` : describeValue(result);
  throw userError('CUSTOM_RULE', `${name}: ${what}, and it returned ${given}`, { fix });
}

/** What `result`, returned by a rule in `trace`, has for the outputs of the function. @throws CUSTOM_RULE with a line per path. */
export function sameOutputs(call: CustomCall, rule: string, result: unknown, trace: Trace): (Tensor | Literal)[] {
  const planned = withTrace(trace, () => planOutputs(result, trace, call.inputs));
  const differences: string[] = [];
  if (treedefKey(planned.plan.treedef) !== treedefKey(call.plan.treedef)) {
    compare(call.plan.treedef, planned.plan.treedef, 'output', differences);
  } else if (!samePlan(planned.plan, call.plan)) {
    differences.push(...otherLeaves(call.plan, planned.plan));
  } else {
    planned.values.forEach(({ aval }, i) => {
      const wanted = call.outputs[i]!;
      if (!sameType(aval, wanted)) differences.push(`${planned.paths[i]!}: ${showAval(wanted)} -> ${showAval(aval)}`);
    });
  }
  if (differences.length > 0) {
    throw ruleError(`${call.name}: ${rule} must return first what the function returns`, differences, 'return [f(x), ...]');
  }
  return withTrace(trace, () => planned.values.map((value, i) => cast(value, call.outputs[i]!.dtype, call.outputs[i]!.weak)));
}

function otherLeaves(before: OutputPlan, after: OutputPlan): string[] {
  const show = (leaf: OutputPlan['leaves'][number]): string => {
    if (leaf.kind === 'static') return describeValue(leaf.value);
    if (leaf.kind === 'fresh') return `a new ${typeName(leaf.like.type)}`;
    return leaf.kind === 'result' ? 'a tensor' : 'an argument';
  };
  const pairs = before.leaves.map((leaf, i) => [show(leaf), show(after.leaves[i]!), i] as const);
  const changed = pairs.filter(([a, b]) => a !== b).map(([a, b, i]) => `leaf ${i} of the output: ${a} -> ${b}`);
  return changed.length > 0 ? changed : ['output: other arguments or Variables in the same places'];
}

/** The last values, in a rule, of what the function writes. @throws CUSTOM_RULE unless both write the same Variables. */
export function sameWrites(call: CustomCall, rule: string, part: Finished): Atom[] {
  const written = new Map(part.writes.map(({ variable, value }) => [variable, value]));
  const wanted = new Map(call.finished.writes.map(({ variable, value }) => [variable, value.aval]));
  const differences = [...new Set([...wanted.keys(), ...written.keys()])].flatMap((variable) => {
    const [before, after] = [wanted.get(variable), written.get(variable)?.aval];
    if (after === undefined) return [`${nameIn(call, variable)}: written by the function only`];
    if (before === undefined) return [`${nameIn(call, variable)}: written by ${rule} only`];
    return sameType(before, after) ? [] : [`${nameIn(call, variable)}: ${showAval(before)} -> ${showAval(after)}`];
  });
  if (differences.length === 0) return [...wanted.keys()].map((variable) => written.get(variable)!);
  const problem = `${call.name}: the function and ${rule} must write the same Variables`;
  throw ruleError(problem, differences, 'call the function in the rule');
}

/** A Variable in messages. */
export function nameIn({ inputs }: CustomCall, variable: Variable): string {
  return nameVariable(variable, inputs.traced.find(({ value }) => value === variable)?.path);
}

export function sameType(a: Aval, b: Aval): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

export function ruleError(problem: string, differences: readonly string[], fix: string): Error {
  return userError('CUSTOM_RULE', `${problem}:${differences.map((line) => `\n  ${line}`).join('')}`, { fix });
}

