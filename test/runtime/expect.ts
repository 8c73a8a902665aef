/** Storages and errors, as the tests of the runtime want them. */
import { expect } from 'vitest';
import { HeddleError } from '../../compiler/errors.ts';
import { Storage } from '../../runtime/index.ts';

/** A host storage of a vector. */
export function floats(...data: number[]): Storage {
  return Storage.host({ dtype: 'float32', shape: [data.length], data: Float32Array.from(data) }, 'data.ts:1:1');
}

/** The HeddleError that the promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<HeddleError> {
  const outcome = await promise.then((value) => new Error(`resolved with ${String(value)}`), (error: unknown) => error);
  expect(outcome).toBeInstanceOf(HeddleError);
  return outcome as HeddleError;
}

/** The HeddleError that the function throws. */
export function thrownBy(body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(HeddleError);
    return error as HeddleError;
  }
  throw new Error('nothing was thrown');
}
