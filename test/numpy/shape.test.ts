import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

const x = tensor([[1, 2, 3], [4, 5, 6]]);

test('reshape', async () => {
  await expectTensor(np.reshape(x, [3, 2]), [[1, 2], [3, 4], [5, 6]]);
  await expectTensor(np.reshape(x, [-1, 2]), [[1, 2], [3, 4], [5, 6]]);
  await expectTensor(np.reshape(x, -1), [1, 2, 3, 4, 5, 6]);
  await expectTensor(x.ravel(), [1, 2, 3, 4, 5, 6]);
  await expectTensor(np.reshape(5, [1]), [5]);
  for (const shape of [[4], [-1, -1], [-1, 4], [2.5, 2], [-2, -3]]) expect(codeOf(() => np.reshape(x, shape))).toBe('SHAPE');
  expect(codeOf(() => np.reshape(np.zeros([0]), [0, -1]))).toBe('SHAPE');
});

test('axes in another order', async () => {
  await expectTensor(np.transpose(x), [[1, 4], [2, 5], [3, 6]]);
  expect(np.transpose(np.zeros([2, 3, 4]), [1, -1, 0]).shape).toEqual([3, 4, 2]);
  expect(np.swapaxes(np.zeros([2, 3, 4]), 0, -1).shape).toEqual([4, 3, 2]);
  expect(np.matrixTranspose(np.zeros([2, 3, 4])).shape).toEqual([2, 4, 3]);
  expect(np.moveaxis(np.zeros([2, 3, 4, 5]), 0, -1).shape).toEqual([3, 4, 5, 2]);
  expect(np.moveaxis(np.zeros([2, 3, 4, 5]), [0, 1], [-1, -2]).shape).toEqual([4, 5, 3, 2]);
  expect(codeOf(() => np.transpose(x, [0, 0]))).toBe('AXIS');
  expect(codeOf(() => np.transpose(x, [0]))).toBe('AXIS');
  expect(codeOf(() => np.moveaxis(x, [0, 1], [0]))).toBe('AXIS');
});

test('axes of extent 1', () => {
  const y = np.zeros([1, 3, 1]);
  expect(np.squeeze(y).shape).toEqual([3]);
  expect(np.squeeze(y, -1).shape).toEqual([1, 3]);
  expect(np.squeeze(y, { axis: [0, 2] }).shape).toEqual([3]);
  expect(np.expandDims(x, 1).shape).toEqual([2, 1, 3]);
  expect(np.expandDims(x, [0, -1]).shape).toEqual([1, 2, 3, 1]);
  expect(np.atleast1d(3).shape).toEqual([1]);
  expect(np.atleast2d(tensor([1, 2])).shape).toEqual([1, 2]);
  expect(codeOf(() => np.squeeze(y, 1))).toBe('SHAPE');
  expect(codeOf(() => np.expandDims(x, 4))).toBe('AXIS');
});

test('broadcasting to a shape', async () => {
  await expectTensor(np.broadcastTo(tensor([1, 2]), [2, 2]), [[1, 2], [1, 2]]);
  await expectTensor(np.broadcastTo(tensor([[1], [2]]), [2, 2]), [[1, 1], [2, 2]]);
  const [a, b] = np.broadcastArrays(tensor([[1], [2]]), tensor([3, 4]));
  expect([a!.shape, b!.shape]).toEqual([[2, 2], [2, 2]]);
  expect(np.broadcastShapes([2, 1], [3])).toEqual([2, 3]);
  expect(codeOf(() => np.broadcastTo(x, [3]))).toBe('SHAPE');
  expect(codeOf(() => np.broadcastTo(x, [2, 4]))).toBe('SHAPE');
});

