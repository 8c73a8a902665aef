import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

describe('np.array', () => {
  test('numbers are float32, booleans bool, nesting is the shape', async () => {
    await expectTensor(np.array([[1, 2, 3], [4, 5, 6]]), [[1, 2, 3], [4, 5, 6]]);
    await expectTensor(np.array([true, false]), [true, false], 'bool');
    await expectTensor(np.array([]), []);
    await expectTensor(np.array(3), 3);
  });

  test('typed arrays keep their dtype and are copied', async () => {
    const data = Int32Array.of(1, 2);
    const x = np.array(data);
    data[0] = 7;
    await expectTensor(x, [1, 2], 'int32');
    await expectTensor(np.array(Uint32Array.of(4294967295)), [4294967295], 'uint32');
    await expectTensor(np.array(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] }), [[1, 2], [3, 4]]);
  });

  test('a dtype narrows 64-bit input, which is otherwise an error', async () => {
    await expectTensor(np.array(Float64Array.of(0.5), { dtype: 'float32' }), [0.5]);
    await expectTensor(np.array(BigInt64Array.of(-3n), { dtype: 'int32' }), [-3], 'int32');
    await expectTensor(np.array([1n, 2n], { dtype: 'uint32' }), [1, 2], 'uint32');
    expect(codeOf(() => np.array(Float64Array.of(1)))).toBe('NARROWING');
    expect(codeOf(() => np.array([1n]))).toBe('NARROWING');
    expect(codeOf(() => np.array(BigInt64Array.of(2n ** 40n), { dtype: 'int32' }))).toBe('VALUE');
  });

  test('tensors in lists are stacked', async () => {
    const row = tensor([1, 2]);
    await expectTensor(np.array([row, row]), [[1, 2], [1, 2]]);
    await expectTensor(np.array([[row, row], [row, row]]).sum(), 12);
    await expectTensor(np.array([1, tensor(2)], { dtype: 'int32' }), [1, 2], 'int32');
  });

  test('what is not an array of numbers is an error', () => {
    expect(codeOf(() => np.array([[1, 2], [3]]))).toBe('SHAPE');
    expect(codeOf(() => np.array([1, 2, 3], { shape: [2, 2] }))).toBe('SHAPE');
    expect(codeOf(() => np.array([1.5], { dtype: 'int32' }))).toBe('VALUE');
    expect(codeOf(() => np.array([-1], { dtype: 'uint32' }))).toBe('VALUE');
    expect(codeOf(() => np.array(['1'] as unknown as number[]))).toBe('PYTREE');
    expect(codeOf(() => np.array([1], { dtype: 'float64' as 'float32' }))).toBe('DTYPE');
    expect(codeOf(() => np.array(new Uint8Array(2)))).toBe('DTYPE');
    expect(codeOf(() => np.array(new DataView(new ArrayBuffer(2)), { dtype: 'int32' }))).toBe('DTYPE');
  });

  test('float16 rounds', async () => {
    await expectTensor(np.array([1.0001, 65504, 65520], { dtype: 'float16' }), [1, 65504, Infinity], 'float16');
  });

  test('asarray gives a tensor back, array another handle', () => {
    const x = tensor([1]);
    expect(np.asarray(x) === x).toBe(true);
    expect(np.array(x) === x).toBe(false);
  });
});

test('zeros, ones, full and their likes', async () => {
  await expectTensor(np.zeros([2, 2]), [[0, 0], [0, 0]]);
  await expectTensor(np.ones(2, { dtype: 'bool' }), [true, true], 'bool');
  await expectTensor(np.full([2], 2.5), [2.5, 2.5]);
  await expectTensor(np.full([2, 2], tensor([1, 2], 'int32')), [[1, 2], [1, 2]], 'int32');
  await expectTensor(np.zerosLike(tensor([1, 2], 'int32')), [0, 0], 'int32');
  await expectTensor(np.onesLike(tensor([3]), { dtype: 'uint32' }), [1], 'uint32');
  await expectTensor(np.fullLike(tensor([[1, 2]]), 7), [[7, 7]]);
  expect(codeOf(() => np.zeros([-1]))).toBe('SHAPE');
  expect(codeOf(() => np.full([2], 0.5, { dtype: 'int32' }))).toBe('VALUE');
  expect(codeOf(() => np.full([2], tensor([1, 2, 3])))).toBe('SHAPE');
});

test('eye and identity', async () => {
  await expectTensor(np.eye(2, 3, { k: 1 }), [[0, 1, 0], [0, 0, 1]]);
  await expectTensor(np.eye(2, 2, { k: -1, dtype: 'int32' }), [[0, 0], [1, 0]], 'int32');
  await expectTensor(np.identity(2), [[1, 0], [0, 1]]);
});

test('arange: int32 of integers, float32 of others', async () => {
  await expectTensor(np.arange(3), [0, 1, 2], 'int32');
  await expectTensor(np.arange(5, 0, -2), [5, 3, 1], 'int32');
  await expectTensor(np.arange(3, 3), [], 'int32');
  await expectTensor(np.arange(0, 1, 0.25), [0, 0.25, 0.5, 0.75]);
  await expectTensor(np.arange(1, 3, 1, { dtype: 'float32' }), [1, 2]);
  expect(codeOf(() => np.arange(0, 1, 0))).toBe('VALUE');
  expect(codeOf(() => np.arange(NaN))).toBe('VALUE');
});

test('linspace', async () => {
  await expectTensor(np.linspace(0, 1, 5), [0, 0.25, 0.5, 0.75, 1]);
  await expectTensor(np.linspace(0, 1, 4, { endpoint: false }), [0, 0.25, 0.5, 0.75]);
  await expectTensor(np.linspace(2, 3, 1), [2]);
  expect(codeOf(() => np.linspace(0, 1, -1))).toBe('SHAPE');
});

test('meshgrid', async () => {
  const [x, y] = [tensor([1, 2, 3]), tensor([4, 5])];
  const [a, b] = np.meshgrid([x, y]);
  await expectTensor(a!, [[1, 2, 3], [1, 2, 3]]);
  await expectTensor(b!, [[4, 4, 4], [5, 5, 5]]);
  const [c, d] = np.meshgrid([x, y], { indexing: 'ij' });
  await expectTensor(c!, [[1, 1], [2, 2], [3, 3]]);
  await expectTensor(d!, [[4, 5], [4, 5], [4, 5]]);
});

test('dtypes: limits and promotion', () => {
  const max = 3.4028234663852886e38;
  expect(np.finfo('float32')).toEqual({ bits: 32, nmant: 23, eps: 2 ** -23, epsneg: 2 ** -24, tiny: 2 ** -126, max, min: -max });
  expect(np.finfo(np.float16)).toMatchObject({ bits: 16, max: 65504, tiny: 2 ** -14 });
  expect(np.iinfo('int32')).toEqual({ bits: 32, min: -2147483648, max: 2147483647 });
  expect(np.promoteTypes('uint32', 'int32')).toBe('int32');
  expect(np.promoteTypes('float16', 'int32')).toBe('float16');
  expect(np.resultType(tensor([1], 'int32'), 2)).toBe('int32');
  expect(np.resultType(tensor([1], 'int32'), 2.5)).toBe('float32');
  expect(codeOf(() => np.finfo('int32'))).toBe('DTYPE');
});
