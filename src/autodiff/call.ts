/** A call traced to be differentiated. */
import { isFloat } from '../../compiler/dtype.ts';
import type { Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { currentValue } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { located } from '../trace/bind.ts';
import type { OutputPlan } from '../trace/outputs.ts';
import { deliverResults } from '../trace/results.ts';
import { closedJaxpr } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import { traceFunction } from '../trace/trace-function.ts';
import type { TracedFunction } from '../trace/trace-function.ts';
import { userError } from '../trace/user-error.ts';
import { describeTree } from './describe.ts';
import { countLeaves, valuesOf } from './leaves.ts';
import type { Differentiable } from './types.ts';

export interface TracedCall {
  readonly name: string;
  readonly inputs: Arguments;
  /** What was captured, then the arguments, to the outputs, then what was written. */
  readonly jaxpr: Jaxpr;
  readonly operands: readonly Tensor[];
  /** Those of the traced leaves of the arguments. */
  readonly avals: readonly Aval[];
  /** Which operands are differentiated. */
  readonly moving: readonly boolean[];
  /** Which outputs of the jaxpr have a derivative: floats that are not auxiliary. */
  readonly smooth: readonly boolean[];
  /** The function's value, without what is auxiliary. */
  readonly out: OutputPlan;
  readonly traced: TracedFunction;
}

/**
 * Traces `f`, whose arguments at `places` are differentiated. With `hasAux` it returns `[out, aux]`, and what is in `aux` has no
 * derivative, like everything that is written to Variables. Numbers and Variables in `out` stand for their values.
 */
export function traceCall(
  name: string,
  f: Differentiable,
  hasAux: boolean,
  inputs: Arguments,
  places: readonly number[],
  check: (out: unknown) => void = () => {},
): TracedCall {
  const values = inputs.traced.map((leaf) => currentValue(leaf));
  const pair = (...args: never[]): unknown => {
    const result = f(...args);
    // What traces functions has a message for it.
    if (result instanceof Promise) return result;
    const [value, aux] = hasAux ? splitAux(name, result) : [result, null];
    const out = valuesOf(value);
    check(out);
    return [out, aux];
  };
  const avals = values.map(({ aval }) => aval);
  const traced = traceFunction(name, pair, inputs, avals);
  const { plan, finished } = traced;
  const [treedef] = plan.treedef.kind === 'array' ? plan.treedef.children : [];
  const leaves = plan.leaves.slice(0, countLeaves(treedef!));
  const results = leaves.flatMap((leaf) => (leaf.kind === 'result' || leaf.kind === 'fresh' ? [leaf.index] : []));
  const out: OutputPlan = { treedef: treedef!, leaves, count: new Set(results).size };
  const jaxpr = closedJaxpr(finished);
  const moving = inputs.traced.map((_, i) => places.includes(i));
  return {
    name,
    inputs,
    jaxpr,
    operands: [...finished.captures.map(({ outer }) => outer), ...values],
    avals,
    moving: [...finished.captures.map(() => false), ...moving],
    smooth: jaxpr.outputs.map(({ aval }, i) => i < out.count && isFloat(aval.dtype)),
    out,
    traced,
  };
}

/** Writes what the function wrote, and gives `[out, aux]`. */
export function deliver({ traced, inputs }: TracedCall, results: readonly Tensor[]): [out: unknown, aux: unknown] {
  return deliverResults({ ...traced, inputs }, results) as [unknown, unknown];
}

function splitAux(name: string, result: unknown): readonly [unknown, unknown] {
  if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown];
  const problem = `with hasAux the function must return [value, aux], and it returned ${describeTree(result)}`;
  throw userError('PYTREE', `${name}: ${problem}`, { fix: 'return [value, aux];' });
}

/** `call` as the transformed `f`: errors know the user's line. */
export function named(f: Differentiable, call: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  return Object.defineProperty((...args: unknown[]) => located(() => call(...args)), 'name', { value: f.name });
}
