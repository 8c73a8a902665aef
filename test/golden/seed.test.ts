/** The tiny-NNX program against real JAX: keys, parameters, outputs, every layer's intermediate values, batch statistics. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BatchStat, PathRngs, cpu, jit, nn, np, random, withDevice } from '../../src/index.ts';
import type { Device, State, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { ScanMLP, runSeed } from '../../examples/seed.ts';
import type { Block } from '../../examples/seed.ts';
import { useWgsl } from '../support/wgsl.ts';

type Nested = number | readonly Nested[];

interface Model {
  readonly hidden_size: number;
  readonly n_layers: number;
  readonly init_layer_keys: number[][];
  readonly init_state: Record<string, Nested>;
  readonly init_state_checksums: Record<string, { readonly sum: number; readonly sumsq: number }>;
  readonly linear_w_hex: Record<string, string[]>;
  readonly x: number[][];
  readonly call_layer_keys: number[][];
  readonly call_dropout_keys: number[][];
  readonly dropout_masks: number[][][];
  readonly y_train: number[][];
  readonly batch_stats_after_train_call: Record<string, number[][]>;
  readonly trace:
    | readonly Record<'linear' | 'batch_mean' | 'batch_var' | 'bn' | 'gelu_tanh' | 'dropout', Nested>[]
    | { readonly last_dropout: Nested };
}

const golden = JSON.parse(readFileSync(new URL('seed.json', import.meta.url), 'utf8')) as {
  readonly partitionable: Record<string, Record<string, unknown>>;
  readonly printed: { readonly seed_stdout: string };
};

/** Some keys of the document carry an explanation in parentheses. */
function model(name: string): Model {
  const entries = Object.entries(golden.partitionable[name]!).map(([key, value]) => [key.replace(/ \(.*/, ''), value]);
  return Object.fromEntries(entries) as Model;
}

const wgsl = useWgsl();
const devices: Record<string, () => Device> = { cpu: () => cpu, WGSL: () => wgsl.device };
const tolerance = { rtol: 1e-5, atol: 1e-5 };
const exact = { rtol: 0, atol: 0 };
const trainKey = (): PathRngs => new PathRngs(random.key(1));

async function valuesOf(state: State): Promise<Map<string, readonly number[]>> {
  const entries = [...state].map(async ([path, variable]) => [path, [...(await variable.value.data())]] as const);
  return new Map(await Promise.all(entries));
}

function bits(values: readonly number[]): string[] {
  return values.map((value) => new Uint32Array(Float32Array.of(value).buffer)[0]!.toString(16).padStart(8, '0'));
}

for (const [deviceName, device] of Object.entries(devices)) {
  for (const name of ['ScanMLP_small(4,3)', 'ScanMLP_seed(10,5)']) {
    const expected = model(name);
    const build = (): { module: ScanMLP; rngs: PathRngs } => {
      const rngs = new PathRngs(random.key(0));
      return { module: new ScanMLP(expected.hidden_size, expected.n_layers, { rngs }), rngs };
    };
    const on = <T>(f: () => T): T => withDevice(device(), f);

    describe(`${name} on ${deviceName}`, () => {
      test('parameters and keys', async () => {
        const { module, rngs } = on(build);
        expect(rngs.count).toBe(2);
        expect(await on(() => random.split(new PathRngs(random.key(0)).makeRng(), expected.n_layers - 1)).array()).toEqual(
          expected.init_layer_keys,
        );
        expect(await on(() => random.split(trainKey().makeRng(), expected.n_layers - 1)).array()).toEqual(
          expected.call_layer_keys,
        );
        for (const [path, data] of await valuesOf(module.split()[0])) {
          const flat = [expected.init_state[path]!].flat(3) as number[];
          expect(data.slice(0, flat.length)).toEqual(flat.map(Math.fround));
          const { sum, sumsq } = expected.init_state_checksums[path]!;
          expect(data.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 3);
          expect(data.reduce((a, b) => a + b * b, 0)).toBeCloseTo(sumsq, 3);
          const hex = expected.linear_w_hex[path];
          if (hex !== undefined) expect(bits(data.slice(0, hex.length))).toEqual(hex);
        }
      });

      for (const compiled of [false, true]) {
        test(`training-mode call, ${compiled ? 'jitted' : 'eager'}: outputs and batch statistics`, async () => {
          const { y, module } = on(() => {
            const { module } = build();
            const forward = (m: ScanMLP, x: Tensor): Tensor => m.forward(x, { train: true, rngs: trainKey() });
            return { y: (compiled ? jit(forward) : forward)(module, np.array(expected.x)), module };
          });
          await assertAllClose(await y.to(device()), np.array(expected.y_train), tolerance);
          const stats = module.split()[0].extract(BatchStat);
          expect([...stats.keys()]).toEqual(Object.keys(expected.batch_stats_after_train_call).sort());
          for (const [path, values] of Object.entries(expected.batch_stats_after_train_call)) {
            await assertAllClose(stats.get(path).value, np.array(values), tolerance);
          }
        });
      }

      test('evaluation at first and after one training call', async () => {
        const record = expected as unknown as Record<string, number[][]>;
        const { atInit, after } = on(() => {
          const { module } = build();
          const x = np.array(expected.x);
          const evaluate = (): Tensor => module.forward(x, { train: false, rngs: trainKey() });
          const atInit = evaluate();
          module.forward(x, { train: true, rngs: trainKey() });
          return { atInit, after: evaluate() };
        });
        await assertAllClose(atInit, np.array(record['y_eval_at_init']!), tolerance);
        await assertAllClose(after, np.array(record['y_eval_after_one_train_step']!), tolerance);
      });

      test('every layer', async () => {
        const { module } = on(build);
        const layers = on(() => traceLayers(module, np.array(expected.x), expected.n_layers));
        const want = expected.trace;
        for (const [i, layer] of layers.entries()) {
          await assertAllClose(layer.mask, np.array(expected.dropout_masks[i]!.map((row) => row.map((bit) => bit === 1))), exact);
          expect(await layer.dropoutKey.array()).toEqual(expected.call_dropout_keys[i]);
          if (!Array.isArray(want)) continue;
          for (const [key, values] of Object.entries(want[i] as Record<string, number[]>)) {
            await assertAllClose(layer.values[key], np.array(values), tolerance);
          }
        }
        if (!Array.isArray(want)) {
          await assertAllClose(
            layers.at(-1)!.values['dropout'],
            np.array((want as { last_dropout: number[][] }).last_dropout),
            tolerance,
          );
        }
      });
    });
  }
}

interface LayerTrace {
  readonly values: Record<string, Tensor>;
  readonly mask: Tensor;
  readonly dropoutKey: Tensor;
}

/** The blocks one after the other, without scan, keeping every intermediate value. */
function traceLayers(module: ScanMLP, x: Tensor, layers: number): LayerTrace[] {
  const [...keys] = random.split(trainKey().makeRng(), layers - 1);
  const stacked = module.layers.split();
  return keys.map((key, i) => {
    const state = stacked[0];
    const block: Block = stacked[1].merge(state);
    for (const variable of block.split()[0].values()) variable.value = [...variable.value][i]!;
    const linear = block.linear.forward(x);
    const bn = block.bn.forward(linear, { train: true });
    const gelu = nn.gelu(bn);
    const dropoutKey = new PathRngs(key).makeRng();
    const mask = random.bernoulli(dropoutKey, 0.9, gelu.shape);
    const dropout = block.dropout.forward(gelu, { train: true, rngs: new PathRngs(key) });
    const values = { linear, batch_mean: linear.mean([0]), batch_var: linear.var([0]), bn, gelu_tanh: gelu, dropout };
    x = dropout;
    return { values, mask, dropoutKey };
  });
}

test('the printed output is the document’s, byte for byte', async () => {
  expect(`${await runSeed(true)}\n`).toBe(golden.printed.seed_stdout.replace(/\n?$/, '\n'));
});
