/** Initializers against jax.nn.initializers, in both layouts of random numbers. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HeddleError, cpu, nnx, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Key, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const { initializers } = nnx;

function onCpu<T>(f: () => T): T {
  return withDevice(cpu, f);
}

type Nested = number | readonly Nested[];

interface Seed {
  readonly init: Readonly<Record<string, Nested>>;
}

type Golden = Readonly<Record<'partitionable' | 'original', Readonly<Record<string, Seed>>>>;

const golden = JSON.parse(readFileSync(new URL('../golden/prng.json', import.meta.url), 'utf8')) as Golden;

/** Drawn through logarithms, which JAX's own CPU code rounds otherwise; test/golden/prng.test.ts has the same bounds. */
const rounded = { rtol: 1e-5, atol: 3e-5 };

const CASES: Readonly<Record<string, (key: Key) => Tensor>> = {
  'lecun_normal_(3,2)': (key) => initializers.lecunNormal()(key, [3, 2]),
  'lecun_uniform_(3,2)': (key) => initializers.lecunUniform()(key, [3, 2]),
  'glorot_normal_(3,2)': (key) => initializers.glorotNormal()(key, [3, 2]),
  'glorot_uniform_(3,2)': (key) => initializers.glorotUniform()(key, [3, 2]),
  'he_normal_(3,2)': (key) => initializers.heNormal()(key, [3, 2]),
  'he_uniform_(3,2)': (key) => initializers.heUniform()(key, [3, 2]),
  'normal_0.01_(3,2)': (key) => initializers.normal({ stddev: 0.01 })(key, [3, 2]),
  'uniform_0.01_(3,2)': (key) => initializers.uniform({ scale: 0.01 })(key, [3, 2]),
  'truncated_normal_0.01_(3,2)': (key) => initializers.truncatedNormal({ stddev: 0.01 })(key, [3, 2]),
  'embed variance_scaling(1,fan_in,normal,out_axis=0)_(4,3)': (key) =>
    initializers.varianceScaling(1, 'fanIn', 'normal', { outAxis: 0 })(key, [4, 3]),
  'conv lecun_normal_(3,3,2,4) first 8': (key) =>
    initializers.lecunNormal()(key, [3, 3, 2, 4]).reshape([-1]).slice([0, 8]),
  'orthogonal_(3,3)': (key) => initializers.orthogonal()(key, [3, 3]),
};

for (const layout of ['partitionable', 'original'] as const) {
  for (const [seed, { init }] of Object.entries(golden[layout])) {
    describe(`${layout}, ${seed}`, () => {
      test.each(Object.entries(init))('%s', async (name, expected) => {
        const drawn = onCpu(() => random.withLayout(layout, () => CASES[name]!(random.key(Number(seed.at(-1))))));
        await assertAllClose(drawn, np.array(expected), rounded);
      });
    });
  }
}

const key = random.key(0);

test.each([
  ['delta_orthogonal(2) of (2, 1, 2, 3)', () => initializers.deltaOrthogonal({ scale: 2 })(key, [2, 1, 2, 3]), [
    [[[1.9216733, -0.51350003, 0.20854208], [0.37209678, 0.6376224, -1.8587581]]], [[[0, 0, 0], [0, 0, 0]]],
  ]],
  ['orthogonal(column_axis=0) of (2, 3)', () => initializers.orthogonal({ columnAxis: 0 })(key, [2, 3]), [
    [0.96083665, -0.25675002, 0.10427104], [0.18604839, 0.3188112, -0.92937905],
  ]],
  ['truncated_normal(0.5, lower=-1, upper=3) of (3,)',
    () => initializers.truncatedNormal({ stddev: 0.5, lower: -1, upper: 3 })(key, [3]), [0.8460715, 1.0337589, -0.07830211]],
  ['variance_scaling(2, fan_avg, uniform, in_axis=(0, 1), out_axis=2, batch_axis=3) of (2, 1, 2, 1)',
    () => initializers.varianceScaling(2, 'fanAvg', 'uniform', { inAxis: [0, 1], outAxis: 2, batchAxis: 3 })(key, [2, 1, 2, 1]),
    [[[[1.550764], [1.6578493]]], [[[-0.5809593], [-0.10853563]]]]],
] as const)("JAX 0.10's %s under key(0)", async (_, draw, expected) => {
  await assertAllClose(onCpu(draw), np.array(expected), rounded);
});

