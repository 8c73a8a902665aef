/** Convolutions and window reductions as lax has them: conventions, shapes, gradients, errors. */
import { describe, expect, test } from 'vitest';
import { checkpoint, cpu, grad, lax, makeJaxpr, np, random, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { expectTensor, tensor } from '../support/host.ts';

const NHWC = { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] } as const;

const on = <T>(f: () => T): T => withDevice(cpu, f);
const drawn = (seed: number, ...shape: number[]): Tensor => on(() => random.normal(random.key(seed), shape));

describe('conventions', () => {
  const x = on(() => np.arange(16).astype('float32').reshape([1, 1, 4, 4]));
  const sum = on(() => np.ones([1, 1, 2, 2]));

  test('conv has features after the batch; padding in words or amounts', async () => {
    const corners = [[[[10, 18], [42, 50]]]];
    await expectTensor(on(() => lax.conv(x, sum, [2, 2], 'VALID')), corners);
    await expectTensor(on(() => lax.convGeneralDilated(x, sum, [2, 2], [[0, 0], [0, 0]])), corners);
    expect(on(() => lax.conv(x, sum, [1, 1], 'SAME')).shape).toEqual([1, 1, 4, 4]);
    expect(on(() => lax.conv(x, sum, [3, 3], 'SAME')).shape).toEqual([1, 1, 2, 2]);
  });

  test('the odd element of SAME lies at the end, of SAME_LOWER at the start', async () => {
    const [ones, pair] = [np.ones([1, 1, 3]), tensor([[[1, 10]]])];
    await expectTensor(on(() => lax.conv(ones, pair, [1], 'SAME')), [[[11, 11, 1]]]);
    await expectTensor(on(() => lax.conv(ones, pair, [1], 'SAME_LOWER')), [[[10, 11, 11]]]);
  });

  test('kernels are not reversed; letters say what axes are for', async () => {
    const line = tensor([[1, 2, 4]]).reshape([3, 1, 1]);
    const kernel = tensor([1, 0.5]).reshape([1, 2, 1]);
    const y = on(() => lax.convGeneralDilated(line, kernel, [1], 'VALID', { dimensionNumbers: ['WNC', 'OWI', 'CWN'] }));
    await expectTensor(y, [[[2], [4]]]);
  });

  test('spatial axes are in the order of the kernel', () => {
    const [image, kernel] = [np.ones([1, 5, 9, 1]), np.ones([1, 3, 1, 1])];
    const across = { dimensionNumbers: ['NHWC', 'WHIO', 'NHWC'] } as const;
    expect(on(() => lax.convGeneralDilated(image, kernel, [1, 2], 'VALID', across)).shape).toEqual([1, 2, 9, 1]);
  });

  test('convTranspose multiplies extents by strides', () => {
    const image = np.ones([1, 3, 5, 2]);
    const shapeOf = (padding: 'SAME' | 'VALID'): readonly number[] =>
      on(() => lax.convTranspose(image, np.ones([3, 2, 2, 7]), [2, 3], padding)).shape;
    expect(shapeOf('SAME')).toEqual([1, 6, 15, 7]);
    expect(shapeOf('VALID')).toEqual([1, 7, 15, 7]);
  });

  test('prints as JAX does', () => {
    const f = (image: Tensor): Tensor => lax.reduceWindow(image, -Infinity, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID');
    expect(String(makeJaxpr(f)(np.ones([1, 4, 4, 1])))).toBe(`{ lambda ; a:f32[1,4,4,1]. let
    b:f32[1,2,2,1] = reduce_window_max[
      base_dilation=(1, 1, 1, 1)
      padding=((0, 0), (0, 0), (0, 0), (0, 0))
      window_dilation=(1, 1, 1, 1)
      window_dimensions=(1, 2, 2, 1)
      window_strides=(1, 2, 2, 1)
    ] a
  in (b,) }`);
  });

  test('integers begin at their ends', async () => {
    const x32 = tensor([5, -7, 3], 'int32');
    await expectTensor(on(() => lax.reduceWindow(x32, -Infinity, lax.max, [2], [1], [[1, 0]])), [5, 5, 3], 'int32');
    await expectTensor(on(() => lax.reduceWindow(x32, 2 ** 31 - 1, lax.min, [2], [2], 'SAME')), [-7, 3], 'int32');
    await expectTensor(on(() => lax.reduceWindow(x32, 0, lax.add, [2], [1], 'VALID')), [-2, -4], 'int32');
  });
});

describe('derivatives', () => {
  test('convTranspose with transposeKernel is the transpose of the convolution: <conv x, y> = <x, convTranspose y>', async () => {
    const [x, kernel] = [drawn(0, 2, 7, 6, 3), drawn(1, 3, 2, 3, 4)];
    const products = await Promise.all((['SAME', 'VALID'] as const).map(async (padding) => on(() => {
      const forward = lax.convGeneralDilated(x, kernel, [1, 1], padding, NHWC);
      const y = drawn(2, ...forward.shape);
      const back = lax.convTranspose(y, kernel, [1, 1], padding, { transposeKernel: true });
      return np.stack([np.vdot(forward, y), np.vdot(x, back)]);
    }).data()));
    for (const [left, right] of products) expect(left).toBeCloseTo(right!, 3);
  });

  test('of ties in maxima: the first element has it', async () => {
    const f = (x: Tensor): Tensor => lax.reduceWindow(x, -Infinity, lax.max, [2], [2], 'VALID').sum();
    await expectTensor(on(() => grad(f)(tensor([3, 3, 1, 2]))) as Tensor, [1, 0, 0, 1]);
  });

  test('a policy that keeps products keeps convolutions, too', () => {
    const f = (x: Tensor): Tensor => np.sin(np.sin(lax.conv(x, np.ones([1, 1, 2]), [1], 'SAME'))).sum();
    const count = (policy: 'dotsSaveable' | 'nothingSaveable'): number =>
      String(makeJaxpr(grad(checkpoint(f, { policy })))(np.ones([1, 1, 3]))).split('conv_general_dilated[').length - 1;
    expect(count('nothingSaveable') - count('dotsSaveable')).toBe(1);
  });

  test('second derivatives', async () => {
    const f = (x: Tensor): Tensor => lax.conv(np.square(x), np.ones([1, 1, 2]), [1], 'SAME').sum();
    const twice = grad((x: Tensor) => grad(f)(x).sum());
    await expectTensor(on(() => twice(tensor([[[1, 2, 3]]]))) as Tensor, [[[2, 4, 4]]]);
  });
});

describe('errors', () => {
  const x = np.ones([1, 8, 8, 3]);

  test('letters', () => {
    const call = (...dimensionNumbers: lax.ConvLayout): (() => Tensor) => () =>
      lax.convGeneralDilated(x, np.ones([3, 3, 3, 4]), [1, 1], 'SAME', { dimensionNumbers });
    expect(call('NHWC', 'HWIO', 'NCWW')).toThrow(
      "lax.convGeneralDilated: the dimension numbers 'NCWW' of the result must have each of NCHW once",
    );
    expect(call('NWC', 'WIO', 'NWC')).toThrow("the dimension numbers 'WIO' of the kernel have 3 letters for rank 4");
  });

  test('words and dilation', () => {
    expect(() => lax.conv(x, np.ones([4, 8, 3, 3]), [1, 1], 'FULL' as 'SAME')).toThrow(
      "[VALUE] lax.convGeneralDilated: there is no padding \"FULL\"; it is 'SAME', 'SAME_LOWER', 'VALID' or pairs of numbers",
    );
    expect(() => lax.convGeneralDilated(x, np.ones([4, 8, 3, 3]), [1, 1], 'SAME', { lhsDilation: [2, 2] })).toThrow(
      "[VALUE] lax.convGeneralDilated: padding 'SAME' says nothing of an input dilated by [2,2]",
    );
    expect(() => lax.conv(x, np.ones([4, 8, 3]), [1], 'SAME')).toThrow(
      '[SHAPE] lax.convGeneralDilated: the input has rank 4 and the kernel 3; both have two axes besides the spatial ones',
    );
  });

  test('reduceWindow', () => {
    expect(() => lax.reduceWindow(x, 1, lax.mul, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')).toThrow(
      '[VALUE] lax.reduceWindow: windows are combined by lax.add, lax.max or lax.min, not by the function mul',
    );
    expect(() => lax.reduceWindow(x, 0, lax.max, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')).toThrow(
      '[VALUE] lax.reduceWindow: lax.max of float32 begins with -Infinity, not with 0',
    );
    expect(() => lax.reduceWindow(x, 0, lax.add, [2, 2], [2, 2], 'VALID')).toThrow(
      '[SHAPE] reduce_window_sum: windowDimensions has 2 entries, and windows move along 4 axes, of [1,8,8,3]',
    );
  });
});
