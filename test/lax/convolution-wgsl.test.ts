/** Convolutions, pooling and their derivatives in one program: WGSL against the reference, and both against loops. */
import { expect, test } from 'vitest';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { cpu, grad, jit, lax, np, vmap, withDevice } from '../../src/index.ts';
import type { Device, NestedArray, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { convolveByLoops, poolByLoops } from '../support/four-loops.ts';
import type { Sides } from '../support/four-loops.ts';
import { tensor } from '../support/host.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

const NHWC = { dimensionNumbers: ['NHWC', 'HWIO', 'NHWC'] } as const;

/** Numbers between -2 and 2 that repeat nowhere, on the host, so that both devices take them. */
function nested([extent, ...rest]: readonly number[], next: () => number): NestedArray {
  return extent === undefined ? next() : Array.from({ length: extent }, () => nested(rest, next));
}

function numbers(seed: number, ...shape: readonly number[]): Tensor {
  let count = 0;
  return tensor(nested(shape, () => 2 * Math.sin(seed + 1.7 * count++)));
}

const SIDES: readonly Sides[] = [
  { strides: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1] },
  { strides: [2, 1], padding: [[0, 1], [2, 0]], dilation: [1, 2], groups: 2 },
  { strides: [1, 2], padding: [[2, 1], [-1, 2]], dilation: [2, 1], inputDilation: [2, 3] },
];

function convolved(x: Tensor, kernels: readonly Tensor[]): Tensor[] {
  return SIDES.map(({ strides, padding, dilation, inputDilation = [1, 1], groups = 1 }, i) =>
    lax.convGeneralDilated(x, kernels[i]!, strides, padding, {
      ...NHWC, lhsDilation: inputDilation, rhsDilation: dilation, featureGroupCount: groups,
    }),
  );
}

function pooledAll(x: Tensor): Tensor[] {
  const [window, strides] = [[1, 2, 3, 1], [1, 2, 1, 1]];
  return [
    lax.reduceWindow(x, -Infinity, lax.max, window, strides, 'SAME'),
    lax.reduceWindow(x, Infinity, lax.min, window, strides, 'VALID'),
    lax.reduceWindow(x, 0, lax.add, window, strides, [[0, 0], [1, 2], [0, 1], [0, 0]], { windowDilation: [1, 2, 1, 1] }),
  ];
}

function program(x: Tensor, kernels: readonly Tensor[]): unknown {
  const total = (outputs: readonly Tensor[]): Tensor => outputs.map((y) => np.sin(y).sum()).reduce((a, b) => a.add(b));
  const convolvedTotal = (image: Tensor, weights: readonly Tensor[]): Tensor => total(convolved(image, weights));
  const perExample = vmap((image: Tensor, kernel: Tensor) => lax.convGeneralDilated(image, kernel, [1, 1], 'SAME', NHWC));
  return {
    outputs: [...convolved(x, kernels), ...pooledAll(x)],
    gradients: grad(convolvedTotal, { argnums: [0, 1] })(x, kernels),
    pooled: grad((image: Tensor) => total(pooledAll(image)))(x),
    mapped: perExample(np.expandDims(x, 1), np.stack([kernels[0]!, kernels[0]!.mul(2)])),
  };
}

test('WGSL equals the reference, and loops', async () => {
  const [x, kernels] = [numbers(3, 2, 5, 6, 4), [numbers(4, 3, 3, 4, 2), numbers(5, 2, 2, 2, 6), numbers(6, 3, 2, 4, 3)]];
  const run = (device: Device): unknown => withDevice(device, () => jit(program)(x, kernels));
  wgsl.reset();
  const [found, expected] = [run(wgsl.device), run(cpu)] as [{ outputs: Tensor[] }, unknown];
  expect(wgsl.counts.dispatches).toBeGreaterThan(10);
  await assertAllClose(found, expected, { rtol: 1e-4, atol: 1e-5 });
  const host = async (t: Tensor): Promise<ReturnType<typeof fromNumbers>> => fromNumbers('float32', t.shape, [...await t.data()]);
  const image = await host(x);
  for (const [i, sides] of SIDES.entries()) {
    const { shape, data } = convolveByLoops(image, await host(kernels[i]!), sides);
    await assertAllClose(found.outputs[i]!, np.array(data as Float32Array).reshape(shape), { rtol: 1e-4, atol: 1e-5 });
  }
  const same: Sides = { strides: [2, 1], padding: [[0, 1], [1, 1]], dilation: [1, 1] };
  const largest = poolByLoops(image, [2, 3], same, (covered) => Math.max(...covered));
  await assertAllClose(found.outputs[3]!, np.array(largest.data as Float32Array).reshape(largest.shape));
});
