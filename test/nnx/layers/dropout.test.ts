/** Dropout: rates, keys, and where they come from. */
import { describe, expect, test } from 'vitest';
import { Module, PathRngs, Rngs, cpu, grad, jit, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { agree } from '../../support/agree.ts';

const rngs = (): Rngs => new Rngs(0);
const ones = (...shape: number[]): Tensor => np.ones(shape);
const dropped = async (y: Tensor): Promise<number> => [...(await y.data())].filter((value) => value === 0).length;

describe('rates', () => {
  test('0 is the identity, 1 gives zeros and a gradient of zeros, neither draws a key', async () => {
    const x = ones(2, 3);
    expect(new nnx.Dropout(0, { rngs: rngs() }).forward(x)).toBe(x);
    const all = new nnx.Dropout(1, { rngs: rngs() });
    await agree(() => [[all.forward(x), grad((x: Tensor) => np.sum(all.forward(x)))(x)], [np.zeros([2, 3]), np.zeros([2, 3])]]);
    expect(await all.rngs!.count.value.item()).toBe(0);
  });

  test('between, about that share is dropped and the mean stays', async () => {
    const y = withDevice(cpu, () => new nnx.Dropout(0.25, { rngs: rngs() }).forward(ones(1000)));
    expect(await dropped(y)).toBeGreaterThan(200);
    expect(await dropped(y)).toBeLessThan(300);
    expect([...new Set(await y.data())].sort()).toEqual([0, Math.fround(1 / 0.75)]);
  });

  test('axes that share a draw', () =>
    agree(() => {
      const y = new nnx.Dropout(0.5, { broadcastDims: [0, -1], rngs: rngs() }).forward(ones(4, 8, 3));
      return [y, np.broadcastTo(np.max(y, { axis: [0, 2], keepdims: true }), [4, 8, 3])];
    }));
});

describe('determinism', () => {
  test('the call counts before the constructor', async () => {
    const x = ones(2, 6);
    const layer = new nnx.Dropout(0.5, { deterministic: true, rngs: rngs() });
    expect(layer.forward(x)).toBe(x);
    expect(await dropped(layer.forward(x, { deterministic: false }))).toBeGreaterThan(0);
    const random = new nnx.Dropout(0.5, { rngs: rngs() });
    expect(random.forward(x, { deterministic: true })).toBe(x);
    expect(nnx.view(random, { deterministic: true }).forward(x)).toBe(x);
  });
});

describe('keys', () => {
  test('the stream is the first key of dropout, and its own part of the state', async () => {
    const layer = new nnx.Dropout(0.5, { rngs: new Rngs({ params: 0, dropout: 1 }) });
    const [state] = layer.split();
    expect([...state.keys()]).toEqual(['rngs/count', 'rngs/key']);
    await agree(() => [layer.rngs!.key.value, new Rngs({ dropout: 1 }).dropout()]);
  });

  test('those of the call count before those of the layer', async () => {
    const layer = new nnx.Dropout(0.5, { rngs: rngs() });
    const x = ones(3, 4);
    const key = new Rngs(7).dropout();
    await agree(() => [layer.forward(x, { rngs: new Rngs(7) }), random.bernoulli(key, 0.5, [3, 4]).astype('float32').mul(2)]);
    await agree(() => [layer.rngs!.count.value, np.zeros([], { dtype: 'uint32' })]);
    layer.forward(x, { rngs: new PathRngs(random.key(0)) });
  });

  test('advance inside jit', async () => {
    class Noisy extends Module {
      readonly dropout = new nnx.Dropout(0.5, { rngs: rngs() });

      forward(x: Tensor): Tensor {
        return this.dropout.forward(x);
      }
    }
    const [model, twin] = [new Noisy(), new Noisy()];
    const call = jit((model: Noisy, x: Tensor) => model.forward(x), { device: cpu });
    const x = ones(4, 8);
    const [first, second] = [call(model, x), call(model, x)];
    expect(await first.array()).not.toEqual(await second.array());
    await agree(() => [[first, second], [twin.forward(x), twin.forward(x)]]);
    expect(await model.dropout.rngs!.count.value.item()).toBe(2);
  });
});
