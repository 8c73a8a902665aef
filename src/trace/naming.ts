/** Variables in messages. */
import { typeName } from './printing.ts';
import { SownSlot } from './sown.ts';
import { currentTrace } from './trace.ts';
import type { Variable } from './variable.ts';

/** Where the caller passed it (`path`), or passed it to a function around this one; else what it is. */
export function nameVariable(variable: Variable, path: string | undefined): string {
  if (variable instanceof SownSlot) return `what is sown as '${variable.label.path}'`;
  return path ?? currentTrace()?.pathOf(variable) ?? `a captured ${typeName(variable.constructor)}`;
}
