/** The reference of reductions: folds over some axes of a host array. */
import { allocate, isFloat, roundTo } from '../../dtype.ts';
import type { DType, HostArray } from '../../dtype.ts';
import { hostArray, offsets } from '../../reference/arrays.ts';
import type { Shape } from '../../shape.ts';
import { sizeOf, stridesOf } from '../../shape.ts';

export interface Fold {
  readonly identity: (dtype: DType) => number;
  /** Two values of the dtype to one; floats are combined in double precision and rounded at the end. */
  readonly combine: (dtype: DType) => (a: number, b: number) => number;
}

const LOWEST: Readonly<Record<DType, number>> = { float32: -Infinity, float16: -Infinity, int32: -(2 ** 31), uint32: 0, bool: 0 };
const HIGHEST: Readonly<Record<DType, number>> = {
  float32: Infinity,
  float16: Infinity,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  bool: 1,
};

const ALL_BITS: Readonly<Record<DType, number>> = { ...HIGHEST, int32: -1 };

/** Integers wrap at every step, so that the running value stays exact. */
function wrapping(f: (a: number, b: number) => number): (dtype: DType) => (a: number, b: number) => number {
  return (dtype) => (isFloat(dtype) ? f : (a, b) => roundTo(dtype, f(a, b)));
}

export const SUM: Fold = { identity: () => 0, combine: wrapping((a, b) => a + b) };
export const PRODUCT: Fold = {
  identity: () => 1,
  combine: (dtype) => (isFloat(dtype) ? (a, b) => a * b : (a, b) => roundTo(dtype, Math.imul(a, b))),
};
/** Math.max and Math.min give NaN when either is NaN, as they should. */
export const MAXIMUM: Fold = { identity: (dtype) => LOWEST[dtype], combine: () => Math.max };
export const MINIMUM: Fold = { identity: (dtype) => HIGHEST[dtype], combine: () => Math.min };
export const CONJUNCTION: Fold = { identity: (dtype) => ALL_BITS[dtype], combine: wrapping((a, b) => a & b) };
export const DISJUNCTION: Fold = { identity: () => 0, combine: wrapping((a, b) => a | b) };

export function withoutAxes(shape: Shape, axes: readonly number[]): number[] {
  return shape.filter((_, axis) => !axes.includes(axis));
}

export function fold(input: HostArray, axes: readonly number[], { identity, combine }: Fold): HostArray {
  const { dtype, shape } = input;
  const kept = withoutAxes(shape, axes);
  const keptStrides = stridesOf(kept);
  const strides = shape.map((_, axis) => (axes.includes(axis) ? 0 : keptStrides[axis - axes.filter((a) => a < axis).length]!));
  const to = offsets(shape, strides);
  const running = new Float64Array(sizeOf(kept)).fill(identity(dtype));
  const step = combine(dtype);
  for (let i = 0; i < to.length; i++) running[to[i]!] = step(running[to[i]!]!, input.data[i]!);
  const data = allocate(dtype, running.length);
  for (let i = 0; i < data.length; i++) data[i] = roundTo(dtype, running[i]!);
  return hostArray(dtype, kept, data);
}

/** The int32 position of the first extremum along an axis; a NaN is the extremum. */
export function argExtremum(input: HostArray, axis: number, better: (a: number, b: number) => boolean): HostArray {
  const { data, shape } = input;
  const extent = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  const positions = new Int32Array(sizeOf(withoutAxes(shape, [axis])));
  for (let i = 0; i < positions.length; i++) {
    const start = Math.floor(i / inner) * inner * extent + (i % inner);
    let best = data[start]!;
    for (let position = 1; position < extent && !Number.isNaN(best); position++) {
      const value = data[start + position * inner]!;
      if (!Number.isNaN(value) && !better(value, best)) continue;
      best = value;
      positions[i] = position;
    }
  }
  return hostArray('int32', withoutAxes(shape, [axis]), positions);
}
