import { describe, expect, test } from 'vitest';
import { camelCase } from '../../compiler/primitives/primitive.ts';
import { PRIMITIVES } from '../../compiler/primitives/index.ts';
import { lax } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

test('every first-order primitive has its function', () => {
  const renamed: Readonly<Record<string, string>> = {
    and: 'bitwiseAnd', or: 'bitwiseOr', xor: 'bitwiseXor', not: 'bitwiseNot', selectN: 'select', iota: 'broadcastedIota',
    reduceWindowSum: 'reduceWindow', reduceWindowMax: 'reduceWindow', reduceWindowMin: 'reduceWindow',
  };
  // np.take, random, debug, checkpointName, windows
  const without = ['gather', 'threefry2x32', 'debugPrint', 'check', 'name', 'shear', 'selectAndGatherAdd', 'selectAndScatterAdd'];
  const firstOrder = PRIMITIVES.filter(({ name, lowering }) => lowering.kind !== 'control' && name !== 'custom_vjp_linear');
  const names = firstOrder.map(({ name }) => camelCase(name)).filter((name) => !without.includes(name));
  expect(names.filter((name) => !((renamed[name] ?? name) in lax))).toEqual([]);
});

describe('operands', () => {
  test('a number takes the dtype of the other operand', async () => {
    await expectTensor(lax.add(tensor([1], 'int32'), 2), [3], 'int32');
    await expectTensor(lax.mul(2, tensor([1.5])), [3]);
    await expectTensor(lax.bitwiseAnd(tensor([true]), true), [true], 'bool');
    expect(lax.add(1, 2.5).aval).toMatchObject({ dtype: 'float32', weak: true });
    expect(codeOf(() => lax.add(tensor([1], 'int32'), 0.5))).toBe('VALUE');
  });

  test('nothing is promoted or broadcast', () => {
    expect(codeOf(() => lax.add(tensor([1], 'int32'), tensor([1])))).toBe('DTYPE');
    expect(codeOf(() => lax.add(tensor([1, 2]), tensor([[1, 2]])))).toBe('SHAPE');
    expect(codeOf(() => lax.exp(tensor([1], 'int32')))).toBe('DTYPE');
  });
});

test('division of integers truncates, and is defined by 0', async () => {
  await expectTensor(lax.div(tensor([-7, 7, 1], 'int32'), tensor([2, -2, 0], 'int32')), [-3, -3, -1], 'int32');
  await expectTensor(lax.rem(tensor([-7, 7, 1], 'int32'), tensor([2, -2, 0], 'int32')), [-1, 1, 1], 'int32');
});

test('choosing and converting', async () => {
  await expectTensor(lax.select(tensor([true, false]), tensor([1, 2]), tensor([3, 4])), [1, 4]);
  await expectTensor(lax.clamp(0, tensor([-1, 0.5, 2]), 1), [0, 0.5, 1]);
  await expectTensor(lax.convertElementType(tensor([1.9, -1.9, NaN, 1e20]), 'int32'), [1, -1, 0, 2 ** 31 - 1], 'int32');
  await expectTensor(lax.convertElementType(tensor([0, 2], 'int32'), 'bool'), [false, true], 'bool');
  await expectTensor(lax.bitcastConvertType(tensor([1]), 'int32'), [0x3f800000], 'int32');
  expect(codeOf(() => lax.bitcastConvertType(tensor([1], 'float16'), 'int32'))).toBe('DTYPE');
});

test('moving elements', async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  await expectTensor(lax.broadcast(tensor([1]), [2]), [[1], [1]]);
  await expectTensor(lax.expandDims(tensor([1, 2]), [0, 2]), [[[1], [2]]]);
  await expectTensor(lax.squeeze(tensor([[1, 2]]), [0]), [1, 2]);
  await expectTensor(lax.slice(x, [0, 1], [2, 3]), [[2, 3], [5, 6]]);
  await expectTensor(lax.slice(x, [0, 0], [2, 3], [1, 2]), [[1, 3], [4, 6]]);
  await expectTensor(lax.sliceInDim(x, 1, 3, { axis: 1 }), [[2, 3], [5, 6]]);
  await expectTensor(lax.pad(tensor([1, 2]), 0, [[1, -1, 1]]), [0, 1, 0]);
  await expectTensor(lax.rev(x, [1]), [[3, 2, 1], [6, 5, 4]]);
  await expectTensor(lax.iota('uint32', 3), [0, 1, 2], 'uint32');
  await expectTensor(lax.full([2], 3), [3, 3]);
  await expectTensor(lax.full([], 3, 'int32'), 3, 'int32');
  expect(codeOf(() => lax.slice(x, [0, 0], [3, 3]))).toBe('SHAPE');
  expect(codeOf(() => lax.squeeze(x, [0]))).toBe('SHAPE');
});

describe('computed positions', () => {
  const x = tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);

  test('a slice is moved so that it fits, negative starts count from the end', async () => {
    await expectTensor(lax.dynamicSlice(x, [1, tensor(2, 'int32')], [2, 2]), [[5, 6], [8, 9]]);
    await expectTensor(lax.dynamicSlice(x, [-1, tensor(-3, 'int32')], [1, 3]), [[7, 8, 9]]);
    await expectTensor(lax.dynamicSliceInDim(x, 5, 1), [[7, 8, 9]]);
    await expectTensor(lax.dynamicIndexInDim(x, tensor(1, 'uint32'), 1, { keepdims: false }), [2, 5, 8]);
  });

  test('an update', async () => {
    await expectTensor(lax.dynamicUpdateSlice(x, tensor([[0, 0]]), [0, 5]), [[1, 0, 0], [4, 5, 6], [7, 8, 9]]);
    const column = tensor([[0], [0], [0]]);
    await expectTensor(lax.dynamicUpdateSliceInDim(x, column, tensor(1, 'int32'), 1), [[1, 0, 3], [4, 0, 6], [7, 0, 9]]);
    expect(codeOf(() => lax.dynamicUpdateSlice(x, tensor([[0]], 'int32'), [0, 0]))).toBe('DTYPE');
  });

  test('starts are integer scalars, one for each axis', () => {
    expect(codeOf(() => lax.dynamicSlice(x, [0], [1, 1]))).toBe('SHAPE');
    expect(codeOf(() => lax.dynamicSlice(x, [0, tensor([0], 'int32')], [1, 1]))).toBe('SHAPE');
    expect(codeOf(() => lax.dynamicSlice(x, [0, 0.5], [1, 1]))).toBe('DTYPE');
    expect(codeOf(() => lax.dynamicSlice(x, [0, 0], [4, 1]))).toBe('SHAPE');
  });
});

test('products and reductions', async () => {
  const x = tensor([[1, 2], [3, 4]]);
  await expectTensor(lax.dotGeneral(x, x, [[[1], [1]], [[0], [0]]]), [5, 25]);
  await expectTensor(lax.reduceSum(x, [0]), [4, 6]);
  await expectTensor(lax.reduceAnd(tensor([true, false]), [0]), false, 'bool');
  await expectTensor(lax.argmax(x, 1), [1, 1], 'int32');
  expect(codeOf(() => lax.reduceSum(x, [2]))).toBe('AXIS');
  expect(codeOf(() => lax.dotGeneral(x, tensor([1, 2, 3]), [[[1], [0]], [[], []]]))).toBe('SHAPE');
});
