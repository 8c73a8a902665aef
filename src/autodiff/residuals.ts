/** The forward half of a linearized call: its value, and what its derivative needs later. */
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { Atom } from '../../compiler/ir/jaxpr.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import type { LinearizedJaxpr } from '../../compiler/transforms/linearize.ts';
import { applyJaxpr } from '../trace/apply.ts';
import { calleeName } from '../trace/callee.ts';
import type { Tensor } from '../trace/tensor.ts';
import { readDifferentiated } from './arguments.ts';
import type { DifferentiatedArguments } from './arguments.ts';
import { deliver, traceCall } from './call.ts';
import type { TracedCall } from './call.ts';
import { readTrailingOptions } from './options.ts';
import type { Differentiable } from './types.ts';

export interface LinearizedCall {
  readonly name: string;
  readonly call: TracedCall;
  readonly args: DifferentiatedArguments;
  /** The primals as they were given. */
  readonly primals: readonly unknown[];
  readonly linearized: LinearizedJaxpr;
  /** The operands of the linear part before the tangents. */
  readonly residuals: readonly Tensor[];
  readonly out: unknown;
  readonly aux: unknown;
  readonly hasAux: boolean;
}

/** Runs the forward half of `transform(f, ...primals, options)`. */
export function linearizeCall(transform: string, f: Differentiable, given: readonly unknown[]): LinearizedCall {
  const name = `${transform}(${calleeName(transform, f, `${transform}((x) => np.sin(x), x)`)})`;
  const { primals, choices } = readTrailingOptions(given);
  const every = primals.map((_, position) => position);
  const args = readDifferentiated(name, primals, every, { wrt: choices.wrt, strict: false });
  const call = traceCall(name, f, choices.hasAux, args.inputs, args.places);
  const linearized = linearizeJaxpr(call.jaxpr, call.moving, call.smooth);
  const { results, residuals } = runPrimal(call, linearized);
  const [out, aux] = deliver(call, results);
  return { name, call, args, primals, linearized, residuals, out, aux, hasAux: choices.hasAux };
}

/** A residual that is an operand is a handle of its own on it, which outlives a Variable's move to another value. */
function runPrimal(
  { name, operands, jaxpr }: TracedCall,
  { primal, residuals }: LinearizedJaxpr,
): Record<'results' | 'residuals', Tensor[]> {
  const known = new Map<Atom, Tensor>(primal.inputs.map((input, i) => [input, operands[i]!]));
  const made = residuals.filter((residual) => !known.has(residual));
  const outputs = [...primal.outputs.slice(0, jaxpr.outputs.length), ...made];
  const computed = applyJaxpr(name, new Jaxpr([], primal.inputs, primal.equations, outputs), operands);
  const kept = residuals.map((residual) => known.get(residual)?.alias() ?? computed[jaxpr.outputs.length + made.indexOf(residual)]!);
  return { results: computed.slice(0, jaxpr.outputs.length), residuals: kept };
}
