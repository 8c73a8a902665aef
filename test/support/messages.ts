/** Whole messages of errors, for snapshots that do not depend on line numbers. */
import { HeddleError } from '../../src/index.ts';

/** The HeddleError that `f` raises. */
export function errorOf(f: () => unknown): HeddleError {
  try {
    f();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was raised');
}

/** The message of the error that `f` raises; lines of test files, which it names, are replaced by LINE. */
export function messageOf(f: () => unknown): string {
  return shown(errorOf(f));
}

/** The message without the user's line. */
export function messageWithoutLine(f: () => unknown): string {
  return errorOf(f).message.replace(/\n {2}at: .*/, '');
}

export async function messageOfAsync(f: () => Promise<unknown>): Promise<string> {
  const error: unknown = await f().then(() => null, (reason: unknown) => reason);
  return shown(error);
}

function shown(error: unknown): string {
  if (!(error instanceof HeddleError)) throw error;
  return error.message.replace(/(test\/errors\/[\w-]+\.test\.ts):\d+(:\d+)?/g, '$1:LINE');
}
