/** fast-check, an optional peer: loaded when a property is tested, and not before. */
import type * as FastCheck from 'fast-check';
import { HeddleError } from '../../compiler/errors.ts';

export type { Arbitrary } from 'fast-check';
export type Fc = typeof FastCheck.default;

/** @throws FEATURE when it is not installed. */
export async function loadFastCheck(): Promise<Fc> {
  try {
    return (await import('fast-check')).default;
  } catch (cause) {
    throw new HeddleError('FEATURE', 'property tests draw their values from the npm package fast-check, which is not installed', {
      fix: 'npm install --save-dev fast-check',
      cause,
    });
  }
}
