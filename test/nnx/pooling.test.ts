/** Pooling by Flax's conventions, against values written out. */
import { describe, expect, test } from 'vitest';
import { cpu, grad, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { expectTensor, tensor } from '../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const line = (...values: number[]): Tensor => tensor(values).reshape([1, values.length, 1]);
const flat = (f: () => Tensor): Tensor => on(() => f().reshape([-1]));

test('windows move by 1 unless told otherwise', async () => {
  await expectTensor(flat(() => nnx.maxPool(line(1, 3, 2, 5), [2])), [3, 3, 5]);
  await expectTensor(flat(() => nnx.minPool(line(1, 3, 2, 5), [2], { strides: 2 })), [1, 2]);
  await expectTensor(flat(() => nnx.avgPool(line(1, 3, 2, 5), [2], { strides: [2] })), [2, 3.5]);
});

test('padding does not count for extrema; for means it does unless told otherwise', async () => {
  await expectTensor(flat(() => nnx.maxPool(line(-1, -3, -2), [3], { padding: 'SAME' })), [-1, -1, -2]);
  await expectTensor(flat(() => nnx.minPool(line(1, 3, 2), [2], { padding: [[1, 0]] })), [1, 1, 2]);
  await expectTensor(flat(() => nnx.avgPool(line(2, 4, 6), [3], { padding: 'SAME' })), [2, 4, 10 / 3]);
  await expectTensor(flat(() => nnx.avgPool(line(2, 4, 6), [3], { padding: 'SAME', countIncludePad: false })), [3, 4, 5]);
});

test('images, any number of batch axes, also none', async () => {
  const image = on(() => np.arange(16).astype('float32').reshape([4, 4, 1]));
  const quarters = [[[5], [7]], [[13], [15]]];
  await expectTensor(on(() => nnx.maxPool(image, [2, 2], { strides: [2, 2] })), quarters);
  const many = on(() => np.broadcastTo(image, [2, 3, 4, 4, 1]));
  expect(on(() => nnx.avgPool(many, [2, 2], { strides: 2, countIncludePad: false })).shape).toEqual([2, 3, 2, 2, 1]);
  await expectTensor(on(() => nnx.maxPool(many, [2, 2], { strides: 2 }).slice(1, 2)), quarters);
});

test('integers have means', async () => {
  await expectTensor(flat(() => nnx.avgPool(tensor([1, 2], 'int32').reshape([1, 2, 1]), [2])), [1.5]);
});

test('derivatives: of maxima for the first that attains it, of means for all alike', async () => {
  const of = (f: (x: Tensor) => Tensor): Tensor => flat(() => grad((x: Tensor) => f(x).sum())(line(2, 2, 1, 3)));
  await expectTensor(of((x) => nnx.maxPool(x, [2], { strides: 2 })), [1, 0, 0, 1]);
  await expectTensor(of((x) => nnx.maxPool(x, [3])), [1, 0, 0, 1]);
  await expectTensor(of((x) => nnx.minPool(x, [2], { strides: 2 })), [1, 0, 1, 0]);
  await expectTensor(of((x) => nnx.avgPool(x, [2])), [0.5, 1, 1, 0.5]);
});

describe('errors', () => {
  test('axes, windows, padding', () => {
    expect(() => nnx.maxPool(np.ones([4]), [2, 2])).toThrow(
      '[SHAPE] nnx.maxPool: the input float32[4] has rank 1, and windows of [2,2] need 2 axes and one for the features',
    );
    expect(() => nnx.maxPool(line(1, 2), 2 as unknown as number[])).toThrow(
      '[VALUE] nnx.maxPool: the window 2 is no list of extents, one for each spatial axis',
    );
    expect(() => nnx.avgPool(line(1, 2), [0])).toThrow(
      '[VALUE] nnx.avgPool: windowShape [0] must be a whole number from 1, or 1 of them',
    );
    expect(() => nnx.avgPool(line(1, 2), [2], { strides: [1, 1] })).toThrow(
      '[VALUE] nnx.avgPool: strides [1,1] must be a whole number from 1, or 1 of them',
    );
    expect(() => nnx.minPool(line(1, 2), [2], { padding: [[0, 0], [1, 1]] })).toThrow(
      '[VALUE] nnx.minPool: the padding [[0,0],[1,1]] has not a pair for each axis of the window [2]',
    );
    expect(() => nnx.minPool(line(1, 2), [2], { padding: 'FULL' as 'SAME' })).toThrow(
      "[VALUE] nnx.minPool: there is no padding \"FULL\"; it is 'SAME', 'SAME_LOWER', 'VALID' or pairs of numbers",
    );
    expect(() => nnx.minPool(line(1, 2), [2], { stride: 2 } as object)).toThrow('[VALUE] nnx.minPool: there is no option stride');
  });
});
