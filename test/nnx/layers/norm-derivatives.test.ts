/** The derivatives of normalising layers, against Flax's on `cpu` and against finite differences in WGSL. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, test } from 'vitest';
import { cpu, grad, init, jit, nnx, np, random } from '../../../src/index.ts';
import type { Module, Tensor } from '../../../src/index.ts';
import { assertAllClose, checkGrads } from '../../../src/testing/index.ts';

type Nested = number | readonly Nested[];

interface Entry {
  readonly state: Readonly<Record<string, { readonly value: Nested }>>;
  readonly x: Nested;
  readonly 'by x': Nested;
  readonly 'by params': Readonly<Record<string, Nested>>;
}

const file = new URL('../../golden/nnx-layers.json', import.meta.url);
const { derivatives } = JSON.parse(readFileSync(file, 'utf8')) as { readonly derivatives: Readonly<Record<string, Entry>> };
const tensor = (values: Nested): Tensor => np.array(values as number[]);

type Layer = Module & { forward(x: Tensor): Tensor };
type Options = nnx.NormOptions;

const layers: Readonly<Record<string, (options: Options) => Layer>> = {
  'BatchNorm(3)': (options) => new nnx.BatchNorm(3, options),
  'BatchNorm(3,use_running_average)': (options) => new nnx.BatchNorm(3, { useRunningAverage: true, ...options }),
  'LayerNorm(3)': (options) => new nnx.LayerNorm(3, options),
  'LayerNorm(3,use_fast_variance=False)': (options) => new nnx.LayerNorm(3, { useFastVariance: false, ...options }),
  'RMSNorm(3)': ({ scaleInit, rngs }) => new nnx.RMSNorm(3, { scaleInit: scaleInit!, rngs }),
  'GroupNorm(6,num_groups=2)': (options) => new nnx.GroupNorm(6, { numGroups: 2, ...options }),
  'InstanceNorm(2)': (options) => new nnx.InstanceNorm(2, options),
  'WeightNorm(Linear(3,3))': ({ rngs }) => new nnx.WeightNorm(new nnx.Linear(3, 3, { rngs }), { useScale: false, rngs }),
};

describe("the gradients of sum(sin(layer(x)) * x) are Flax's", () => {
  const unit = nnx.initializers.normal({ stddev: 1 });
  const loss = (layer: Layer, x: Tensor): Tensor => np.sum(np.sin(layer.forward(x)).mul(x));
  for (const [name, make] of Object.entries(layers)) {
    test(name, async () => {
      const entry = derivatives[name]!;
      const layer = make({ scaleInit: unit, biasInit: unit, rngs: new nnx.Rngs(0) });
      const [byParams, byInput] = jit(grad(loss, { argnums: [0, 1] }), { device: cpu })(layer, tensor(entry.x));
      const actual = Object.fromEntries([...byParams].map(([path, { value }]) => [path, value]));
      const expected = Object.fromEntries(Object.entries(entry['by params']).map(([path, values]) => [path, tensor(values)]));
      await assertAllClose([byInput, actual], [tensor(entry['by x']), expected], { rtol: 1e-4, atol: 1e-5 });
    });
  }
});

describe('finite differences, by input, scale and bias', () => {
  beforeAll(() => init());
  const normal = (seed: number, ...shape: number[]): Tensor => random.normal(random.key(seed), shape).mul(2);
  for (const name of ['BatchNorm(3)', 'LayerNorm(3)']) {
    test(name, async () => {
      const f = (x: Tensor, scale: Tensor, bias: Tensor): Tensor => {
        const layer = layers[name]!({ scaleInit: () => scale, biasInit: () => bias, rngs: new nnx.Rngs(0) });
        return np.sum(np.sin(layer.forward(x)).mul(x));
      };
      await checkGrads(f, [normal(1, 4, 3), normal(2, 3), normal(3, 3)]);
    });
  }
});