describe('joining', () => {
  test('concatenate and stack', async () => {
    await expectTensor(np.concatenate([x, tensor([[7, 8, 9]])]), [[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    await expectTensor(np.concatenate([tensor([1], 'int32'), tensor([2.5])]), [1, 2.5]);
    await expectTensor(np.stack([tensor([1, 2]), tensor([3, 4])], { axis: -1 }), [[1, 3], [2, 4]]);
    await expectTensor(np.vstack([tensor([1, 2]), tensor([[3, 4]])]), [[1, 2], [3, 4]]);
    await expectTensor(np.hstack([tensor([1, 2]), tensor([3])]), [1, 2, 3]);
    await expectTensor(np.hstack([tensor([[1], [2]]), tensor([[3], [4]])]), [[1, 3], [2, 4]]);
    expect(codeOf(() => np.concatenate([x, tensor([1])]))).toBe('SHAPE');
    expect(codeOf(() => np.concatenate([]))).toBe('VALUE');
    expect(codeOf(() => np.stack([x, tensor([1])]))).toBe('SHAPE');
  });

  test('split', async () => {
    const [left, right] = np.split(tensor([1, 2, 3, 4]), 2);
    await expectTensor(left!, [1, 2]);
    await expectTensor(right!, [3, 4]);
    const pieces = np.split(x, [1, -1, 5], { axis: 1 });
    expect(pieces.map(({ shape }) => shape)).toEqual([[2, 1], [2, 1], [2, 1], [2, 0]]);
    expect(codeOf(() => np.split(x, 2, { axis: 1 }))).toBe('SHAPE');
  });

  test('tile and repeat', async () => {
    await expectTensor(np.tile(tensor([1, 2]), 2), [1, 2, 1, 2]);
    await expectTensor(np.tile(tensor([1, 2]), [2, 2]), [[1, 2, 1, 2], [1, 2, 1, 2]]);
    await expectTensor(np.tile(tensor([[1], [2]]), [2]), [[1, 1], [2, 2]]);
    await expectTensor(np.repeat(tensor([[1, 2]]), 2), [1, 1, 2, 2]);
    await expectTensor(np.repeat(x, 2, { axis: 0 }), [[1, 2, 3], [1, 2, 3], [4, 5, 6], [4, 5, 6]]);
    expect(codeOf(() => np.repeat(x, -1))).toBe('VALUE');
  });
});

describe('rearranging', () => {
  test('roll', async () => {
    await expectTensor(np.roll(tensor([1, 2, 3]), 1), [3, 1, 2]);
    await expectTensor(np.roll(tensor([1, 2, 3]), -4), [2, 3, 1]);
    await expectTensor(np.roll(x, 1), [[6, 1, 2], [3, 4, 5]]);
    await expectTensor(np.roll(x, [1, -1], { axis: [0, 1] }), [[5, 6, 4], [2, 3, 1]]);
    expect(codeOf(() => np.roll(x, [1], { axis: [0, 1] }))).toBe('VALUE');
  });

  test('flips and turns', async () => {
    await expectTensor(np.flip(x), [[6, 5, 4], [3, 2, 1]]);
    await expectTensor(np.flip(x, { axis: 0 }), [[4, 5, 6], [1, 2, 3]]);
    await expectTensor(np.fliplr(x), [[3, 2, 1], [6, 5, 4]]);
    await expectTensor(np.flipud(x), [[4, 5, 6], [1, 2, 3]]);
    await expectTensor(np.rot90(x), [[3, 6], [2, 5], [1, 4]]);
    await expectTensor(np.rot90(x, -1), [[4, 1], [5, 2], [6, 3]]);
    await expectTensor(np.rot90(x, 2), [[6, 5, 4], [3, 2, 1]]);
  });

  test('pad', async () => {
    await expectTensor(np.pad(tensor([1]), 1), [0, 1, 0]);
    await expectTensor(np.pad(tensor([1], 'int32'), [1, 2], { constantValues: 7 }), [7, 1, 7, 7], 'int32');
    await expectTensor(np.pad(tensor([[1]]), [[1, 0], [0, 1]]), [[0, 0], [1, 0]]);
    expect(codeOf(() => np.pad(x, [[1, 1]]))).toBe('VALUE');
    expect(codeOf(() => np.pad(x, -1))).toBe('VALUE');
  });

  test('triangles and diagonals', async () => {
    const m = tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    await expectTensor(np.tril(m), [[1, 0, 0], [4, 5, 0], [7, 8, 9]]);
    await expectTensor(np.triu(m, 1), [[0, 2, 3], [0, 0, 6], [0, 0, 0]]);
    await expectTensor(np.diagonal(m), [1, 5, 9]);
    await expectTensor(np.diagonal(m, { offset: 1 }), [2, 6]);
    await expectTensor(np.diagonal(m, { offset: -2 }), [7]);
    await expectTensor(np.diagonal(m, { offset: 5 }), []);
    await expectTensor(np.diagonal(x, { axis1: 1, axis2: 0 }), [1, 5]);
    await expectTensor(np.trace(m), 15);
    await expectTensor(np.diag(tensor([1, 2]), 1), [[0, 1, 0], [0, 0, 2], [0, 0, 0]]);
    await expectTensor(np.diag(tensor([1, 2]), -1), [[0, 0, 0], [1, 0, 0], [0, 2, 0]]);
    await expectTensor(np.diag(x), [1, 5]);
    expect(codeOf(() => np.diag(np.zeros([1, 1, 1])))).toBe('SHAPE');
    expect(codeOf(() => np.tril(tensor([1])))).toBe('AXIS');
  });
});
