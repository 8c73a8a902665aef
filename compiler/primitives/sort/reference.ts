/** The reference of sort: a stable order of every line, whether or not it was asked to be stable. */
import type { HostArray } from '../../dtype.ts';
import { pick } from '../../reference/arrays.ts';
import { sizeOf } from '../../shape.ts';

export type SortParams = {
  readonly dimension: number;
  /** Whether equal keys keep their order. They always do; the parameter is JAX's. */
  readonly isStable: boolean;
  /** How many operands, from the first, are keys. */
  readonly numKeys: number;
};

export function sortHost(inputs: readonly HostArray[], { dimension, numKeys }: SortParams): HostArray[] {
  const { shape } = inputs[0]!;
  const extent = shape[dimension]!;
  const stride = sizeOf(shape.slice(dimension + 1));
  const keys = inputs.slice(0, numKeys).map(({ data }) => data);
  const from = new Int32Array(sizeOf(shape));
  for (let line = 0; line * extent < from.length; line++) {
    const start = Math.floor(line / stride) * stride * extent + (line % stride);
    const places = Array.from({ length: extent }, (_, i) => start + i * stride);
    const sorted = places.toSorted((a, b) => {
      const deciding = keys.find((key) => compare(key[a]!, key[b]!) !== 0);
      return deciding === undefined ? 0 : compare(deciding[a]!, deciding[b]!);
    });
    places.forEach((place, i) => (from[place] = sorted[i]!));
  }
  return inputs.map((input) => pick(input, shape, from));
}

/** Zeros are equal; NaN is equal to NaN and after everything else. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
