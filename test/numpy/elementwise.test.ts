import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import type { DType } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

describe('promotion, as jax.numpy promotes', () => {
  const dtypes: readonly DType[] = ['bool', 'uint32', 'int32', 'float16', 'float32'];
  // https://docs.jax.dev/en/latest/type_promotion.html, without 64-bit types
  const lattice: Readonly<Record<string, readonly DType[]>> = {
    bool: ['bool', 'uint32', 'int32', 'float16', 'float32'],
    uint32: ['uint32', 'uint32', 'int32', 'float16', 'float32'],
    int32: ['int32', 'int32', 'int32', 'float16', 'float32'],
    float16: ['float16', 'float16', 'float16', 'float16', 'float32'],
    float32: ['float32', 'float32', 'float32', 'float32', 'float32'],
  };
  for (const [first, row] of Object.entries(lattice)) {
    test(`${first} with every dtype`, () => {
      const sums = dtypes.map((second) => np.add(np.ones([2], { dtype: first as DType }), np.ones([2], { dtype: second })).dtype);
      expect(sums).toEqual(row);
    });
  }

  test('numbers give way', () => {
    expect(np.multiply(tensor([1], 'int32'), 2).aval).toMatchObject({ dtype: 'int32', weak: false });
    expect(np.multiply(tensor([1], 'int32'), 2.5).aval).toMatchObject({ dtype: 'float32', weak: true });
    expect(np.add(np.ones([1], { dtype: 'float16' }), 2.5).aval).toMatchObject({ dtype: 'float16', weak: false });
    expect(np.add(1, 2).aval).toMatchObject({ dtype: 'int32', weak: true });
    expect(np.add(tensor([true], 'bool'), 1).aval).toMatchObject({ dtype: 'int32', weak: true });
    expect(np.sqrt(4).aval).toMatchObject({ dtype: 'float32', weak: true });
  });

  test('a number outside an integer dtype is an error', () => {
    expect(codeOf(() => np.add(tensor([1], 'uint32'), -1))).toBe('VALUE');
    expect(codeOf(() => np.maximum(tensor([1], 'int32'), 2 ** 31))).toBe('VALUE');
  });
});

test('broadcasting', async () => {
  const [column, row] = [tensor([[1], [2]]), tensor([10, 20, 30])];
  await expectTensor(np.add(column, row), [[11, 21, 31], [12, 22, 32]]);
  await expectTensor(np.subtract(tensor([[1, 2]]), tensor(1)), [[0, 1]]);
  await expectTensor(np.where(tensor([true, false], 'bool'), column, 0), [[1, 0], [2, 0]]);
  await expectTensor(np.where(tensor([1, 0]), 1, 2), [1, 2], 'int32');
  expect(codeOf(() => np.add(tensor([1, 2]), row))).toBe('SHAPE');
});

test('bools: add is or, multiply is and, subtract counts', async () => {
  const [x, y] = [tensor([true, true, false]), tensor([true, false, false])];
  await expectTensor(np.add(x, y), [true, true, false], 'bool');
  await expectTensor(np.multiply(x, y), [true, false, false], 'bool');
  await expectTensor(np.subtract(x, y), [0, 1, 0], 'int32');
  await expectTensor(np.abs(x), [true, true, false], 'bool');
  expect(codeOf(() => np.negative(x))).toBe('DTYPE');
});

test('divisions', async () => {
  await expectTensor(np.divide(tensor([1, 2], 'int32'), tensor([2, 2], 'int32')), [0.5, 1]);
  await expectTensor(np.floorDivide(tensor([-7, 7, -7], 'int32'), tensor([2, -2, -2], 'int32')), [-4, -4, 3], 'int32');
  await expectTensor(np.remainder(tensor([-7, 7, -7], 'int32'), tensor([2, -2, -2], 'int32')), [1, -1, -1], 'int32');
  await expectTensor(np.fmod(tensor([-7, 7], 'int32'), 2), [-1, 1], 'int32');
  await expectTensor(np.mod(tensor([-0.5, 3.5]), 2), [1.5, 1.5]);
  const [quotient, rest] = np.divmod(tensor([7.5]), 2);
  await expectTensor(quotient, [3]);
  await expectTensor(rest, [1.5]);
});

