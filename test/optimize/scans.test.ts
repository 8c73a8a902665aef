/** Random scans with much to move out of the loop, before and after. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { inDoublePrecision } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { PASSES, optimize } from '../../compiler/optimize/pipeline.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectSameBits } from '../support/arrays.ts';
import { expectClose } from '../support/close.ts';
import { property, seedOf } from '../support/property.ts';
import { randomScans } from '../support/random-scans.ts';

const EXACT = PASSES.filter(({ exact }) => exact);

property(
  'without sums moved, the bits are the same',
  [randomScans()],
  ({ jaxpr, inputs }) => {
    const wanted = evaluate(jaxpr, inputs);
    const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between), EXACT);
    evaluate(optimized, inputs).forEach((array, i) => expectSameBits(array, wanted[i]!));
    for (const { run } of EXACT) expect(run(optimized)).toBe(optimized);
  },
  150,
);

property(
  'optimized, the numbers are the same up to the rounding of sums: nearly equal in float32, more so in float64',
  [randomScans()],
  ({ jaxpr, inputs }) => {
    const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between));
    const differ = (tolerance: number): void => {
      const wanted = evaluate(jaxpr, inputs);
      evaluate(optimized, inputs).forEach((array, i) => expectClose(array, wanted[i]!, tolerance));
    };
    differ(1e-3);
    inDoublePrecision(() => differ(1e-12));
    for (const { run } of PASSES) expect(run(optimized)).toBe(optimized);
  },
  150,
);

describe('of them', () => {
  const used = (pass: string): number => {
    const changed = ({ jaxpr }: { readonly jaxpr: Jaxpr }): boolean => {
      let found = false;
      optimize(jaxpr, (name) => (found ||= name === pass));
      return found;
    };
    return fc.sample(randomScans(), { numRuns: 100, seed: seedOf(pass) }).filter(changed).length;
  };

  test('many have something to move before or after the loop', () => {
    expect(used('projections')).toBeGreaterThan(20);
  });

  test('many have a sum to take after the loop', () => {
    expect(used('sums')).toBeGreaterThan(20);
  });
});
