/** The normalising layers: what they do to the moments, how they relate, their running statistics. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BatchStat, cpu, grad, jit, lax, nnx, np, random, vmap } from '../../../src/index.ts';
import type { Key, Tensor } from '../../../src/index.ts';
import { agree } from '../../support/agree.ts';
import { property } from '../../support/property.ts';

const rngs = (): nnx.Rngs => new nnx.Rngs(0);
const unit = nnx.initializers.normal({ stddev: 1 });
const affine = { scaleInit: unit, biasInit: unit };
const normal = (...shape: number[]): Tensor => random.normal(random.key(1), shape);
const extent = fc.integer({ min: 2, max: 5 });
const close = { rtol: 1e-4, atol: 1e-5 };

describe('moments of the output', () => {
  property('LayerNorm: mean 0 and variance 1 of each example', [extent, extent], (n, c) =>
    agree(() => {
      const y = new nnx.LayerNorm(c, { epsilon: 0, rngs: rngs() }).forward(normal(n, c).mul(3).add(2));
      return [[np.mean(y, -1), np.var(y, -1)], [np.zeros([n]), np.ones([n])]];
    }, { rtol: 1e-3, atol: 1e-4 }), 5);

  property('RMSNorm: a mean square of 1', [extent, extent], (n, c) =>
    agree(() => {
      const y = new nnx.RMSNorm(c, { rngs: rngs() }).forward(normal(n, c).mul(3));
      return [np.mean(np.square(y), -1), np.ones([n])];
    }, close), 5);

  property('BatchNorm: mean 0 and variance 1 of each feature', [extent, extent, extent], (n, h, c) =>
    agree(() => {
      const y = new nnx.BatchNorm(c, { epsilon: 0, rngs: rngs() }).forward(normal(n, h, c).mul(3).add(2));
      return [[np.mean(y, [0, 1]), np.var(y, [0, 1])], [np.zeros([c]), np.ones([c])]];
    }, { rtol: 1e-3, atol: 1e-4 }), 5);
});

describe('relations', () => {
  const x = normal(2, 3, 4, 6);

  test('GroupNorm of one group is LayerNorm over all axes but the first', () =>
    agree(() => [
      new nnx.GroupNorm(6, { numGroups: 1, ...affine, rngs: rngs() }).forward(x),
      new nnx.LayerNorm(6, { reductionAxes: [1, 2, 3], ...affine, rngs: rngs() }).forward(x),
    ], close));

  test('GroupNorm of groups of one is InstanceNorm', () =>
    agree(() => [
      new nnx.GroupNorm(6, { numGroups: null, groupSize: 1, ...affine, rngs: rngs() }).forward(x),
      new nnx.InstanceNorm(6, { ...affine, rngs: rngs() }).forward(x),
    ], close));

  test('GroupNorm takes its moments over the axes that it is told', () =>
    agree(() => {
      const rows = new nnx.GroupNorm(6, { numGroups: 2, reductionAxes: [2, -1], ...affine, rngs: rngs() });
      const whole = new nnx.GroupNorm(6, { numGroups: 2, ...affine, rngs: rngs() });
      return [rows.forward(x), vmap((x: Tensor) => whole.forward(x), { inAxes: 1, outAxes: 1 })(x)];
    }, close));

  test('what a mask leaves out does not count', async () => {
    const [first, last] = [normal(3, 2), normal(3, 1)];
    const layer = (features: number): nnx.LayerNorm => new nnx.LayerNorm(features, { rngs: rngs() });
    await agree(() => {
      const all = np.concatenate([first, np.full([3, 1], 100), last], { axis: 1 });
      const y = layer(4).forward(all, { mask: np.array([true, true, false, true]) });
      const kept = layer(3).forward(np.concatenate([first, last], { axis: 1 }));
      return [np.take(y, [0, 1, 3], { axis: 1 }), kept];
    }, close);
    await agree(() => [layer(2).forward(first, { mask: false }), np.full([3, 2], NaN)]);
  });

  test('both variances agree; the slow one also where the mean is large', async () => {
    const fast = new nnx.LayerNorm(6, { rngs: rngs() });
    const slow = new nnx.LayerNorm(6, { useFastVariance: false, rngs: rngs() });
    await agree(() => [fast.forward(x), slow.forward(x)], close);
    await agree(() => [slow.forward(x.add(4096)), slow.forward(x)], { atol: 2e-3 });
  });
});

test('the gradient of BatchNorm passes through the moments of the batch, not through what is kept of them', async () => {
  const layer = new nnx.BatchNorm(2, { rngs: rngs() });
  const output = grad((x: Tensor) => np.sum(np.sin(layer.forward(x))));
  await agree(() => [np.sum(output(normal(4, 2)), 0), np.zeros([2])], { atol: 1e-5 });
  const kept = grad((x: Tensor) => {
    layer.forward(x);
    return np.sum(layer.mean.value);
  });
  await agree(() => [kept(normal(4, 2)), np.zeros([4, 2])]);
});

describe('running statistics', () => {
  test('move in training, inside jit and scan, and stay in evaluation', async () => {
    const layer = new nnx.BatchNorm(2, { momentum: 0.5, rngs: rngs() });
    const xs = normal(3, 4, 2);
    const train = (layer: nnx.BatchNorm, xs: Tensor): unknown => lax.scan((n, x) => [n.add(1), layer.forward(x)], 0, xs);
    jit(train, { device: cpu })(layer, xs);
    layer.forward(xs, { useRunningAverage: true });
    await agree(() => {
      const expected = [...xs].reduce((mean, x) => mean.mul(0.5).add(np.mean(x, 0).mul(0.5)), np.zeros([2]));
      return [layer.mean.value, expected];
    });
  });

  test('are those of one layer each under vmap', () =>
    agree(() => {
      const make = vmap((key: Key) => new nnx.BatchNorm(2, { momentum: 0, rngs: new nnx.Rngs(key) }));
      const layers = make(random.split(random.key(0), 3));
      const x = normal(3, 4, 2);
      vmap((layer: nnx.BatchNorm, x: Tensor) => layer.forward(x))(layers, x);
      expect([...layers.split()[0].extract(BatchStat).keys()]).toEqual(['mean', 'var']);
      return [layers.mean.value, np.mean(x, 1)];
    }));

  test('are used when the layer was made so, or is seen so', async () => {
    const x = normal(4, 2);
    const layer = new nnx.BatchNorm(2, { useRunningAverage: true, rngs: rngs() });
    await agree(() => [layer.forward(x), x], close);
    const seen = nnx.view(new nnx.BatchNorm(2, { rngs: rngs() }), { useRunningAverage: true });
    await agree(() => [seen.forward(x), x], close);
  });
});
