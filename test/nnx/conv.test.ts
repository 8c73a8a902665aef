/** Conv and ConvTranspose against sums written out, by Flax's conventions. */
import { describe, expect, test } from 'vitest';
import { Param, cpu, grad, nnx, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { expectTensor, tensor } from '../support/host.ts';
import { convolveByLoops } from '../support/four-loops.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const drawn = (seed: number, ...shape: number[]): Tensor => on(() => random.normal(random.key(seed), shape));
const host = async (t: Tensor): Promise<HostArray> => fromNumbers('float32', t.shape, [...await t.data()]);
const rngs = (): nnx.Rngs => on(() => new nnx.Rngs(0));

/** A convolution of one feature with the given weights, over a line of numbers. */
function line(values: readonly number[], weights: readonly number[], options: Omit<nnx.ConvOptions, 'rngs'>): Tensor {
  return on(() => {
    const conv = new nnx.Conv(1, 1, weights.length, { ...options, rngs: rngs() });
    conv.kernel.value = tensor(weights as number[]).reshape([weights.length, 1, 1]);
    return conv.forward(tensor(values as number[]).reshape([1, values.length, 1])).reshape([-1]);
  });
}

describe('parameters', () => {
  test('their shapes, and a key for each, drawn even for zeros', () => {
    const conv = on(() => new nnx.Conv(4, 6, [3, 2], { featureGroupCount: 2, rngs: rngs() }));
    expect([conv.kernel.value.shape, conv.bias!.value.shape]).toEqual([[3, 2, 2, 6], [6]]);
    const transposed = on(() => new nnx.ConvTranspose(3, 4, [6, 5], { transposeKernel: true, rngs: rngs() }));
    expect(transposed.kernel.value.shape).toEqual([6, 5, 4, 3]);
    const source = rngs();
    on(() => new nnx.Conv(1, 1, [2], { rngs: source }));
    on(() => new nnx.ConvTranspose(1, 1, [2], { useBias: false, rngs: source }));
    return expect(source.streams['default']!.count.value.item()).resolves.toBe(3);
  });

  test('half precision is computed in the dtype of the layer', () => {
    const conv = on(() => new nnx.Conv(1, 2, [3], { paramDtype: 'float16', dtype: 'float32', rngs: rngs() }));
    expect(conv.kernel.value.dtype).toBe('float16');
    expect(on(() => conv.forward(np.ones([1, 4, 1]))).dtype).toBe('float32');
  });
});

describe('padding', () => {
  const values = [1, 2, 3, 4, 5];
  const weights = [100, 10, 1];

  test('SAME, VALID, amounts, CAUSAL', async () => {
    await expectTensor(line(values, weights, {}), [12, 123, 234, 345, 450]);
    await expectTensor(line(values, weights, { padding: 'VALID' }), [123, 234, 345]);
    await expectTensor(line(values, weights, { padding: 1 }), [12, 123, 234, 345, 450]);
    await expectTensor(line(values, weights, { padding: [2] }), [1, 12, 123, 234, 345, 450, 500]);
    await expectTensor(line(values, weights, { padding: [[2, 0]] }), [1, 12, 123, 234, 345]);
    await expectTensor(line(values, weights, { padding: 'CAUSAL' }), [1, 12, 123, 234, 345]);
    await expectTensor(line(values, weights, { padding: 'CAUSAL', kernelDilation: 2 }), [1, 2, 13, 24, 135]);
  });

  test('CIRCULAR goes on at the other end, REFLECT goes back', async () => {
    await expectTensor(line(values, weights, { padding: 'CIRCULAR' }), [512, 123, 234, 345, 451]);
    await expectTensor(line(values, weights, { padding: 'REFLECT' }), [212, 123, 234, 345, 454]);
    await expectTensor(line(values, [10, 1], { padding: 'CIRCULAR' }), [12, 23, 34, 45, 51]);
    await expectTensor(line(values, weights, { padding: 'CIRCULAR', kernelDilation: 2 }), [413, 524, 135, 241, 352]);
  });

  test('further than the input reaches', async () => {
    await expectTensor(line([1, 2], [10000, 1000, 100, 10, 1], { padding: 'CIRCULAR' }), [12121, 21212]);
    const weights = [1e6, 1e5, 1e4, 1e3, 100, 10, 1];
    await expectTensor(line([1, 2, 3], weights, { padding: 'REFLECT' }), [2321232, 3212321, 2123212]);
  });

  test('strides and dilation of the input', async () => {
    await expectTensor(line(values, weights, { strides: 2 }), [12, 234, 450]);
    await expectTensor(line([1, 2], weights, { inputDilation: 3, padding: [[2, 2]] }), [1, 10, 100, 2, 20, 200]);
  });
});

describe('forward', () => {
  test('an image, four loops, in groups, with bias', async () => {
    const conv = on(() => new nnx.Conv(4, 6, [3, 2], {
      strides: [2, 1], kernelDilation: [1, 2], featureGroupCount: 2, padding: [[1, 1], [0, 1]], rngs: rngs(),
    }));
    conv.bias!.value = np.arange(6);
    const x = drawn(1, 2, 6, 5, 4);
    const { shape, data } = convolveByLoops(await host(x), await host(conv.kernel.value), {
      strides: [2, 1], padding: [[1, 1], [0, 1]], dilation: [1, 2], groups: 2,
    });
    const expected = on(() => np.array(data as Float32Array).reshape(shape).add(np.arange(6)));
    await assertAllClose(on(() => conv.forward(x)), expected, { rtol: 1e-5, atol: 1e-5 });
  });

  test('any number of batch axes, also none; vmap says the same', async () => {
    const conv = on(() => new nnx.Conv(2, 3, [2, 2], { rngs: rngs() }));
    const x = drawn(2, 2, 3, 4, 4, 2);
    const whole = on(() => conv.forward(x));
    expect(whole.shape).toEqual([2, 3, 4, 4, 3]);
    await assertAllClose(on(() => vmap((images: Tensor) => conv.forward(images))(x)), whole, { rtol: 1e-6, atol: 1e-6 });
    const one = on(() => conv.forward(x.slice(1, 2)));
    expect(one.shape).toEqual([4, 4, 3]);
    await assertAllClose(one, on(() => whole.slice(1, 2)), { rtol: 1e-6, atol: 1e-6 });
  });

  test('a mask is neither trained nor passed by', async () => {
    const mask = on(() => np.tril(np.ones([3, 3])).reshape([3, 3, 1, 1]));
    const conv = on(() => new nnx.Conv(1, 1, [3, 3], { mask, padding: 'VALID', useBias: false, rngs: rngs() }));
    const loss = (model: nnx.Conv): Tensor => model.forward(np.ones([1, 3, 3, 1])).sum();
    const gradient = on(() => grad(loss)(conv));
    expect([...gradient].map(([path]) => path)).toEqual(['kernel']);
    await assertAllClose(gradient.get('kernel'), mask);
  });
});

describe('ConvTranspose', () => {
  // Shapes that Flax's documentation gives for these layers.
  test('shapes', () => {
    const shapeOf = (options: Omit<nnx.ConvTransposeOptions, 'rngs'>, size: number[], x: number[]): readonly number[] =>
      on(() => new nnx.ConvTranspose(3, 4, size, { ...options, rngs: rngs() }).forward(np.ones(x))).shape;
    expect(shapeOf({ padding: 'VALID' }, [3], [1, 8, 3])).toEqual([1, 10, 4]);
    const around = { strides: [2, 2], padding: 'CIRCULAR', transposeKernel: true } as const;
    expect(shapeOf(around, [6, 6], [1, 15, 15, 3])).toEqual([1, 30, 30, 4]);
  });

  test('is the transpose of Conv: <conv x, y> = <x, transposed y>, also around the ends', async () => {
    for (const padding of ['VALID', 'CIRCULAR'] as const) {
      const strides = padding === 'VALID' ? 2 : 1;
      const conv = on(() => new nnx.Conv(2, 3, [3], { strides, padding, useBias: false, rngs: rngs() }));
      const transposed = { transposeKernel: true, useBias: false, rngs: rngs() };
      const back = on(() => new nnx.ConvTranspose(3, 2, [3], { strides, padding, ...transposed }));
      back.kernel.value = conv.kernel.value;
      const x = drawn(3, 2, 7, 2);
      const forward = on(() => conv.forward(x));
      const y = drawn(4, ...forward.shape);
      const [left, right] = await on(() => np.stack([np.vdot(forward, y), np.vdot(x, back.forward(y))])).data();
      expect(left, padding).toBeCloseTo(right!, 4);
    }
  });

  test('an even kernel around the ends, by hand', async () => {
    const layer = on(() => new nnx.ConvTranspose(1, 1, 2, { strides: 2, padding: 'CIRCULAR', useBias: false, rngs: rngs() }));
    layer.kernel.value = tensor([10, 1]).reshape([2, 1, 1]);
    await expectTensor(on(() => layer.forward(tensor([1, 2]).reshape([2, 1])).reshape([-1])), [1, 10, 2, 20]);
  });
});

describe('errors', () => {
  const make = (...args: ConstructorParameters<typeof nnx.Conv>): nnx.Conv => on(() => new nnx.Conv(...args));

  test('features', () => {
    const conv = make(3, 8, [3, 3], { rngs: rngs() });
    expect(() => on(() => conv.forward(np.ones([1, 8, 8, 1])))).toThrow(
      '[SHAPE] Conv: the input float32[1,8,8,1] has 1 features on axis -1; the layer takes 3',
    );
    expect(() => on(() => conv.forward(np.ones([1, 8, 8, 1])))).toThrow('fix: new nnx.Conv(1, 8, [3, 3], { rngs })');
  });

  test('axes', () => {
    expect(() => on(() => make(3, 8, [3, 3], { rngs: rngs() }).forward(np.ones([8, 3])))).toThrow(
      '[SHAPE] Conv: the input float32[8,3] has rank 2, and windows of [3,3] need 2 axes and one for the features',
    );
  });

  test('a kernel of one number on an image', () => {
    const conv = make(3, 8, 3, { rngs: rngs() });
    expect(on(() => conv.forward(np.ones([2, 5, 3]))).shape).toEqual([2, 5, 8]);
    const call = (): Tensor => on(() => conv.forward(np.ones([2, 5, 5, 3])));
    expect(call).toThrow(
      '[SHAPE] Conv: kernelSize 3 is that of one spatial axis, and float32[2,5,5,3] has more than [batch, axis, features]',
    );
    expect(call).toThrow('fix: new nnx.Conv(3, 8, [3, 3], { rngs })');
  });

  test('groups', () => {
    expect(() => make(6, 9, [3], { featureGroupCount: 4, rngs: rngs() })).toThrow(
      '[VALUE] new nnx.Conv: 6 input and 9 output features cannot be divided in 4 groups',
    );
    expect(() => make(6, 9, [3], { featureGroupCount: 4, rngs: rngs() })).toThrow('fix: { featureGroupCount: 3 }');
  });

  test('numbers per axis, padding, masks', () => {
    expect(() => make(1, 1, [3, 3], { strides: [2], rngs: rngs() })).toThrow(
      '[VALUE] new nnx.Conv: strides [2] must be a whole number from 1, or 2 of them',
    );
    expect(() => make(1, 1, [3, 0], { rngs: rngs() })).toThrow(
      '[VALUE] new nnx.Conv: kernelSize [3,0] must be a whole number from 1, or 2 of them',
    );
    const call = (padding: nnx.ConvPadding): (() => Tensor) => () =>
      on(() => make(1, 1, [3, 3], { padding, rngs: rngs() }).forward(np.ones([1, 4, 4, 1])));
    expect(call([1])).toThrow(
      '[VALUE] Conv: the padding [1] is no name of one, no whole number and no list of 2 of them or of pairs',
    );
    expect(call('CAUSAL')).toThrow("[VALUE] Conv: padding 'CAUSAL' is that of one spatial axis, the kernel has 2");
    expect(() => make(1, 2, [3, 3], { mask: np.ones([3, 3]), rngs: rngs() })).toThrow(
      '[SHAPE] new nnx.Conv: the mask float32[3,3] has not the shape of the kernel, [3,3,1,2]',
    );
    const back = on(() => new nnx.ConvTranspose(1, 1, [2], { padding: 'CAUSAL' as 'SAME', rngs: rngs() }));
    expect(() => on(() => back.forward(np.ones([1, 3, 1])))).toThrow(
      "[VALUE] ConvTranspose: there is no padding \"CAUSAL\"; it is 'SAME', 'VALID', 'CIRCULAR' or amounts",
    );
  });
});

test('the kinds of what a Conv holds', () => {
  const conv = on(() => new nnx.Conv(1, 1, [2], { mask: np.ones([2, 1, 1]), rngs: rngs() }));
  expect(conv.kernel).toBeInstanceOf(Param);
  expect(conv.mask).toBeInstanceOf(nnx.KernelMask);
  expect([...conv.split()[0]].map(([path]) => path).sort()).toEqual(['bias', 'kernel', 'mask']);
});
