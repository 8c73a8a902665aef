/** Keys and random numbers against real JAX, in both layouts, computed by the interpreter and by WGSL. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpu, jit, lax, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Device, Key, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { computeTogether } from '../support/sharing.ts';
import type { HostResult } from '../support/sharing.ts';
import { useWgsl } from '../support/wgsl.ts';

type Nested = number | boolean | readonly Nested[];

type Section = Readonly<Record<string, Nested>> & { readonly fold_in: Readonly<Record<string, number[]>> };

interface Distribution {
  readonly fn: string;
  readonly dtype: string | null;
  readonly key: readonly [number, number];
  readonly full_precision: Nested;
}

interface Golden {
  readonly threefry2x32_kat: { readonly vectors: readonly Readonly<Record<'key' | 'ctr' | 'out', number[]>>[] };
  readonly key_from_seed: Readonly<Record<string, number[]>>;
  readonly partitionable: Readonly<Record<string, Section>>;
  readonly original: Readonly<Record<string, Section>>;
  readonly jax_test_values: { readonly distributions: readonly Distribution[] };
  readonly jax_doc_values: Readonly<Record<string, Nested>>;
}

const golden = JSON.parse(readFileSync(new URL('prng.json', import.meta.url), 'utf8')) as Golden;

const wgsl = useWgsl();
const devices: Readonly<Record<string, () => Device>> = { cpu: () => cpu, WGSL: () => wgsl.device };

const exact = { rtol: 0, atol: 0 };
/** What JAX's own CPU code rounds otherwise: logarithms and erfInv. */
const rounded = { rtol: 1e-5, atol: 3e-5 };

/** A last bit of numbers between -3 and 5.5, in which a fused multiply-add differs. */
const fused = { rtol: 2e-7, atol: 5e-7 };

interface Case {
  readonly run: (key: Key) => Tensor;
  readonly tolerance?: typeof exact;
}

const CASES: Readonly<Record<string, Case>> = {
  split_2: { run: (key) => random.split(key) },
  split_3: { run: (key) => random.split(key, 3) },
  split_4: { run: (key) => random.split(key, 4) },
  'split_(2,3)': { run: (key) => random.split(key, [2, 3]) },
  'bits8_(2,3)': { run: (key) => random.bits(key, [2, 3], { bitWidth: 8 }) },
  'bits8_(5,)': { run: (key) => random.bits(key, 5, { bitWidth: 8 }) },
  'bits16_(2,3)': { run: (key) => random.bits(key, [2, 3], { bitWidth: 16 }) },
  'bits16_(5,)': { run: (key) => random.bits(key, 5, { bitWidth: 16 }) },
  'bits32_(2,3)': { run: (key) => random.bits(key, [2, 3]) },
  'bits32_(5,)': { run: (key) => random.bits(key, [5]) },
  'uniform_(2,3)': { run: (key) => random.uniform(key, [2, 3]) },
  'uniform_()': { run: (key) => random.uniform(key) },
  'uniform_(5,)': { run: (key) => random.uniform(key, [5]) },
  'uniform_(5,)_min-3_max5.5_fma': { run: (key) => random.uniform(key, [5], { minval: -3, maxval: 5.5 }), tolerance: fused },
  'normal_(2,3)': { run: (key) => random.normal(key, [2, 3]), tolerance: rounded },
  'normal_(5,)': { run: (key) => random.normal(key, [5]), tolerance: rounded },
  'normal_()': { run: (key) => random.normal(key), tolerance: rounded },
  'truncated_normal_-2_2_(2,3)': { run: (key) => random.truncatedNormal(key, -2, 2, [2, 3]), tolerance: rounded },
  'bernoulli_0.5_(10,)': { run: (key) => random.bernoulli(key, 0.5, [10]) },
  'bernoulli_0.9_(2,10)': { run: (key) => random.bernoulli(key, 0.9, [2, 10]) },
  'randint_0_8_(3,3)': { run: (key) => random.randint(key, [3, 3], 0, 8) },
  'randint_-5_7_(8,)': { run: (key) => random.randint(key, [8], -5, 7) },
  'randint_0_1000003_(4,)': { run: (key) => random.randint(key, [4], 0, 1000003) },
  permutation_10: { run: (key) => random.permutation(key, 10) },
  choice_10_shape5_replace: { run: (key) => random.choice(key, 10, [5]) },
  choice_10_shape5_noreplace: { run: (key) => random.choice(key, 10, [5], { replace: false }) },
  'gumbel_(5,)': { run: (key) => random.gumbel(key, [5]), tolerance: rounded },
  'exponential_(5,)': { run: (key) => random.exponential(key, [5]), tolerance: rounded },
  'laplace_(5,)': { run: (key) => random.laplace(key, [5]), tolerance: rounded },
  'logistic_(5,)': { run: (key) => random.logistic(key, [5]), tolerance: rounded },
  'categorical_logits_0..4_shape8': { run: (key) => random.categorical(key, np.arange(5), { shape: [8] }) },
  'rademacher_(8,)': { run: (key) => random.rademacher(key, [8]) },
};

const NOT_RUN = [
  'key', // read by the tests below
  'fold_in', // a test of its own
  'uniform_(2,3)_hex', // the same numbers as bits
  'uniform_(5,)_min-3_max5.5_fma_hex',
  'uniform_(5,)_min-3_max5.5_nofma_hex',
  'bits64_(5,) (two u32 words hi,lo per value)', // there is no 64-bit dtype
  'init', // run by test/nnx/initializers.test.ts
];

