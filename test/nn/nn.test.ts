/**
 * What the golden tables do not show: options, dtypes, shapes, errors. The numbers are in test/golden/numerics-composed.test.ts.
 */
import { expect, test } from 'vitest';
import { nn, np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

test('integers become float32, float16 stays', () => {
  const { relu, sigmoid, gelu, softplus, silu, softmax, logSoftmax, logsumexp, standardize, selu, hardTanh } = nn;
  for (const f of [relu, sigmoid, gelu, softplus, silu, softmax, logSoftmax, logsumexp, standardize, selu, hardTanh]) {
    expect(f(tensor([1, 2], 'int32')).dtype).toBe('float32');
    expect(f(np.ones([2], { dtype: 'float16' })).dtype).toBe('float16');
  }
});

test('softmax over axes', async () => {
  const x = tensor([[0, 0], [0, Math.log(3)]]);
  await expectTensor(nn.softmax(x), [[0.5, 0.5], [0.25, 0.75]]);
  await expectTensor(nn.softmax(x, { axis: 0 }), [[0.5, 0.25], [0.5, 0.75]]);
  await expectTensor(nn.softmax(x, { axis: [0, 1] }), [[1 / 6, 1 / 6], [1 / 6, 1 / 2]]);
  await expectTensor(nn.softmax(tensor([0, 1000], 'int32')), [0, 1]);
  expect(codeOf(() => nn.softmax(x, { axis: 2 }))).toBe('AXIS');
});

test('logsumexp over axes', async () => {
  const x = tensor([[0, Math.log(3)], [1000, 1000]]);
  await expectTensor(nn.logsumexp(x, { axis: 1 }), [Math.log(4), 1000 + Math.log(2)]);
  await expectTensor(nn.logsumexp(x, { axis: 1, keepdims: true }), [[Math.log(4)], [1000 + Math.log(2)]]);
  expect(nn.logsumexp(x).shape).toEqual([]);
  expect(nn.logsumexp(np.zeros([2, 1, 3]), { axis: 0 }).shape).toEqual([1, 3]);
});

test('oneHot', async () => {
  await expectTensor(nn.oneHot(tensor([0, 2], 'int32'), 3), [[1, 0, 0], [0, 0, 1]]);
  await expectTensor(nn.oneHot(tensor([0, 2], 'int32'), 3, { axis: 0, dtype: 'int32' }), [[1, 0], [0, 0], [0, 1]], 'int32');
  await expectTensor(nn.oneHot(tensor([-1, 3], 'int32'), 2), [[0, 0], [0, 0]]);
  await expectTensor(nn.oneHot(1, 2), [0, 1]);
  expect(codeOf(() => nn.oneHot(tensor([0], 'int32'), 2, { axis: 3 }))).toBe('AXIS');
});

test('standardize and glu', async () => {
  await expectTensor(nn.standardize(tensor([[1, 3]]), { epsilon: 0 }), [[-1, 1]]);
  await expectTensor(nn.standardize(tensor([[1, 3], [3, 3]]), { axis: 0, epsilon: 1 }), [[-Math.SQRT1_2, 0], [Math.SQRT1_2, 0]]);
  await expectTensor(nn.glu(tensor([2, 0])), [1]);
  expect(codeOf(() => nn.glu(tensor([1, 2, 3])))).toBe('SHAPE');
});

test('parameters of activations broadcast', async () => {
  await expectTensor(nn.leakyRelu(tensor([-1, -2]), tensor([0.5, 0.25])), [-0.5, -0.5]);
  await expectTensor(nn.elu(tensor([-1000, 2]), 3), [-3, 2]);
  await expectTensor(nn.celu(tensor([-1000]), 2), [-2]);
  await expectTensor(nn.squareplus(tensor([3]), 16), [4]);
});