test('zeros, ones and constants, of the dtype of the call', async () => {
  await assertAllClose(initializers.zeros(key, [2, 3]), np.zeros([2, 3]));
  await assertAllClose(initializers.ones(key, [2], 'int32'), np.ones([2], { dtype: 'int32' }));
  await assertAllClose(initializers.zerosInit()(key, [1]), np.zeros([1]));
  await assertAllClose(initializers.onesInit()(key, [1]), np.ones([1]));
  await assertAllClose(initializers.constant(-7)(key, [2, 2]), np.full([2, 2], -7));
  const rows = initializers.constant(np.array([1, 2]), { dtype: 'int32' })(key, [2, 2]);
  await assertAllClose(rows, np.array([[1, 2], [1, 2]], { dtype: 'int32' }));
});

test('a dtype for all calls, and one for a single call', async () => {
  const half = initializers.heNormal({ dtype: 'float16' });
  expect(half(key, [4, 4]).dtype).toBe('float16');
  expect(half(key, [4, 4], 'float32').dtype).toBe('float32');
  // JAX 0.10's numbers.
  const expected = np.array([[-0.53466796875, -0.85498046875], [-1.6376953125, 0.435791015625]], { dtype: 'float16' });
  await assertAllClose(onCpu(() => half(key, [2, 2])), expected, { rtol: 1e-3, atol: 0 });
  expect(onCpu(() => initializers.orthogonal({ dtype: 'float16' })(key, [3, 2])).dtype).toBe('float16');
});

test("Xavier and Kaiming are other names of Glorot's and He's", () => {
  expect(initializers.xavierNormal).toBe(initializers.glorotNormal);
  expect(initializers.xavierUniform).toBe(initializers.glorotUniform);
  expect(initializers.kaimingNormal).toBe(initializers.heNormal);
  expect(initializers.kaimingUniform).toBe(initializers.heUniform);
});

describe('variance', () => {
  /** The mean square times n, which is the scale, for n inputs or outputs. */
  const scaleOf = async (draw: () => Tensor, n: number): Promise<number> =>
    Number(await onCpu(() => draw().square().mean().mul(n)).item());

  test.each(['normal', 'uniform', 'truncatedNormal'] as const)('is scale over fan, %s', async (distribution) => {
    const shape = [64, 128];
    for (const [mode, n] of [['fanIn', 64], ['fanOut', 128], ['fanAvg', 96]] as const) {
      expect(await scaleOf(() => initializers.varianceScaling(3, mode, distribution)(key, shape), n)).toBeCloseTo(3, 0);
    }
  });

  test('counts the window for both, batch axes for neither, and several axes together', async () => {
    const kernel = (): Tensor => initializers.heUniform()(key, [3, 3, 16, 32]);
    expect(await scaleOf(kernel, 3 * 3 * 16)).toBeCloseTo(2, 0);
    const heads = (): Tensor => initializers.lecunUniform({ inAxis: 0, outAxis: [1, 2] })(key, [32, 4, 16]);
    expect(await scaleOf(heads, 32)).toBeCloseTo(1, 0);
    const stacked = (): Tensor => initializers.lecunUniform({ batchAxis: 0 })(key, [5, 32, 16]);
    expect(await scaleOf(stacked, 32)).toBeCloseTo(1, 0);
  });

  test('of no elements is no matter', () => {
    expect(initializers.lecunNormal()(key, [0, 3]).shape).toEqual([0, 3]);
  });
});

