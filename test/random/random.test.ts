/** What the golden values do not show: shapes, dtypes, bounds, errors. The numbers are in test/golden/prng.test.ts. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpu, jit, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Key, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';
import { property } from '../support/property.ts';

const key = random.key(3);

describe('keys', () => {
  test('a key is one uint32[2]', () => {
    expect(codeOf(() => random.split(tensor([0, 1])))).toBe('DTYPE');
    expect(codeOf(() => random.uniform(np.zeros([3], { dtype: 'uint32' })))).toBe('SHAPE');
    expect(() => random.bits(random.split(key, 3))).toThrow(/vmap\(\(key\) => random\.bits\(key, \.\.\.\)\)\(keys\)/);
  });

  test('seeds and folded data are integers', () => {
    expect(codeOf(() => random.key(0.5))).toBe('VALUE');
    expect(codeOf(() => random.key(2 ** 60))).toBe('VALUE');
    expect(codeOf(() => random.key(tensor(1)))).toBe('DTYPE');
    expect(codeOf(() => random.foldIn(key, NaN))).toBe('VALUE');
    expect(codeOf(() => random.split(key, -1))).toBe('SHAPE');
    expect(random.split(key, 0).shape).toEqual([0, 2]);
  });

  test('split is foldIn of the index, in the partitionable layout', async () => {
    const folded = [0, 1, 2].map((i) => random.foldIn(key, i));
    await assertAllClose(random.split(key, 3), np.stack(folded));
  });

  test('a jitted function follows the layout', async () => {
    const split = jit((k: Key) => random.split(k), { device: cpu });
    await assertAllClose(split(key), random.split(key));
    const original = random.withLayout('original', () => [split(key), random.split(key)]);
    await assertAllClose(original[0], original[1]);
    expect(split.stats().traces).toBe(2);
  });

  test('the layout returns after an error', async () => {
    expect(() => random.withLayout('original', () => { throw new Error('stop'); })).toThrow('stop');
    await assertAllClose(random.split(key), random.withLayout('partitionable', () => random.split(key)));
  });
});

const DRAWS: Readonly<Record<string, (key: Key, shape: readonly number[]) => Tensor>> = {
  split: (k, shape) => random.split(k, shape),
  bits: (k, shape) => random.bits(k, shape),
  uniform: (k, shape) => random.uniform(k, shape),
  normal: (k, shape) => random.normal(k, shape),
  bernoulli: (k, shape) => random.bernoulli(k, 0.5, shape),
  rademacher: (k, shape) => random.rademacher(k, shape),
  randint: (k, shape) => random.randint(k, shape, 0, 5),
  truncatedNormal: (k, shape) => random.truncatedNormal(k, -1, 1, shape),
  exponential: (k, shape) => random.exponential(k, shape),
  gumbel: (k, shape) => random.gumbel(k, shape),
  laplace: (k, shape) => random.laplace(k, shape),
  logistic: (k, shape) => random.logistic(k, shape),
  choice: (k, shape) => random.choice(k, 9, shape),
};

for (const [name, draw] of Object.entries(DRAWS)) {
  test(`the shape of ${name}`, () => {
    const beyond = name === 'split' ? [2] : [];
    for (const shape of [[], [0], [3], [2, 1, 3]]) expect(draw(key, shape).shape).toEqual([...shape, ...beyond]);
    expect(codeOf(() => draw(key, [-1]))).toBe('SHAPE');
  });

  for (const layout of ['partitionable', 'original'] as const) {
    test(`vmap of ${name} over keys, ${layout}`, async () => {
      const keys = random.split(key, 3);
      const [mapped, looped] = random.withLayout(layout, () => [
        withDevice(cpu, () => vmap((k: Key) => draw(k, [2, 2]))(keys)),
        np.stack([...keys].map((k) => draw(k, [2, 2]))),
      ]);
      await assertAllClose(mapped, looped);
    });
  }
}

describe('dtypes', () => {
  test('float16', async () => {
    const sample = random.uniform(key, [100], { dtype: 'float16' });
    expect(sample.dtype).toBe('float16');
    await expectTensor(np.all(np.logicalAnd(sample.greaterEqual(0), sample.less(1))), true, 'bool');
    expect(random.normal(key, [3], { dtype: 'float16' }).dtype).toBe('float16');
    expect(codeOf(() => random.uniform(key, [3], { dtype: 'int32' }))).toBe('DTYPE');
  });
});

describe('parameters', () => {
  test('of bernoulli', async () => {
    await expectTensor(random.bernoulli(key, tensor([0, 1])), [false, true], 'bool');
    await expectTensor(random.bernoulli(key, tensor([0, 1]), [2, 2]), [[false, true], [false, true]], 'bool');
    expect(codeOf(() => random.bernoulli(key, 1.5))).toBe('VALUE');
    expect(codeOf(() => random.bernoulli(key, tensor([0.5, 0.5]), [3]))).toBe('SHAPE');
  });

  test('of randint', async () => {
    const low = tensor([0, 10, 5], 'int32');
    const drawn = random.randint(key, [100, 3], low, np.add(low, 2));
    await expectTensor(np.min(drawn.sub(low)), 0, 'int32');
    await expectTensor(np.max(drawn.sub(low)), 1, 'int32');
    await expectTensor(random.randint(key, [2], tensor(5, 'int32'), 3), [5, 5], 'int32');
    expect(random.randint(key, [4], 0, 2 ** 32, { dtype: 'uint32' }).dtype).toBe('uint32');
    expect(random.randint(key, [4], -(2 ** 31), 2 ** 31).dtype).toBe('int32');
    const empty = [[3, 3], [0, 0.5], [0, 2 ** 31 + 1], [NaN, 1]] as const;
    for (const [from, to] of empty) expect(codeOf(() => random.randint(key, [], from, to))).toBe('VALUE');
    expect(codeOf(() => random.randint(key, [], tensor(0), 3))).toBe('DTYPE');
  });

  test('of uniform and truncatedNormal', async () => {
    const drawn = random.uniform(key, [50, 2], { minval: tensor([0, 5]), maxval: tensor([1, 6]) });
    await expectTensor(np.floor(np.min(drawn, 0)), [0, 5]);
    const truncated = random.truncatedNormal(key, tensor([0, -1]), 0.5, [50, 2]);
    await expectTensor(np.all(np.less(truncated, 0.5)), true, 'bool');
    await expectTensor(np.all(np.greater(truncated, tensor([0, -1]))), true, 'bool');
    expect(codeOf(() => random.uniform(key, [3], { minval: tensor([0, 1]) }))).toBe('SHAPE');
  });

  test('of categorical', async () => {
    const logits = tensor([[0, 100, 0], [100, 0, 0]]);
    await expectTensor(random.categorical(key, logits), [1, 0], 'int32');
    await expectTensor(random.categorical(key, logits, { shape: [2, 2] }), [[1, 0], [1, 0]], 'int32');
    expect(random.categorical(key, logits, { axis: 0 }).shape).toEqual([3]);
    expect(codeOf(() => random.categorical(key, logits, { shape: [3] }))).toBe('SHAPE');
    expect(codeOf(() => random.categorical(key, logits, { axis: 2 }))).toBe('AXIS');
  });
});

describe('permutation', () => {
  property('holds every element once', [fc.integer({ min: 0, max: 30 }), fc.nat()], async (n, seed) => {
    const order = [...(await random.permutation(random.key(seed), n).data())];
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test('keeps slices whole', async () => {
    const x = tensor([[1, 10], [2, 20], [3, 30]]);
    const order = random.permutation(key, 3);
    await assertAllClose(random.permutation(key, x), np.take(x, order, { axis: 0 }));
    expect(random.permutation(key, x, { axis: 1 }).shape).toEqual([3, 2]);
  });

  test('holds every element once also after two rounds', async () => {
    const jitted = withDevice(cpu, () => jit(() => random.permutation(key, 1700), { device: cpu })());
    const order = [...(await jitted.data())];
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1700 }, (_, i) => i));
  });

  test('choice without replacement needs enough elements', async () => {
    const drawn = [...(await random.choice(key, 5, [5], { replace: false }).data())];
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(codeOf(() => random.choice(key, 3, [4], { replace: false }))).toBe('VALUE');
    expect(codeOf(() => random.choice(key, 0))).toBe('VALUE');
    await expectTensor(random.choice(key, tensor([7, 7]), [2]), [7, 7]);
  });
});
