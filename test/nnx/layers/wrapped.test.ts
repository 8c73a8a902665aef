/** WeightNorm and SpectralNorm: what they make of the layer's kernels, and that these stay as they are. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Param, cpu, grad, jit, nnx, np, random, vmap } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { agree } from '../../support/agree.ts';

const rngs = (): nnx.Rngs => new nnx.Rngs(0);
const x = random.normal(random.key(1), [4, 3]);
const identity = np.eye(3);
const close = { rtol: 1e-4, atol: 1e-5 };

describe('WeightNorm', () => {
  test('gives each output a kernel of length 1, times its scale', async () => {
    const make = (options: Partial<nnx.WeightNormOptions>): nnx.WeightNorm<nnx.Linear> =>
      new nnx.WeightNorm(new nnx.Linear(3, 4, { rngs: rngs() }), { ...options, rngs: rngs() });
    const layer = make({});
    expect([...layer.split()[0].keys()]).toEqual(['layer_instance/bias', 'layer_instance/kernel', 'scales/kernel']);
    await agree(() => [np.linalg.norm(layer.forward(identity), { axis: 0 }), np.ones([4])], close);
    const thrice = make({ scaleInit: (_, shape) => np.full(shape, 3) });
    await agree(() => [np.linalg.norm(thrice.forward(identity), { axis: 0 }), np.full([4], 3)], close);
  });

  test('of no feature axes gives the whole kernel length 1; without scale there is none', async () => {
    const options = { featureAxes: null, useScale: false, rngs: rngs() };
    const layer = new nnx.WeightNorm(new nnx.Linear(3, 4, { rngs: rngs() }), options);
    expect(layer.scales).toBe(null);
    await agree(() => [np.sum(np.square(layer.forward(identity))), np.array(1)], close);
  });

  test('leaves the kernel alone, and its gradient is across the kernel', async () => {
    const layer = new nnx.WeightNorm(new nnx.Linear(3, 4, { rngs: rngs() }), { rngs: rngs() });
    const { kernel } = new nnx.Linear(3, 4, { rngs: rngs() });
    const loss = (layer: nnx.WeightNorm<nnx.Linear>, x: Tensor): Tensor => np.sum(np.sin(layer.forward(x)));
    const gradient = jit(grad(loss), { device: cpu })(layer, x);
    await agree(() => [layer.layer_instance.kernel.value, kernel.value]);
    const slope = gradient.get('layer_instance/kernel').value;
    await agree(() => [np.sum(kernel.value.mul(slope), 0), np.zeros([4])], close);
    expect([...gradient.keys()]).toContain('scales/kernel');
  });

  test('is mapped over examples', async () => {
    const layer = new nnx.WeightNorm(new nnx.Linear(3, 4, { rngs: rngs() }), { rngs: rngs() });
    await agree(() => [vmap((x: Tensor) => layer.forward(x))(x), layer.forward(x)], close);
  });
});

describe('SpectralNorm', () => {
  const make = (options: Partial<nnx.SpectralNormOptions> = {}): nnx.SpectralNorm<nnx.Linear> =>
    new nnx.SpectralNorm(new nnx.Linear(3, 4, { rngs: rngs() }), { ...options, rngs: rngs() });

  test('finds the largest singular value: no vector grows, one keeps its length', async () => {
    const layer = make({ nSteps: 50 });
    await agree(() => {
      const kernel = layer.forward(identity);
      // The largest eigenvalue of K K', by powers of it.
      let square = kernel.matmul(np.transpose(kernel));
      for (let i = 0; i < 5; i++) square = square.matmul(square);
      return [np.power(np.trace(square), 1 / 32), np.array(1)];
    }, { rtol: 2e-3 });
  });

  test('keeps what it found, unless it is told not to', async () => {
    const layer = make();
    const { u } = layer.batch_stats['kernel'] as unknown as { readonly u: BatchStat };
    const begin = await u.value.array();
    layer.forward(x, { updateStats: false });
    expect(await u.value.array()).toEqual(begin);
    layer.forward(x);
    expect(await u.value.array()).not.toEqual(begin);
    expect([...layer.split()[0].extract(BatchStat).keys()]).toEqual(['batch_stats/kernel/sigma', 'batch_stats/kernel/u']);
  });

  test('gives the same in evaluation, however often', async () => {
    const layer = make({ updateStats: false });
    await agree(() => [layer.forward(x), layer.forward(x)]);
  });

  test('flattens the leading axes of what is no matrix', async () => {
    const general = new nnx.LinearGeneral([2, 3], 4, { axis: [-2, -1], rngs: rngs() });
    const layer = new nnx.SpectralNorm(general, { nSteps: 20, rngs: rngs() });
    const single = layer.layer_instance.kernel.value;
    await agree(() => {
      const [normed, plain] = [layer.forward(np.ones([1, 2, 3])), np.sum(single, [0, 1])];
      const sigma = (layer.batch_stats['kernel'] as unknown as { readonly sigma: BatchStat }).sigma.value;
      return [normed.reshape([4]).mul(sigma), plain];
    }, close);
    expect([...layer.split()[0].extract(Param).keys()]).toEqual(['layer_instance/bias', 'layer_instance/kernel']);
  });
});
