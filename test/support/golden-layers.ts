/**
 * Layers of golden/nnx.json and nnx-layers.json: each is made from Rngs(0) and called; its state before and after and its output
 * are compared.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { BatchStat, cpu, jit, nnx, np, withDevice } from '../../src/index.ts';
import type { Device, Module, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { expectTree } from './golden-entries.ts';
import type { Nested } from './golden-entries.ts';
import type { Wgsl } from './wgsl.ts';

interface Entry {
  /** Variables by path, as Flax made them. */
  readonly state: Readonly<Record<string, { readonly type: string; readonly value: Nested }>>;
  readonly batch_stat_after?: Entry['state'];
  readonly x: Nested;
  readonly [name: string]: unknown;
}

type Goldens = { readonly layers: Readonly<Record<string, Entry>> } & Readonly<Record<string, unknown>>;

function read(name: string): Goldens {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as Goldens;
}

/** Sequences of keys, training curves; the layers also of nnx-layers.json. */
export const NNX_GOLDENS: Goldens = { ...read('nnx'), layers: { ...read('nnx').layers, ...read('nnx-layers').layers } };

/** Makes a layer and calls it: what a test says about an entry of the file. */
export interface LayerCase {
  /** The entry's name. */
  readonly name: string;
  readonly make: (rngs: nnx.Rngs) => Module;
  /** The output, to be compared with the entry's `output`. */
  readonly call: (layer: never, x: Tensor) => unknown;
  /** The name of the output; default y. */
  readonly output?: string;
  /** Whether x is integers. */
  readonly integers?: boolean;
}

interface Result {
  readonly layer: Module;
  readonly before: Readonly<Record<string, Tensor>>;
  readonly y: unknown;
}

/** Tests the cases on `cpu` and, unless that is null, in WGSL; on each device all of them are one jitted program. */
export function testGoldenLayers(wgsl: Wgsl | null, cases: readonly LayerCase[]): void {
  const inputs = cases.map(({ name, integers = false }) =>
    np.array(NNX_GOLDENS.layers[name]!.x as number[], { dtype: integers ? 'int32' : 'float32' }),
  );
  const run = (xs: readonly Tensor[]): Result[] =>
    cases.map(({ make, call }, i) => {
      const layer = make(new nnx.Rngs(0));
      const before = Object.fromEntries([...layer.split()[0]].map(([path, { value }]) => [path, value]));
      return { layer, before, y: call(layer as never, xs[i]!) };
    });
  const devices: Record<string, () => Device> = { cpu: () => cpu, ...(wgsl && { WGSL: () => wgsl.device }) };
  for (const [deviceName, device] of Object.entries(devices)) {
    describe(`layers on ${deviceName}`, () => {
      let results!: Result[];
      beforeAll(() => {
        results = withDevice(device(), () => jit(run)(inputs));
      });
      for (const [i, { name, output = 'y' }] of cases.entries()) {
        test(name, async () => {
          const entry = NNX_GOLDENS.layers[name]!;
          const { layer, before, y } = results[i]!;
          const [state] = layer.split();
          expect(Object.fromEntries([...state].map(([path, variable]) => [path, variable.constructor.name]))).toEqual(
            Object.fromEntries(Object.entries(entry.state).map(([path, { type }]) => [path, type])),
          );
          await assertAllClose(before, valuesOf(entry.state));
          const after = state.extract(BatchStat);
          const stats = Object.fromEntries([...after].map(([path, { value }]) => [path, value]));
          await assertAllClose(stats, valuesOf(entry.batch_stat_after ?? {}));
          await expectTree(y, entry[output] as Nested);
        });
      }
    });
  }
}

function valuesOf(state: Entry['state']): Record<string, Tensor> {
  const tensorOf = ({ type, value }: Entry['state'][string]): Tensor =>
    np.array(value as number[], { dtype: type.startsWith('Rng') ? 'uint32' : 'float32' });
  return Object.fromEntries(Object.entries(state).map(([path, variable]) => [path, tensorOf(variable)]));
}
