/**
 * Modules that a traced function reaches by closure and calls. As with its arguments, what they are may not change inside the
 * trace: the change would be made once, while tracing, and not by later calls.
 */
import { typeName } from '../trace/printing.ts';
import { checkStructure, takeSnapshot } from '../trace/structure.ts';
import { currentTrace } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';

const birthplaces = new WeakMap<object, Trace>();
const guarded = new WeakMap<Trace, WeakSet<object>>();

/** Notes a module that is made; inside the trace that made it, it may change. */
export function noteBirth(module: object): void {
  const trace = currentTrace();
  if (trace !== null) birthplaces.set(module, trace);
}

/** Before the module runs: when the trace ends, it must be what it is now. */
export function guard(module: object): void {
  const trace = currentTrace();
  const birthplace = birthplaces.get(module) ?? null;
  if (trace === null || birthplace === trace) return;
  const known = guarded.get(trace) ?? new WeakSet();
  if (known.has(module)) return;
  guarded.set(trace, known.add(module));
  const before = takeSnapshot(module, typeName(module.constructor));
  for (let inner: Trace | null = trace; inner !== null && inner !== birthplace; inner = inner.parent) {
    for (const part of before.objects) inner.modules.add(part);
  }
  trace.atEnd(() => checkStructure(before, trace.name, 'a captured module'));
}
