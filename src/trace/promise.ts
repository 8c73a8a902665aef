/** Functions that must be done when they return: a Promise says that part of them runs later. */
import { userError } from './user-error.ts';

/** @throws PROMISE for a Promise; `problem` says what is wrong with returning one. */
export function rejectPromise(result: unknown, problem: string, fix: string): void {
  if (!(result instanceof Promise)) return;
  // The orphaned promise must not end the process when it rejects.
  result.catch(() => undefined);
  throw userError('PROMISE', problem, { fix });
}
