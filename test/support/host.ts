/** Small tensors that stay on the host, and errors by their code. */
import { expect } from 'vitest';
import { HeddleError, np } from '../../src/index.ts';
import type { DType, NestedArray, Tensor } from '../../src/index.ts';

/** A tensor of float32 unless a dtype is given. */
export function tensor(values: NestedArray, dtype?: DType): Tensor {
  return np.array(values as number, dtype === undefined ? {} : { dtype });
}

/** Equal shape, dtype and elements; floats to about their last bit. */
export async function expectTensor(actual: Tensor, expected: NestedArray, dtype: DType = 'float32'): Promise<void> {
  expect(actual.dtype).toBe(dtype);
  const array = await actual.array();
  expect(shapeOf(array)).toEqual(shapeOf(expected));
  const [got, want] = [flat(array), flat(expected)];
  want.forEach((value, i) => {
    const [a, b] = [Number(got[i]), Number(value)];
    const close = Object.is(a, b) || Math.abs(a - b) <= 2e-6 * Math.max(1, Math.abs(b));
    if (!close) expect.fail(`element ${i} is ${a}, expected ${b}, in ${JSON.stringify(array)}`);
  });
}

/** The code of the HeddleError that `f` raises. */
export function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof HeddleError) return error.code;
    throw error;
  }
  return 'no error';
}

export function flat(values: NestedArray): (number | boolean)[] {
  return Array.isArray(values) ? (values as readonly NestedArray[]).flatMap(flat) : [values as number | boolean];
}

function shapeOf(values: NestedArray): number[] {
  return Array.isArray(values) ? [values.length, ...(values.length === 0 ? [] : shapeOf(values[0] as NestedArray))] : [];
}
