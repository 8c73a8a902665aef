/** Failures that nobody awaited: each is handed once to `onError`. */
import { HeddleError } from '../compiler/errors.ts';
import type { Submission } from './submission.ts';

export class FailureReporter {
  readonly #onError: (error: HeddleError) => void;
  /** First causes that a reader, a caller or `onError` has been given. */
  readonly #delivered = new WeakSet<Error>();

  constructor(onError: (error: HeddleError) => void = reportByDefault) {
    this.#onError = onError;
  }

  /** Reports the failure, unless somebody observes it until the end of this macrotask, as with rejected promises. */
  failed(submission: Submission): void {
    setTimeout(() => {
      const { error, observed } = submission;
      if (error === null || observed || this.#delivered.has(firstCause(error))) return;
      this.#onError(this.deliver(error));
    });
  }

  /** Notes that the error reaches the user in another way. */
  deliver(error: HeddleError): HeddleError {
    this.#delivered.add(firstCause(error));
    return error;
  }
}

function firstCause(error: HeddleError): HeddleError {
  return error.cause instanceof HeddleError ? firstCause(error.cause) : error;
}

function reportByDefault(error: HeddleError): void {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (process?.versions?.node === undefined) console.error(error);
  else void Promise.reject(error);
}
