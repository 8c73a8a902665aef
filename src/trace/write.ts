/** Writes of state, as transforms deliver them. */
import { checkReachable } from './eager.ts';
import { SownSlot, sowIn } from './sown.ts';
import type { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';
import type { Variable } from './variable.ts';

/** Outside traces the Variable takes over the tensor's handle. */
export function writeIn(trace: Trace | null, variable: Variable, value: Tensor): void {
  if (variable instanceof SownSlot) {
    sowIn(trace, { label: variable.label, value });
    value.dispose();
    return;
  }
  if (trace !== null) {
    trace.writeVariable(variable, value);
    return;
  }
  checkReachable(variable, 'written');
  variable.setCell(value);
}
