import { expect, test } from 'vitest';
import { lax, np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

const x = tensor([[3, 1, 2], [0, 5, 4]]);

test('running sums and products', async () => {
  await expectTensor(np.cumsum(x), [3, 4, 6, 6, 11, 15]);
  await expectTensor(np.cumsum(x, 0), [[3, 1, 2], [3, 6, 6]]);
  await expectTensor(np.cumprod(x, { axis: -1 }), [[3, 3, 6], [0, 0, 0]]);
  await expectTensor(np.cumsum(tensor([true, true, false])), [1, 2, 2], 'int32');
  await expectTensor(np.cumsum(tensor([1, 2], 'int32'), { dtype: 'float32' }), [1, 3]);
  await expectTensor(np.cumsum(3), [3]);
  await expectTensor(np.nancumsum(tensor([1, NaN, 2])), [1, 1, 3]);
  await expectTensor(np.nancumprod(tensor([[2, NaN], [3, 4]]), 0), [[2, 1], [6, 4]]);
  await expectTensor(np.nancumsum(tensor([1, 2], 'int32')), [1, 3], 'int32');
  await expectTensor(np.cumsum(np.zeros([0])), []);
  expect(codeOf(() => np.cumsum(x, 2))).toBe('AXIS');
  expect(codeOf(() => np.cumsum(x, { axes: 1 } as object))).toBe('VALUE');
});

test('running extremes and logarithms', async () => {
  await expectTensor(lax.cummax(x, 1), [[3, 3, 3], [0, 5, 5]]);
  await expectTensor(lax.cummin(x, 1, { reverse: true }), [[1, 1, 2], [0, 4, 4]]);
  await expectTensor(lax.cumprod(x), [[3, 1, 2], [0, 5, 8]]);
  await expectTensor(lax.cumlogsumexp(tensor([0, 0, 0])), [0, Math.log(2), Math.log(3)]);
  await expectTensor(lax.cumsum(x, 0, { reverse: true }), [[3, 6, 6], [0, 5, 4]]);
  expect(codeOf(() => lax.cumlogsumexp(tensor([1], 'int32')))).toBe('DTYPE');
});

test('sorting', async () => {
  await expectTensor(np.sort(x), [[1, 2, 3], [0, 4, 5]]);
  await expectTensor(np.sort(x, 0), [[0, 1, 2], [3, 5, 4]]);
  await expectTensor(np.sort(x, null), [0, 1, 2, 3, 4, 5]);
  await expectTensor(np.sort(tensor([1, NaN, 2]), { descending: true }), [NaN, 2, 1]);
  await expectTensor(np.argsort(x, { axis: 1 }), [[1, 2, 0], [0, 2, 1]], 'int32');
  await expectTensor(np.argsort(tensor([1, 0, 1, 0])), [1, 3, 0, 2], 'int32');
  await expectTensor(np.argsort(tensor([1, 0, 1, 0]), { descending: true }), [0, 2, 1, 3], 'int32');
  await expectTensor(np.sort(np.zeros([2, 0])), [[], []]);
  expect(codeOf(() => np.sort(x, 2))).toBe('AXIS');
});

test('sorting by keys', async () => {
  const [keys, values] = lax.sortKeyVal(tensor([2, 1, 2]), tensor([10, 20, 30], 'int32'));
  await expectTensor(keys, [1, 2, 2]);
  await expectTensor(values, [20, 10, 30], 'int32');
  const [, , carried] = lax.sort([tensor([1, 0, 1]), tensor([2, 3, 1]), tensor([true, true, false])], { numKeys: 2 });
  await expectTensor(carried!, [true, false, true], 'bool');
  expect(codeOf(() => lax.sort([tensor([1]), tensor([1, 2])]))).toBe('SHAPE');
  expect(codeOf(() => lax.sort(tensor([1]), { numKeys: 2 }))).toBe('VALUE');
  expect(codeOf(() => lax.sort(tensor([1]), { dimension: 1 }))).toBe('AXIS');
  expect(codeOf(() => lax.sort([]))).toBe('AXIS');
});

test('quantiles', async () => {
  await expectTensor(np.quantile(tensor([4, 1, 3, 2], 'int32'), 0.25), 1.75);
  await expectTensor(np.quantile(x, 1, 1), [3, 5]);
  await expectTensor(np.quantile(x, 0.5, { axis: 0, keepdims: true }), [[1.5, 3, 3]]);
  await expectTensor(np.percentile(tensor([[1, NaN], [3, 5]]), 50, 1), [NaN, 4]);
  await expectTensor(np.quantile(tensor([1, 2, Infinity]), 0.5), 2);
  expect(codeOf(() => np.quantile(x, 1.5))).toBe('VALUE');
  expect(codeOf(() => np.percentile(x, -1))).toBe('VALUE');
  expect(codeOf(() => np.quantile(np.zeros([0]), 0.5))).toBe('VALUE');
  expect(codeOf(() => np.quantile(x, 0.5, 2))).toBe('AXIS');
});
