/** Entries of a golden file against one program that computes them all, on `cpu` and in WGSL. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Tensor, cpu, jit, nnx, np, withDevice } from '../../src/index.ts';
import type { Device, Module } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import type { Wgsl } from './wgsl.ts';

export type Nested = number | boolean | readonly Nested[];

/** Parameters by path, as Flax made them. */
export type GoldenState = Readonly<Record<string, Nested>>;

/** A program over all inputs; what it gives under a name is compared with the entry of that name. */
export type Program<Inputs> = (inputs: Inputs) => Readonly<Record<string, unknown>>;

/** Nested lists as float32 tensors, bools as bool. */
export function tensorsOf<T extends Readonly<Record<string, Nested>>>(values: T): { [K in keyof T]: Tensor } {
  const entries = Object.entries(values).map(([name, value]) => [name, np.array(value as number)]);
  return Object.fromEntries(entries) as { [K in keyof T]: Tensor };
}

/** The module with these parameters in place of its own. */
export function loaded<M extends Module>(module: M, state: Readonly<Record<string, Tensor>>): M {
  const [current] = module.split();
  for (const [path, value] of Object.entries(state)) current.get(path).value = value;
  return module;
}

/** Tests that modules made from Rngs(0) begin with the parameters of Flax, no more and no others. */
export function testInitialParameters(
  modules: Readonly<Record<string, (rngs: nnx.Rngs) => Module>>,
  states: Readonly<Record<string, GoldenState>>,
): void {
  test.each(Object.keys(modules))('%s begins as in Flax', async (name) => {
    const [state] = withDevice(cpu, () => modules[name]!(new nnx.Rngs(0))).split();
    const values = [...state.extract(nnx.Param)].map(([path, { value }]) => [path, value] as const);
    await assertAllClose(Object.fromEntries(values), tensorsOf(states[name]!));
  });
}

/** The values of a module's parameters, by path: made on `cpu`, where it costs no pipelines. */
export async function parametersOf(make: () => Module): Promise<GoldenState> {
  const state = withDevice(cpu, () => make().split()[0].extract(nnx.Param));
  return Object.fromEntries(await Promise.all([...state].map(async ([path, { value }]) => [path, await value.array()] as const)));
}

export interface Entries<Inputs> {
  readonly name: string;
  readonly inputs: () => Inputs | Promise<Inputs>;
  readonly program: Program<Inputs>;
  readonly entries: Readonly<Record<string, Nested>>;
  /** Those that are computed in WGSL; default all. */
  readonly inWgsl?: readonly string[];
}

/** Tests every entry on `cpu`, and in WGSL. */
export function testGoldenEntries<Inputs>(wgsl: Wgsl, { name, inputs, program, entries, inWgsl }: Entries<Inputs>): void {
  const all = Object.keys(entries);
  const devices: [string, () => Device, readonly string[]][] = [
    ['cpu', () => cpu, all],
    ['WGSL', () => wgsl.device, inWgsl ?? all],
  ];
  describe.each(devices.filter(([, , wanted]) => wanted.length > 0))(`${name} on %s`, (_, device, wanted) => {
    let results: Readonly<Record<string, unknown>> = {};
    beforeAll(async () => {
      const given = await inputs();
      const some = (inputs: Inputs): Record<string, unknown> => {
        const computed = program(inputs);
        return Object.fromEntries(wanted.map((entry) => [entry, computed[entry]]));
      };
      results = withDevice(device(), () => jit(some)(given));
    });
    test.each(wanted)('%s', async (entry) => {
      await expectTree(results[entry], entries[entry]!);
    });
  });
}

/** Tuples of tensors against nested lists, which do not tell a tuple from an axis. */
export async function expectTree(actual: unknown, expected: Nested): Promise<void> {
  if (actual instanceof Tensor) return assertAllClose(actual, expected as number, { rtol: 1e-5, atol: 2e-6 });
  const [items, wanted] = [actual as readonly unknown[], expected as readonly Nested[]];
  expect(items.length).toBe(wanted.length);
  for (const [i, item] of items.entries()) await expectTree(item, wanted[i]!);
}
