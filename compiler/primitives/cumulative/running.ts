/** The reference of cumulative operations: one value runs along every line. */
import { allocate, roundTo } from '../../dtype.ts';
import type { HostArray } from '../../dtype.ts';
import { hostArray } from '../../reference/arrays.ts';
import { sizeOf } from '../../shape.ts';
import type { Fold } from '../reduce/fold.ts';

export type Along = {
  readonly axis: number;
  /** Whether the value runs from the last element to the first. */
  readonly reverse: boolean;
};

/** log(exp(a) + exp(b)), in double precision. */
export const LOG_SUM_FOLD: Fold = {
  identity: () => -Infinity,
  combine: () => (a, b) => {
    const difference = a - b;
    // That of equal infinities is NaN, and so is that of a NaN; the sum is right for both.
    return Number.isNaN(difference) ? a + b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(difference)));
  },
};

export function running({ dtype, shape, data }: HostArray, { axis, reverse }: Along, { identity, combine }: Fold): HostArray {
  const extent = shape[axis]!;
  const stride = sizeOf(shape.slice(axis + 1));
  const result = allocate(dtype, data.length);
  const step = combine(dtype);
  for (let line = 0; line * extent < data.length; line++) {
    const start = Math.floor(line / stride) * stride * extent + (line % stride);
    let value = identity(dtype);
    for (let i = 0; i < extent; i++) {
      const at = start + (reverse ? extent - 1 - i : i) * stride;
      value = step(value, data[at]!);
      result[at] = roundTo(dtype, value);
    }
  }
  return hostArray(dtype, shape, result);
}
