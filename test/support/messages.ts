/** Whole messages of errors, for snapshots that do not depend on line numbers. */
import { HeddleError } from '../../src/index.ts';

/** The message of the error that `f` raises; lines of test files, which it names, are replaced by LINE. */
export function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return shown(error);
  }
  throw new Error('nothing was raised');
}

export async function messageOfAsync(f: () => Promise<unknown>): Promise<string> {
  const error: unknown = await f().then(() => null, (reason: unknown) => reason);
  return shown(error);
}

function shown(error: unknown): string {
  if (!(error instanceof HeddleError)) throw error;
  return error.message.replace(/(test\/errors\/[\w-]+\.test\.ts):\d+(:\d+)?/g, '$1:LINE');
}
