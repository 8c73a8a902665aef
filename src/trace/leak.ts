/** The error for a tracer met where its trace does not reach: after its end, or in a trace that is not inside it. */
import type { HeddleError } from '../../compiler/errors.ts';
import { userError } from './user-error.ts';
import type { Tensor } from './tensor.ts';
import type { Trace } from './trace.ts';

/** `user` is the trace in which the tracer was used; null is outside any. */
export function leaked(tensor: Tensor, user: Trace | null): HeddleError {
  if (tensor.tracer === null) return userError('INTERNAL', 'a concrete tensor cannot leak');
  const { trace, made } = tensor.tracer;
  const state = trace.ended ? 'whose trace has ended' : 'of another trace';
  const use = user === null ? 'outside any trace' : `in ${user.name}`;
  const origin = made === undefined ? '' : `; it was made at ${made}`;
  const message = `a tracer ${tensor.describe()} of ${trace.name}, ${state}, was used ${use}${origin}`;
  return userError('LEAKED_TRACER', message, {
    fix: `return it from the function given to ${trace.name.replace(/\(.*/, '')} instead of storing it`,
  });
}
