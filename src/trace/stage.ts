/** Traces a function once with abstract tensors. */
import { rejectPromise } from './promise.ts';
import type { Jaxpr, Literal, Var } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval } from '../../compiler/ir/jaxpr.ts';
import type { Tensor } from './tensor.ts';
import { Trace, currentTrace, withTrace } from './trace.ts';
import type { Capture } from './trace.ts';
import type { Variable } from './variable.ts';

/** A function that has been traced; its trace can still take equations until `finish`. */
export interface Staged<T> {
  readonly trace: Trace;
  readonly inputs: readonly Var[];
  readonly result: T;
}

/** A finished trace: the pieces of which transforms make jaxprs. */
export interface Finished {
  readonly captures: readonly Capture[];
  readonly inputs: readonly Var[];
  readonly outputs: readonly Atom[];
  /** The outer Variables written, with the atoms of their last values. */
  readonly writes: readonly { readonly variable: Variable; readonly value: Atom }[];
  readonly trace: Trace;
}

/**
 * Calls `f` with tracers of the given avals while a new trace is current. If it throws, the trace is dropped and the outer one is
 * current again. @throws PROMISE when `f` is asynchronous.
 */
export function stage<T>(name: string, avals: readonly Aval[], f: (tracers: readonly Tensor[], trace: Trace) => T): Staged<T> {
  const trace = new Trace(name, currentTrace());
  const tracers = avals.map((aval) => trace.newTracer(aval));
  return orDrop(trace, () => {
    const result = withTrace(trace, () => f(tracers, trace));
    rejectPromise(
      result,
      `${name} returned a Promise: a traced function runs once, synchronously, to record its operations`,
      'await the data before the call, and pass it as an argument',
    );
    return { trace, inputs: tracers.map((tracer) => trace.atom(tracer) as Var), result };
  });
}

/** Runs a part of the tracing; if it throws, the trace is over. */
export function orDrop<T>(trace: Trace, part: () => T): T {
  try {
    return part();
  } catch (error) {
    trace.end();
    throw error;
  }
}

/** Ends the trace with these outputs. @throws STRUCTURE when a module that the function captured has changed. */
export function finish(staged: Staged<unknown>, outputs: readonly (Tensor | Literal)[]): Finished {
  const { trace, inputs } = staged;
  trace.check();
  const outputAtoms = outputs.map((output) => trace.atom(output));
  const writes = trace.written.map((variable) => ({ variable, value: trace.atom(trace.readVariable(variable)) }));
  trace.end();
  return { captures: trace.captures, inputs, outputs: outputAtoms, writes, trace };
}

/** The closed jaxpr of a finished trace: captures then inputs as inputs, outputs then writes as outputs. */
export function closedJaxpr(finished: Finished): Jaxpr {
  const { captures, inputs, outputs, writes, trace } = finished;
  const all = [...captures.map((capture) => capture.input), ...inputs];
  return trace.builder.build([], all, [...outputs, ...writes.map((write) => write.value)]);
}
