/** A stack of layers as one: what flax.nnx gives for split_rngs, vmap of the constructor and scan of the call. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Module, Rngs, cpu, grad, jit, nn, nnx, np, random, withDevice } from '../../src/index.ts';
import type { NestedArray, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

type Entry = Readonly<Record<string, NestedArray>> & { readonly state_shapes: Readonly<Record<string, readonly number[]>> };

const golden = (JSON.parse(readFileSync(new URL('nnx.json', import.meta.url), 'utf8')) as Record<string, Entry>)[
  'scan over layers: split_rngs(3)+vmap(Block)+scan'
]!;
const expected = (name: string): Tensor => np.array(golden[name] as number[]);

class Block extends Module {
  readonly linear: nnx.Linear;
  readonly bn: nnx.BatchNorm;
  readonly dropout: nnx.Dropout;

  constructor(features: number, rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(features, features, { rngs });
    this.bn = new nnx.BatchNorm(features, { momentum: 0.95, rngs });
    this.dropout = new nnx.Dropout(0.1, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(nn.gelu(this.bn.forward(this.linear.forward(x))));
  }
}

const wgsl = useWgsl();
const devices = { cpu: () => cpu, WGSL: () => wgsl.device };
const close = { rtol: 1e-4, atol: 1e-6 };

describe.each(Object.entries(devices))('on %s', (_, device) => {
  const create = (): readonly [Block, Rngs] =>
    jit(() => {
      const rngs = new Rngs(0);
      return [nnx.repeat(3, (each) => new Block(4, each), { rngs }), rngs] as const;
    }, { device: device() })();

  test('the layers as they are made', async () => {
    const [layers, rngs] = create();
    const [state] = layers.split();
    // A key is one element in Flax, and two words here.
    const shapes = { ...golden.state_shapes, 'dropout/rngs/key': [...golden.state_shapes['dropout/rngs/key']!, 2] };
    expect(Object.fromEntries([...state].map(([path, { shape }]) => [path, shape]))).toEqual(shapes);
    const kernels = await layers.linear.kernel.value.array<number[][][]>();
    await assertAllClose([np.array(kernels[0]!), np.array(kernels[2]!)], [expected('kernel[0]'), expected('kernel[2]')], close);
    expect(await rngs.stream().count.value.item()).toBe(golden['Rngs(0) count after create']);
  });

  test('the call, and what it writes', async () => {
    const [layers] = create();
    const run = jit((layers: Block, key: Tensor) => {
      const x = random.normal(key, [2, 4]);
      return [x, nnx.scanLayers(layers, (x, layer) => layer.forward(x), x)] as const;
    }, { device: device() });
    const [x, y] = run(layers, random.key(0));
    await assertAllClose(x, expected('x=normal(key(0),(2,4))'), close);
    await assertAllClose(y, expected('y'), close);
    await assertAllClose(layers.bn.mean.value, expected('bn.mean after'), close);
    expect(await layers.dropout.rngs!.count.value.array()).toEqual(golden['dropout.count after']);
  });
});

test('the keys of the layers are split from the next key', async () => {
  const keys = withDevice(cpu, () => new Rngs(0).split(3).stream().key.value);
  expect(await keys.array()).toEqual(golden['layer rng keys = split(Rngs(0)(),3)']);
});

test('the loop is what the layers give one by one, with its gradients', async () => {
  const [values, gradients] = withDevice(cpu, () => {
    const layers = nnx.repeat(3, (rngs) => new nnx.Linear(4, 4, { rngs }), { rngs: new Rngs(0) });
    const x = random.normal(random.key(1), [2, 4]);
    const looped = (m: nnx.Linear): Tensor => nnx.scanLayers(m, (x, layer) => np.tanh(layer.forward(x)), x).sum();
    const unrolled = (m: nnx.Linear): Tensor => {
      let y: Tensor = x;
      for (let i = 0; i < 3; i++) y = np.tanh(y.matmul(np.slice(m.kernel.value, i)).add(np.slice(m.bias!.value, i)));
      return y.sum();
    };
    const slopes = [grad(looped)(layers), grad(unrolled)(layers)] as const;
    return [[looped(layers), unrolled(layers)], ['kernel', 'bias'].map((path) => slopes.map((state) => state.get(path).value))] as const;
  });
  await assertAllClose(values[0]!, values[1]!);
  for (const [one, other] of gradients) await assertAllClose(one!, other!, { atol: 1e-6 });
});