describe('powers', () => {
  test('of integers are exact and wrap', async () => {
    await expectTensor(np.power(tensor([3, -2, 7], 'int32'), 5), [243, -32, 16807], 'int32');
    const [bases, exponents] = [tensor([3, 2, 0, 1, -1], 'int32'), tensor([19, 30, 0, 40, 65], 'int32')];
    await expectTensor(np.power(bases, exponents), [1162261467, 2 ** 30, 1, 1, -1], 'int32');
    await expectTensor(np.power(tensor([3], 'uint32'), tensor([21], 'uint32')), [(3 ** 21) % 2 ** 32], 'uint32');
    await expectTensor(np.power(tensor([true, false]), 2), [1, 0], 'int32');
    expect(codeOf(() => np.power(tensor([2], 'int32'), -1))).toBe('VALUE');
  });

  test('of floats', async () => {
    await expectTensor(np.power(tensor([-2, 3]), 3), [-8, 27]);
    await expectTensor(np.power(tensor([2, 4]), -1), [0.5, 0.25]);
    await expectTensor(np.power(tensor([4, 9]), 0.5), [2, 3]);
    await expectTensor(np.power(tensor([-8]), 1.5), [NaN]);
    await expectTensor(np.power(2, tensor([1, 2, 3])), [2, 4, 8]);
    await expectTensor(np.floatPower(tensor([2], 'int32'), tensor([-1], 'int32')), [0.5]);
  });
});

test('rounding leaves integers, and rounds halves to even', async () => {
  await expectTensor(np.round(tensor([0.5, 1.5, -2.5])), [0, 2, -2]);
  await expectTensor(np.round(tensor([1.25, 3.16]), 1), [1.2, 3.2]);
  await expectTensor(np.floor(tensor([3], 'int32')), [3], 'int32');
  await expectTensor(np.trunc(tensor([-1.7])), [-1]);
});

test('clip takes one bound or both', async () => {
  const x = tensor([-2, 0.5, 2, NaN]);
  await expectTensor(np.clip(x, -1, 1), [-1, 0.5, 1, NaN]);
  await expectTensor(np.clip(x, null, 1), [-2, 0.5, 1, NaN]);
  await expectTensor(np.clip(x, 0), [0, 0.5, 2, NaN]);
  await expectTensor(np.clip(tensor([5], 'int32'), 0, 3), [3], 'int32');
  await expectTensor(np.clip(tensor([0]), 3, 1), [1]);
});

test('comparisons and logic', async () => {
  const x = tensor([1, 2, 3]);
  await expectTensor(np.less(x, 2), [true, false, false], 'bool');
  await expectTensor(np.greaterEqual(x, 2), [false, true, true], 'bool');
  await expectTensor(np.notEqual(x, tensor([1, 2, 4])), [false, false, true], 'bool');
  await expectTensor(np.logicalAnd(x, tensor([0, 1, 1])), [false, true, true], 'bool');
  await expectTensor(np.logicalNot(tensor([0, 2], 'int32')), [true, false], 'bool');
  await expectTensor(np.logicalXor(true, tensor([true, false])), [false, true], 'bool');
  await expectTensor(np.isfinite(tensor([1], 'int32')), [true], 'bool');
  await expectTensor(np.signbit(tensor([-1, 0], 'int32')), [true, false], 'bool');
});

test('bits', async () => {
  await expectTensor(np.bitwiseAnd(tensor([6], 'int32'), 3), [2], 'int32');
  await expectTensor(np.invert(tensor([0], 'int32')), [-1], 'int32');
  await expectTensor(np.invert(tensor([true])), [false], 'bool');
  await expectTensor(np.leftShift(tensor([1], 'uint32'), 31), [2 ** 31], 'uint32');
  await expectTensor(np.rightShift(tensor([-8], 'int32'), 1), [-4], 'int32');
  await expectTensor(np.rightShift(tensor([2 ** 31], 'uint32'), 31), [1], 'uint32');
  await expectTensor(np.bitwiseCount(tensor([-3, 7], 'int32')), [2, 3], 'int32');
  expect(codeOf(() => np.bitwiseAnd(tensor([1]), 1))).toBe('DTYPE');
});

test('closeness', async () => {
  const [x, y] = [tensor([1, Infinity, NaN]), tensor([1.000001, Infinity, NaN])];
  await expectTensor(np.isclose(x, y), [true, true, false], 'bool');
  await expectTensor(np.allclose(x, y, { equalNan: true }), true, 'bool');
  await expectTensor(np.allclose(tensor([1]), 1.1), false, 'bool');
  await expectTensor(np.arrayEqual(tensor([1, 2]), tensor([1, 2])), true, 'bool');
  await expectTensor(np.arrayEqual(tensor([1, 2]), tensor([[1, 2]])), false, 'bool');
});