describe('orthogonal', () => {
  const close = { rtol: 0, atol: 1e-5 };

  test('columns of a tall matrix, rows of a wide one, times the scale', async () => {
    const tall = onCpu(() => initializers.orthogonal({ scale: 2 })(key, [6, 4]));
    const wide = onCpu(() => initializers.orthogonal()(key, [4, 6]));
    await assertAllClose(np.matmul(tall.transpose(), tall), np.eye(4).mul(4), close);
    await assertAllClose(np.matmul(wide, wide.transpose()), np.eye(4), close);
  });

  test('the column axis anywhere', async () => {
    const kernel = onCpu(() => initializers.orthogonal({ columnAxis: 0 })(key, [4, 3, 2])).reshape([4, 6]);
    await assertAllClose(np.matmul(kernel, kernel.transpose()), np.eye(4), close);
  });

  test('stays orthogonal where the drawn matrix is large and square', async () => {
    const error = onCpu(() => {
      const square = initializers.orthogonal()(key, [96, 96]);
      return np.matmul(square.transpose(), square).sub(np.eye(96)).abs().max();
    });
    await assertAllClose(error, np.array(0), close);
  });

  test('vmap over keys draws what a loop draws', async () => {
    const keys = random.split(key, 2);
    const draw = (one: Key): Tensor => initializers.orthogonal()(one, [3, 3]);
    const [mapped, looped] = onCpu(() => [vmap(draw)(keys), np.stack([...keys].map(draw))]);
    await assertAllClose(mapped!, looped!, close);
  });

  test('deltaOrthogonal has the matrix at the centre of the window', async () => {
    const [kernel, matrix] = onCpu(() => [
      initializers.deltaOrthogonal()(key, [4, 3, 2, 5]),
      initializers.orthogonal()(key, [2, 5]),
    ]);
    await assertAllClose(kernel!.slice(1, 1), matrix!, close);
    await assertAllClose(kernel!.abs().sum(), matrix!.abs().sum(), close);
  });
});

describe('errors', () => {
  const codeOf = (f: () => unknown): string | undefined => {
    try {
      f();
    } catch (error) {
      if (error instanceof HeddleError && error.fix !== undefined) return error.code;
    }
    return undefined;
  };

  test('shapes without inputs and outputs', () => {
    expect(codeOf(() => initializers.lecunNormal()(key, [3]))).toBe('SHAPE');
    expect(codeOf(() => initializers.orthogonal()(key, []))).toBe('SHAPE');
    expect(codeOf(() => initializers.deltaOrthogonal()(key, [2, 3]))).toBe('SHAPE');
    expect(codeOf(() => initializers.deltaOrthogonal()(key, [3, 4, 2]))).toBe('SHAPE');
    expect(codeOf(() => initializers.heNormal({ inAxis: 3 })(key, [2, 3]))).toBe('AXIS');
    expect(codeOf(() => initializers.orthogonal({ columnAxis: 2 })(key, [2, 3]))).toBe('AXIS');
  });

  test('unknown modes and distributions, with those that there are', () => {
    const { varianceScaling } = initializers;
    // @ts-expect-error JAX's spelling
    expect(() => varianceScaling(1, 'fan_in', 'normal')).toThrow("mode is 'fanIn', 'fanOut', 'fanAvg', not the string fan_in");
    // @ts-expect-error no distribution
    expect(codeOf(() => varianceScaling(1, 'fanIn', 'cauchy'))).toBe('VALUE');
    expect(codeOf(() => varianceScaling(-1, 'fanIn', 'normal'))).toBe('VALUE');
    expect(codeOf(() => varianceScaling(NaN, 'fanIn', 'normal'))).toBe('VALUE');
  });

  test('numbers that are none, unknown options, integer dtypes', () => {
    expect(codeOf(() => initializers.normal({ stddev: NaN }))).toBe('VALUE');
    expect(codeOf(() => initializers.uniform({ scale: Infinity }))).toBe('VALUE');
    expect(codeOf(() => initializers.truncatedNormal({ lower: 2, upper: 1 }))).toBe('VALUE');
    expect(codeOf(() => initializers.orthogonal({ scale: NaN }))).toBe('VALUE');
    // @ts-expect-error a misspelt option
    expect(codeOf(() => initializers.heNormal({ in_axis: 0 }))).toBe('VALUE');
    expect(codeOf(() => initializers.normal()(key, [2], 'int32'))).toBe('DTYPE');
  });
});
