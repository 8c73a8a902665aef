import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

const x = tensor([[1, 5, 3], [4, 2, 6]]);

test('axes: bare, as options, several, negative, none, all', async () => {
  await expectTensor(np.sum(x), 21);
  await expectTensor(np.sum(x, null), 21);
  await expectTensor(np.sum(x, 0), [5, 7, 9]);
  await expectTensor(np.sum(x, [0, -1]), 21);
  await expectTensor(np.sum(x, []), [[1, 5, 3], [4, 2, 6]]);
  await expectTensor(np.sum(x, { axis: 1, keepdims: true }), [[9], [12]]);
  await expectTensor(x.sum({ keepdims: true }), [[21]]);
  await expectTensor(x.mean([0]), [2.5, 3.5, 4.5]);
  expect(codeOf(() => np.sum(x, 2))).toBe('AXIS');
  expect(codeOf(() => np.max(x, [0, 0]))).toBe('AXIS');
});

test('dtypes', async () => {
  await expectTensor(np.sum(tensor([true, true])), 2, 'int32');
  await expectTensor(np.prod(tensor([true, false])), 0, 'int32');
  await expectTensor(np.sum(tensor([1, 2], 'int32')), 3, 'int32');
  await expectTensor(np.sum(tensor([1, 2], 'int32'), { dtype: 'float32' }), 3);
  await expectTensor(np.mean(tensor([1, 2], 'int32')), 1.5);
  await expectTensor(np.mean(tensor([true, false])), 0.5);
  await expectTensor(np.max(tensor([true, false])), true, 'bool');
  await expectTensor(np.min(tensor([true, false])), false, 'bool');
  expect(np.var(np.ones([2], { dtype: 'float16' })).dtype).toBe('float16');
});

test('any, all, countNonzero, ptp', async () => {
  await expectTensor(np.any(tensor([[0, 1], [0, 0]]), 1), [true, false], 'bool');
  await expectTensor(np.all(tensor([[2, 1], [0, 1]]), 1), [true, false], 'bool');
  await expectTensor(np.countNonzero(tensor([[0, 1], [3, 4]])), 3, 'int32');
  await expectTensor(np.ptp(x, 1), [4, 4]);
});

test('variance and standard deviation', async () => {
  await expectTensor(np.var(x), 35 / 12);
  await expectTensor(np.var(x, { axis: 0, ddof: 1 }), [4.5, 4.5, 4.5]);
  await expectTensor(np.std(x, { axis: 0, keepdims: true }), [[1.5, 1.5, 1.5]]);
  await expectTensor(np.var(tensor([1]), { ddof: 1 }), NaN);
  await expectTensor(np.var(tensor(3)), 0);
});

test('argmax and argmin', async () => {
  await expectTensor(np.argmax(x), 5, 'int32');
  await expectTensor(np.argmin(x, 1), [0, 1], 'int32');
  await expectTensor(np.argmax(x, { axis: 0, keepdims: true }), [[1, 0, 1]], 'int32');
  await expectTensor(np.argmax(x, { keepdims: true }), [[5]], 'int32');
  await expectTensor(np.argmax(tensor([false, true, true])), 1, 'int32');
});

test('reductions over nothing', async () => {
  await expectTensor(np.sum(np.zeros([0])), 0);
  await expectTensor(np.prod(np.zeros([0, 2]), 0), [1, 1]);
  await expectTensor(np.mean(np.zeros([0])), NaN);
  await expectTensor(np.max(np.zeros([0, 2]), 1), []);
  expect(codeOf(() => np.max(np.zeros([0, 2]), 0))).toBe('VALUE');
  expect(codeOf(() => np.argmin(np.zeros([0])))).toBe('VALUE');
});

describe('reductions without NaN', () => {
  const holes = tensor([[1, NaN, 3], [NaN, NaN, NaN]]);

  test('floats', async () => {
    await expectTensor(np.nansum(holes, 1), [4, 0]);
    await expectTensor(np.nanprod(holes, 1), [3, 1]);
    await expectTensor(np.nanmean(holes, 1), [2, NaN]);
    await expectTensor(np.nanmax(holes, 1), [3, NaN]);
    await expectTensor(np.nanmin(holes, { axis: 1, keepdims: true }), [[1], [NaN]]);
  });

  test('integers have none', async () => {
    await expectTensor(np.nansum(tensor([1, 2], 'int32')), 3, 'int32');
    await expectTensor(np.nanmean(tensor([1, 2], 'int32')), 1.5);
    await expectTensor(np.nanmax(tensor([1, 2], 'int32')), 2, 'int32');
  });
});

test('norms', async () => {
  const v = tensor([3, -4]);
  await expectTensor(np.linalg.norm(v), 5);
  await expectTensor(np.linalg.norm(v, { ord: 1 }), 7);
  await expectTensor(np.linalg.norm(v, { ord: Infinity }), 4);
  await expectTensor(np.linalg.norm(v, { ord: -Infinity }), 3);
  await expectTensor(np.linalg.norm(v, { ord: 0 }), 2);
  await expectTensor(np.linalg.norm(v, { ord: 3 }), Math.cbrt(91));
  await expectTensor(np.linalg.norm(tensor([[3], [4]], 'int32')), 5);
  await expectTensor(np.linalg.norm(x, { axis: 1, keepdims: true }), [[Math.sqrt(35)], [Math.sqrt(56)]]);
  expect(codeOf(() => np.linalg.norm(x, { ord: 1 }))).toBe('VALUE');
});
