/** Property tests without an end in sight: `npm run fuzz -- --runs N` sets their runs and a seed that it prints. */
import fc from 'fast-check';
import { test } from 'vitest';
import { seedOf } from '../support/property.ts';

const RUNS = Number(process.env['HEDDLE_FUZZ_RUNS'] ?? 100);

/** A failure prints the seed and the smallest program found. */
export function fuzz<T>(name: string, arbitrary: fc.Arbitrary<T>, predicate: (value: T) => void | Promise<void>): void {
  test(name, { timeout: 0 }, async () => {
    await fc.assert(fc.asyncProperty(arbitrary, async (value) => predicate(value)), { seed: seedOf(name), numRuns: RUNS });
  });
}
