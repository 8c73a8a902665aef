/** Traces one call of a transformed function. */
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import { rebuildArguments } from './arguments.ts';
import type { Arguments } from './arguments.ts';
import { planOutputs } from './outputs.ts';
import type { PlannedOutputs } from './outputs.ts';
import { finish, orDrop, stage } from './stage.ts';
import type { Finished } from './stage.ts';
import { checkStructure } from './structure.ts';
import type { Trace } from './trace.ts';

export interface TracedFunction extends PlannedOutputs {
  readonly finished: Finished;
}

/**
 * Calls `f` with the arguments of `inputs`, in which tracers of the given avals stand for the traced leaves. `begin` is told of the
 * trace before. If anything throws, the trace is dropped.
 *
 * @throws PROMISE when `f` is asynchronous, STRUCTURE when it changed a module among its arguments.
 */
export function traceFunction(
  name: string,
  f: (...args: never[]) => unknown,
  inputs: Arguments,
  avals: readonly Aval[],
  begin: (trace: Trace) => void = () => {},
): TracedFunction {
  const staged = stage(name, avals, (tracers, trace) => {
    begin(trace);
    return f(...(rebuildArguments(inputs, tracers, trace) as never[]));
  });
  return orDrop(staged.trace, () => {
    checkStructure(inputs, name);
    const outputs = planOutputs(staged.result, staged.trace, inputs);
    return { ...outputs, finished: finish(staged, outputs.values) };
  });
}
