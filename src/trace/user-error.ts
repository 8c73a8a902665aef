/** Errors raised by src/ know the user's line at once. */
import { HeddleError } from '../../compiler/errors.ts';
import type { ErrorCode, ErrorDetails } from '../../compiler/errors.ts';
import { CallStack } from './location.ts';

/** A HeddleError with the user's line. */
export function userError(code: ErrorCode, problem: string, details: ErrorDetails = {}): HeddleError {
  return new HeddleError(code, problem, details).at(new CallStack().where);
}
