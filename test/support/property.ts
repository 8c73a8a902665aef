/** Property tests whose random numbers follow from the test's name: a run is repeatable, and a new test brings new cases. */
import fc from 'fast-check';
import { test } from 'vitest';

/** Milliseconds; a property runs its predicate hundreds of times, on machines with few cores. */
const TIMEOUT = 60_000;

/**
 * A test that `predicate` holds (does not throw, does not give false) for values drawn from `arbitraries`. HEDDLE_SEED draws
 * other values; a failure prints the seed and the shrunk counterexample.
 */
export function property<Values extends readonly unknown[]>(
  name: string,
  arbitraries: { readonly [K in keyof Values]: fc.Arbitrary<Values[K]> },
  predicate: (...values: Values) => void | boolean | Promise<void | boolean>,
  runs: number = 100,
): void {
  const values = fc.tuple(...(arbitraries as readonly fc.Arbitrary<unknown>[])) as unknown as fc.Arbitrary<Values>;
  test(name, { timeout: TIMEOUT }, async () => {
    await fc.assert(fc.asyncProperty(values, async (drawn) => predicate(...drawn)), { seed: seedOf(name), numRuns: runs });
  });
}

/** HEDDLE_SEED, or a number that follows from the name. */
export function seedOf(name: string): number {
  const override = process.env['HEDDLE_SEED'];
  if (override !== undefined) return Number(override);
  return [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5 | 0);
}
