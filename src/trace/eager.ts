/**
 * What lax.eager does to Variables. Operations inside it run at once, but the values of the Variables around it belong to the trace that
 * it interrupts: a read would bake one into the program, a write would reach a cell from inside a trace.
 */
import type { Trace } from './trace.ts';
import { typeName } from './printing.ts';
import { userError } from './user-error.ts';
import type { Variable } from './variable.ts';

interface Interruption {
  readonly trace: Trace;
  /** The Variables that have values here, because they were made here. */
  readonly made: WeakSet<Variable>;
}

let current: Interruption | null = null;

/** The trace that eager code interrupts, or null outside such code. */
export function interruptedTrace(): Trace | null {
  return current?.trace ?? null;
}

/** Runs `f`, which is eager code inside `trace`. */
export function interrupting<T>(trace: Trace, f: () => T): T {
  const outer = current;
  current = { trace, made: outer?.made ?? new WeakSet() };
  try {
    return f();
  } finally {
    current = outer;
  }
}

/** Notes a Variable that is made outside traces, or in eager code. */
export function madeEagerly(variable: Variable): void {
  current?.made.add(variable);
}

/** @throws CONCRETIZATION or STATE_WRITE for a Variable whose value eager code must not touch. */
export function checkReachable(variable: Variable, use: 'read' | 'written'): void {
  if (current === null || current.made.has(variable)) return;
  const problem = `a ${typeName(variable.constructor)} was ${use} by lax.eager inside ${current.trace.name}, which threads its value`;
  throw userError(use === 'read' ? 'CONCRETIZATION' : 'STATE_WRITE', problem, {
    fix: use === 'read' ? 'lax.eager(() => f(x)) with concrete tensors only' : 'variable.value = x outside lax.eager',
  });
}
