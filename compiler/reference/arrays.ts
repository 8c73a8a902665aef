/** Helpers on host arrays. Every movement of data is a list of flat offsets, and every copy a loop over such lists. */
import type { DType, HostArray, TypedArray } from '../dtype.ts';
import { allocate, roundTo } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import { showShape, sizeOf, stridesOf } from '../shape.ts';

export function hostArray(dtype: DType, shape: Shape, data: TypedArray): HostArray {
  if (data.length !== sizeOf(shape)) {
    throw new HeddleError('INTERNAL', `a host array of shape ${showShape(shape)} was given ${data.length} elements`);
  }
  return { dtype, shape, data };
}

/** An array of one value, rounded to the dtype. */
export function filled(dtype: DType, shape: Shape, value: number): HostArray {
  return hostArray(dtype, shape, allocate(dtype, sizeOf(shape)).fill(roundTo(dtype, value)));
}

/** An array of the given numbers in row-major order, each rounded to the dtype. */
export function fromNumbers(dtype: DType, shape: Shape, values: readonly number[]): HostArray {
  const data = allocate(dtype, values.length);
  values.forEach((value, i) => (data[i] = roundTo(dtype, value)));
  return hostArray(dtype, shape, data);
}

/** The flat offsets, `start + sum of index * stride`, that a row-major walk over `shape` visits. */
export function offsets(shape: Shape, strides: readonly number[], start = 0): Int32Array {
  const result = new Int32Array(sizeOf(shape));
  if (result.length === 0) return result;
  result[0] = start;
  let done = 1;
  // Innermost axis first: what has been walked so far repeats at every position of the next axis outwards.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const stride = strides[axis]!;
    for (let position = 1; position < shape[axis]!; position++) {
      const from = position * done;
      for (let i = 0; i < done; i++) result[from + i] = result[i]! + position * stride;
    }
    done *= shape[axis]!;
  }
  return result;
}

/** The array of `shape` whose element i is `array.data[from[i]]`. */
export function pick(array: HostArray, shape: Shape, from: Int32Array): HostArray {
  const data = allocate(array.dtype, from.length);
  for (let i = 0; i < from.length; i++) data[i] = array.data[from[i]!]!;
  return hostArray(array.dtype, shape, data);
}

/** Writes `target.data[to[i]] = source[i]`. */
export function place(target: HostArray, source: TypedArray, to: Int32Array): void {
  for (let i = 0; i < to.length; i++) target.data[to[i]!] = source[i]!;
}

/** The block of `shape` whose first element is at `starts`. */
export function block(array: HostArray, starts: readonly number[], shape: Shape): HostArray {
  return pick(array, shape, blockOffsets(array.shape, starts, shape));
}

/** Flat offsets of the block of `shape` at `starts` in an array of shape `outer`. */
export function blockOffsets(outer: Shape, starts: readonly number[], shape: Shape): Int32Array {
  const strides = stridesOf(outer);
  return offsets(shape, strides, starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0));
}

/** `array[position]` along axis 0, sharing its memory. */
export function leading(array: HostArray, position: number): HostArray {
  const shape = array.shape.slice(1);
  const size = sizeOf(shape);
  return hostArray(array.dtype, shape, array.data.subarray(position * size, (position + 1) * size));
}
