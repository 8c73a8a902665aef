/** Host arrays for tests: drawn from a domain, compared, cut along an axis. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { isFloat } from '../../compiler/dtype.ts';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import type { Domain } from '../../compiler/primitives/primitive.ts';
import { block, fromNumbers, hostArray } from '../../compiler/reference/arrays.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';

/** Arrays of the type with elements of the domain: quarters for floats, so that sums and products of few are exact. */
export function arrayOf({ dtype, shape }: Aval, { low, high }: Domain): fc.Arbitrary<HostArray> {
  const size = sizeOf(shape);
  const element = elementOf(dtype, low, high);
  return fc.array(element, { minLength: size, maxLength: size }).map((values) => fromNumbers(dtype, shape, values));
}

function elementOf(dtype: DType, low: number, high: number): fc.Arbitrary<number> {
  if (dtype === 'bool') return fc.nat(1);
  if (isFloat(dtype)) return fc.integer({ min: Math.ceil(low * 4), max: Math.floor(high * 4) }).map((quarters) => quarters / 4);
  return fc.integer({ min: Math.max(Math.ceil(low), dtype === 'uint32' ? 0 : -Infinity), max: Math.floor(high) });
}

/** One array per operand. */
export function arraysOf(inputs: readonly Aval[], domain: Domain | readonly Domain[]): fc.Arbitrary<HostArray[]> {
  return fc.tuple(...inputs.map((input, i) => arrayOf(input, 'low' in domain ? domain : domain[i]!)));
}

/** `float32[2,3]` */
function typeOf({ dtype, shape }: HostArray): string {
  return `${dtype}${showShape(shape)}`;
}

/** Equal types, and equal elements up to a relative difference; NaN equals NaN, 0 equals -0. */
export function expectSame(actual: HostArray, expected: HostArray, tolerance: number = 0): void {
  expect(typeOf(actual)).toBe(typeOf(expected));
  expected.data.forEach((wanted, i) => {
    const value = actual.data[i]!;
    const same = value === wanted || (Number.isNaN(value) && Number.isNaN(wanted));
    if (same || Math.abs(value - wanted) <= tolerance * Math.abs(wanted)) return;
    expect.fail(`element ${i} of ${typeOf(expected)} is ${value}, not ${wanted}`);
  });
}

export function expectAllSame(actual: readonly HostArray[], expected: readonly HostArray[], tolerance: number = 0): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((array, i) => expectSame(array, expected[i]!, tolerance));
}

/** The array at `position` of an axis, without that axis. */
export function at(array: HostArray, axis: number, position: number): HostArray {
  const starts = array.shape.map((_, i) => (i === axis ? position : 0));
  const taken = block(array, starts, array.shape.map((extent, i) => (i === axis ? 1 : extent)));
  return hostArray(array.dtype, array.shape.filter((_, i) => i !== axis), taken.data);
}

/** Equal types and equal bits, but that any NaN equals any other. */
export function expectSameBits(actual: HostArray, expected: HostArray): void {
  expect(typeOf(actual)).toBe(typeOf(expected));
  expected.data.forEach((wanted, i) => {
    if (!Object.is(actual.data[i], wanted)) expect.fail(`element ${i} of ${typeOf(expected)} is ${actual.data[i]}, not ${wanted}`);
  });
}
