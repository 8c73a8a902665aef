/** Equality of arrays up to a tolerance relative to the largest element. */
import { expect } from 'vitest';
import { isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';

/** Below this magnitude an adapter may flush to zero. */
const SMALLEST_NORMAL = 1.2e-38;

/** NaN equals NaN and 0 equals -0; integers and bools are equal. Fails with the first element that differs. */
export function expectClose(actual: HostArray, expected: HostArray, tolerance: number): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const magnitudes = [...expected.data].map(Math.abs).filter(Number.isFinite);
  const scale = isFloat(expected.dtype) ? tolerance * Math.max(0, ...magnitudes) + SMALLEST_NORMAL : 0;
  expected.data.forEach((want, i) => {
    const got = actual.data[i]!;
    const close = got === want || (Number.isNaN(got) && Number.isNaN(want)) || Math.abs(got - want) <= scale;
    expect(close, `element ${i} is ${got}, expected ${want} (tolerance ${tolerance})`).toBe(true);
  });
}