/** The golden values in the dtype of the result: comparing checks dtype kind, shape and values. */
function like(expected: Nested, { dtype }: Tensor): Tensor {
  const leaf = [expected].flat(Infinity as 1)[0];
  return typeof leaf === 'boolean' ? np.array(expected) : np.array(expected, { dtype: dtype === 'bool' ? 'float32' : dtype });
}

function onDevice<T>(device: Device, f: (key: Key) => T, key: Key): T {
  return withDevice(device, () => jit(f, { device })(key));
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, f: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}

for (const [deviceName, device] of Object.entries(devices)) {
  for (const layout of ['partitionable', 'original'] as const) {
    for (const [seed, section] of Object.entries(golden[layout])) {
      describe(`${layout}, ${seed}, ${deviceName}`, () => {
        const key = (): Key => random.key(Number(seed.at(-1)));
        let drawn: ReadonlyMap<string, HostResult> = new Map();
        beforeAll(async () => {
          const cases = mapValues(CASES, ({ run }) => run);
          drawn = await computeTogether(cases, (all) => random.withLayout(layout, () => onDevice(device(), all, key())));
        });

        for (const [name, { tolerance = exact }] of Object.entries(CASES)) {
          test(name, async () => {
            const { data, dtype, shape } = drawn.get(name)!;
            const result = np.array(data, { dtype, shape });
            await assertAllClose(result, like(section[name]!, result), tolerance);
          });
        }

        test('foldIn of a number, and of a tensor', async () => {
          for (const [data, expected] of Object.entries(section.fold_in)) {
            const fold = (key: Key): Tensor[] => {
              const traced = np.array(Number(data), { dtype: 'uint32' });
              return [random.foldIn(key, Number(data)), random.foldIn(key, traced)];
            };
            const wanted = np.array(expected, { dtype: 'uint32' });
            await assertAllClose(random.withLayout(layout, () => onDevice(device(), fold, key())), [wanted, wanted], exact);
          }
        });

        test('every name of the golden is run, or listed with the reason', () => {
          expect(Object.keys(section).filter((name) => !(name in CASES) && !NOT_RUN.includes(name))).toEqual([]);
        });
      });
    }
  }
}

test('threefry2x32 gives the published vectors', async () => {
  for (const { key, ctr, out } of golden.threefry2x32_kat.vectors) {
    // foldIn hashes the counter (0, data), so it shows the vectors whose first counter word is 0.
    if (ctr[0] !== 0) continue;
    const folded = random.foldIn(np.array(key, { dtype: 'uint32' }), ctr[1]!);
    await assertAllClose(folded, np.array(out, { dtype: 'uint32' }), exact);
  }
});

test('keys of seeds', async () => {
  for (const [seed, expected] of Object.entries(golden.key_from_seed)) {
    await assertAllClose(random.key(Number(seed)), np.array(expected, { dtype: 'uint32' }), exact);
  }
  await assertAllClose(random.key(np.array(-2, { dtype: 'int32' })), np.array([0, 2 ** 32 - 2], { dtype: 'uint32' }), exact);
});

describe("the literals of JAX's own tests, which hold in the original layout", () => {
  const runs: Readonly<Record<string, Case>> = {
    bernoulli: { run: (key) => random.bernoulli(key, 0.5, [5]) },
    exponential: { run: (key) => random.exponential(key, [5]), tolerance: rounded },
    gumbel: { run: (key) => random.gumbel(key, [5]), tolerance: rounded },
    laplace: { run: (key) => random.laplace(key, [5]), tolerance: rounded },
    logistic: { run: (key) => random.logistic(key, [5]), tolerance: rounded },
    normal: { run: (key) => random.normal(key, [5]), tolerance: rounded },
    rademacher: { run: (key) => random.rademacher(key, [5]) },
    randint: { run: (key) => random.randint(key, [5], 0, 10) },
    truncated_normal: { run: (key) => random.truncatedNormal(key, 0, 2, [5]), tolerance: rounded },
    uniform: { run: (key) => random.uniform(key, [5]) },
  };
  const widths: Readonly<Record<string, 8 | 16 | 32>> = { uint8: 8, uint16: 16, uint32: 32 };
  for (const { fn, dtype, key, full_precision: expected } of golden.jax_test_values.distributions) {
    test(`${fn} ${dtype ?? ''}`, async () => {
      const bitWidth = widths[dtype ?? ''] ?? 32;
      const { run, tolerance = exact } = fn === 'bits' ? { run: (k: Key) => random.bits(k, [5], { bitWidth }) } : runs[fn]!;
      const result = random.withLayout('original', () => run(np.array(key, { dtype: 'uint32' })));
      await assertAllClose(result, like(expected, result), tolerance);
    });
  }
});

test("the values of JAX's documentation", async () => {
  const [, subkey] = random.split(random.key(0));
  await assertAllClose(random.uniform(random.key(0)), np.array(0.947667));
  await assertAllClose(random.uniform(subkey!), np.array(0.00729382));
});

describe('keys in transforms', () => {
  test('vmap over keys draws what a loop over keys draws', async () => {
    const keys = random.split(random.key(0), 3);
    const draw = (key: Key): Tensor => random.normal(random.foldIn(key, 5), [4]);
    await assertAllClose(vmap(draw)(keys), np.stack([...keys].map(draw)), { rtol: 1e-6, atol: 1e-6 });
  });

  test('scan over keys draws what a loop over keys draws', async () => {
    const keys = random.split(random.key(0), 3);
    const draw = (key: Key): Tensor => random.uniform(key, [2]);
    const [, drawn] = lax.scan((carry: null, key: Key) => [carry, draw(key)] as const, null, keys);
    await assertAllClose(drawn, np.stack([...keys].map(draw)), exact);
  });
});
