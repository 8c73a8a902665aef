/** Linear, LinearGeneral, Einsum, LoRA, Embed: identities between them and np. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Param, cpu, grad, jit, nnx, np, random, vmap, withDevice } from '../../../src/index.ts';
import type { Key, Tensor } from '../../../src/index.ts';
import { agree } from '../../support/agree.ts';
import { property } from '../../support/property.ts';

const rngs = (): nnx.Rngs => new nnx.Rngs(0);
const unit = nnx.initializers.normal({ stddev: 1 });
const normal = (...shape: number[]): Tensor => random.normal(random.key(1), shape);
const integers = (...values: number[]): Tensor => np.array(values, { dtype: 'int32' });
const extent = fc.integer({ min: 1, max: 4 });

describe('Linear', () => {
  property('is x @ kernel + bias over the last axis', [fc.array(extent, { maxLength: 3 }), extent, extent], (batch, din, dout) =>
    agree(() => {
      const layer = new nnx.Linear(din, dout, { biasInit: unit, rngs: rngs() });
      const x = normal(...batch, din);
      return [layer.forward(x), np.matmul(x, layer.kernel).add(layer.bias!)];
    }), 5);

  test('draws a key for the bias also when it is zeros, and none without it', async () => {
    const next = (useBias: boolean): Tensor => {
      const source = rngs();
      const layer = new nnx.Linear(2, 2, { useBias, rngs: source });
      expect(layer.bias === null).toBe(!useBias);
      return source.makeRng();
    };
    const keys = rngs();
    await agree(() => [[next(false), next(true)], [keys.makeRng(), keys.makeRng(), keys.makeRng()].slice(1)]);
  });

  test('has a kernel for each key under vmap, and takes its part of them', async () => {
    await agree(() => {
      const layers = vmap((key: Key) => new nnx.Linear(2, 2, { rngs: new nnx.Rngs(key) }))(random.split(random.key(0), 3));
      const x = normal(3, 4, 2);
      const y = vmap((layer: nnx.Linear, x: Tensor) => layer.forward(x))(layers, x);
      return [y, np.einsum('bij,bjk->bik', x, layers.kernel)];
    });
  });

  test('is of one structure whenever its options are the same', () => {
    const structure = (options: Partial<nnx.LinearOptions>): unknown =>
      new nnx.Linear(2, 2, { ...options, rngs: rngs() }).split()[1];
    expect(structure({})).toBe(structure({ useBias: true }));
    expect(structure({})).not.toBe(structure({ dtype: 'float16' }));
  });
});

describe('LinearGeneral', () => {
  test('is a tensordot', async () => {
    await agree(() => {
      const layer = new nnx.LinearGeneral([3, 2], [4, 5], { axis: [0, 2], rngs: rngs() });
      const x = normal(3, 6, 2);
      return [layer.forward(x), np.tensordot(x, layer.kernel, { axes: [[0, 2], [0, 1]] })];
    });
  });

  test('of one axis is Linear', async () => {
    const x = normal(2, 3);
    await agree(() => [
      new nnx.LinearGeneral(3, 4, { rngs: rngs() }).forward(x),
      new nnx.Linear(3, 4, { rngs: rngs() }).forward(x),
    ]);
  });

  test('with batch axes has a kernel and a bias for each index', async () => {
    await agree(() => {
      const layer = new nnx.LinearGeneral(3, 2, { batchAxis: { 0: 4 }, biasInit: unit, rngs: rngs() });
      const x = normal(4, 5, 3);
      const each = vmap((x: Tensor, kernel: Tensor, bias: Tensor) => x.matmul(kernel).add(bias));
      return [layer.forward(x), each(x, layer.kernel.value, layer.bias!.value)];
    });
  });
});

test('Einsum takes other subscripts for a call', async () => {
  await agree(() => {
    const layer = new nnx.Einsum('bi,io->bo', [3, 2], [2], { biasInit: unit, rngs: rngs() });
    const x = normal(2, 4, 3);
    return [layer.forward(x, 'b t i, i o -> b t o'), np.matmul(x, layer.kernel).add(layer.bias!)];
  });
  expect(new nnx.Einsum('bi,io->bo', [3, 2], null, { rngs: rngs() }).bias).toBe(null);
});

describe('LoRA', () => {
  test('begins as what it stands beside', async () => {
    const x = normal(2, 3);
    const linear = new nnx.Linear(3, 4, { rngs: rngs() });
    await agree(() => [new nnx.LoRA(3, 2, 4, { baseModule: linear, rngs: rngs() }).forward(x), linear.forward(x)]);
    await agree(() => [new nnx.LoRA(3, 2, 3, { baseModule: np.tanh, rngs: rngs() }).forward(x), np.tanh(x)]);
    await agree(() => [new nnx.LoRALinear(3, 4, { loraRank: 2, rngs: rngs() }).forward(x), linear.forward(x)]);
  });

  test('is trained alone by its kind of Params; the state of a Linear fits the rest', () => {
    const layer = new nnx.LoRALinear(3, 4, { loraRank: 2, rngs: rngs() });
    const loss = (layer: nnx.LoRALinear): Tensor => np.sum(layer.forward(np.ones([1, 3])));
    const paths = (wrt: nnx.Filter): string[] => withDevice(cpu, () => [...grad(loss, { wrt })(layer).keys()]);
    expect(paths(nnx.LoRAParam)).toEqual(['lora/lora_a', 'lora/lora_b']);
    expect(paths(Param)).toEqual(['bias', 'kernel', 'lora/lora_a', 'lora/lora_b']);
    layer.update(new nnx.Linear(3, 4, { rngs: rngs() }).split()[0]);
    expect([...layer.split()[0].keys()]).toHaveLength(4);
  });

  test('holds the kind of Variables that it is told to', () => {
    class Frozen extends Param {}
    const layer = new nnx.LoRA(3, 2, 4, { loraParamType: Frozen, rngs: rngs() });
    expect(layer.lora_a).toBeInstanceOf(Frozen);
  });
});

describe('Embed', () => {
  test('gives rows, and NaN outside of the table', async () => {
    const embeddingInit: nnx.Initializer = (_, shape) => np.arange(6).reshape(shape).astype('float32');
    const layer = new nnx.Embed(3, 2, { embeddingInit, rngs: rngs() });
    await agree(() => [layer.forward(integers(0, 2, -1, 3, -4)), [[0, 1], [4, 5], [4, 5], [NaN, NaN], [NaN, NaN]]]);
    const one = new nnx.Embed(1, 2, { rngs: rngs() });
    await agree(() => [np.isnan(one.forward(integers(0, 1))), [[false, false], [true, true]]]);
  });

  test('attends by the same table', async () => {
    const layer = new nnx.Embed(5, 3, { rngs: rngs() });
    const q = normal(2, 4, 3);
    await agree(() => [layer.attend(q), np.matmul(q, np.transpose(layer.embedding))]);
  });

  test('adds up the gradients of a row that was chosen twice', async () => {
    const layer = new nnx.Embed(3, 1, { rngs: rngs() });
    const loss = (layer: nnx.Embed, x: Tensor): Tensor => np.sum(layer.forward(x));
    const gradient = jit(grad(loss), { device: cpu })(layer, integers(2, 0, 2));
    expect(await gradient.get('embedding').value.array()).toEqual([[1], [0], [2]]);
  });
});
