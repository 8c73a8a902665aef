/** Metrics against numbers computed by hand. */
import { describe, expect, test } from 'vitest';
import { HeddleError, cpu, jit, lax, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const { Accuracy, Average, MultiMetric, Welford } = nnx.metrics;

const all = [1, 2, 3, 4, 3, 2, 1, 0, 7];
const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);

const integers = (values: number[]): Tensor => np.array(values, { dtype: 'int32' });

async function numbersOf(statistics: Readonly<Record<string, Tensor>>): Promise<Record<string, number>> {
  const entries = Object.entries(statistics).map(async ([name, value]) => [name, Number(await value.item())] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function codeOf(f: () => unknown): string | undefined {
  try {
    f();
  } catch (error) {
    if (error instanceof HeddleError && error.fix !== undefined) return error.code;
  }
  return undefined;
}

describe('Average', () => {
  test('of tensors and numbers, over all elements', async () => {
    const average = new Average('loss');
    expect(await average.compute().item()).toBeNaN();
    average.update({ loss: np.array([1, 2, 3, 4]) });
    await assertAllClose(average.compute(), np.array(2.5));
    average.update({ loss: np.array([[3, 2], [1, 0]]) });
    average.update({ loss: 7 });
    await assertAllClose(average.compute(), np.array(mean));
    average.reset();
    expect(await average.compute().item()).toBeNaN();
    average.update({ loss: integers([2, 4]) });
    await assertAllClose(average.compute(), np.array(3));
  });

  test('of what a mask keeps, whatever the rest is', async () => {
    const average = new Average();
    average.update({ values: np.array([1, NaN, 3]), mask: np.array([true, false, true]) });
    await assertAllClose(average.compute(), np.array(2));
  });

  test('its state is two Variables of the class MetricState', () => {
    const [state] = new Average().split();
    expect([...state.extract(nnx.metrics.MetricState).keys()]).toEqual(['count', 'total']);
  });

  test('a State is written, as into any module', async () => {
    const [from, to] = [new Average(), new Average()];
    from.update({ values: np.array([1, 2]) });
    to.update(from.split()[0]);
    await assertAllClose(to.compute(), np.array(1.5));
  });
});

describe('Welford', () => {
  test('mean, deviation and standard error of batches, as of all their elements', async () => {
    const welford = new Welford();
    expect(await numbersOf({ ...welford.compute() })).toEqual({ mean: 0, standardErrorOfMean: NaN, standardDeviation: NaN });
    welford.update({ values: np.array([1, 2, 3, 4]) });
    expect((await numbersOf({ ...welford.compute() }))['standardDeviation']).toBeCloseTo(Math.sqrt(1.25), 6);
    welford.update({ values: np.array([3, 2, 1, 0]) });
    welford.update({ values: 7 });
    const { mean: computed, standardDeviation, standardErrorOfMean } = await numbersOf({ ...welford.compute() });
    expect(computed).toBeCloseTo(mean, 6);
    expect(standardDeviation).toBeCloseTo(deviation, 6);
    expect(standardErrorOfMean).toBeCloseTo(deviation / Math.sqrt(all.length), 6);
    welford.reset();
    expect(await welford.count.value.item()).toBe(0);
  });

  test('does not cancel far from zero', async () => {
    const welford = new Welford();
    for (const batch of [[10_000, 10_001], [10_002, 10_003]]) welford.update({ values: np.array(batch) });
    expect((await numbersOf({ ...welford.compute() }))['standardDeviation']).toBeCloseTo(Math.sqrt(1.25), 3);
  });

  test('masked, also with a batch of nothing', async () => {
    const welford = new Welford();
    welford.update({ values: np.array([5, 6]), mask: np.array([false, false]) });
    welford.update({ values: np.array([1, 100, 3]), mask: np.array([true, false, true]) });
    welford.update({ values: np.array([5, NaN]), mask: np.array([true, false]) });
    const { mean: computed, standardDeviation } = await numbersOf({ ...welford.compute() });
    expect(computed).toBeCloseTo(3, 6);
    expect(standardDeviation).toBeCloseTo(Math.sqrt(8 / 3), 6);
  });
});

describe('Accuracy', () => {
  const logits = np.array([[0.2, 0.8], [0.9, 0.1], [0.4, 0.6], [0.3, 0.7]]);

  test('of the largest class', async () => {
    const accuracy = new Accuracy();
    expect(await accuracy.compute().item()).toBeNaN();
    accuracy.update({ logits, labels: integers([1, 0, 0, 1]) });
    await assertAllClose(accuracy.compute(), np.array(3 / 4));
    accuracy.update({ logits, labels: integers([0, 1, 0, 1]) });
    await assertAllClose(accuracy.compute(), np.array(4 / 8));
    accuracy.update({ logits, labels: integers([1, 0, 0, 0]), mask: np.array([true, true, false, false]) });
    await assertAllClose(accuracy.compute(), np.array(6 / 10));
  });

  test('of two classes, from a threshold on', async () => {
    const accuracy = new Accuracy({ threshold: 0.5 });
    accuracy.update({ logits: np.array([0.5, 0.4, 0.9, 0.1]), labels: integers([1, 0, 0, 1]) });
    await assertAllClose(accuracy.compute(), np.array(2 / 4));
  });

  test('labels of another shape or dtype, thresholds that are none', () => {
    expect(codeOf(() => new Accuracy().update({ logits, labels: integers([1]) }))).toBe('SHAPE');
    expect(codeOf(() => new Accuracy().update({ logits, labels: np.zeros([4, 1], { dtype: 'int32' }) }))).toBe('SHAPE');
    expect(codeOf(() => new Accuracy({ threshold: 0.5 }).update({ logits, labels: integers([1, 0, 0, 1]) }))).toBe('SHAPE');
    expect(codeOf(() => new Accuracy().update({ logits, labels: np.array([1, 0, 0, 1]) }))).toBe('DTYPE');
    expect(codeOf(() => new Accuracy({ threshold: NaN }))).toBe('VALUE');
  });
});

describe('MultiMetric', () => {
  const logits = np.array([[0.2, 0.8], [0.9, 0.1]]);
  const labels = integers([1, 1]);
  const first = np.array([true, false]);

  test('gives each metric what it takes, and the results by name', async () => {
    const metrics = new MultiMetric({ loss: new Average(), spread: new Welford(), accuracy: new Accuracy() });
    metrics.update({ values: np.array([1, 3]), logits, labels });
    const { loss, spread, accuracy } = metrics.compute();
    await assertAllClose([loss, spread.standardDeviation, accuracy], [np.array(2), np.array(1), np.array(0.5)]);
    metrics.reset();
    expect(await metrics.compute().accuracy.item()).toBeNaN();
  });

  test('one mask for all, or masks by name', async () => {
    const metrics = new MultiMetric({ loss: new Average(), accuracy: new Accuracy() });
    metrics.update({ values: np.array([1, 3]), logits, labels, mask: first });
    await assertAllClose(metrics.compute(), { loss: np.array(1), accuracy: np.array(1) });
    metrics.update({ values: np.array([1, 3]), logits, labels, mask: { loss: first } });
    await assertAllClose(metrics.compute(), { loss: np.array(1), accuracy: np.array(2 / 3) });
    expect(codeOf(() => metrics.update({ values: 1, logits, labels, mask: { los: first } }))).toBe('VALUE');
  });

  test('raises for a value that is missing or misspelt, before any metric has changed', async () => {
    const metrics = new MultiMetric({ loss: new Average('loss'), accuracy: new Accuracy() });
    expect(() => metrics.update({ loss: 1, logits })).toThrow('labels is missing; it takes loss, logits, labels and mask');
    expect(codeOf(() => metrics.update({ loss: 1, logits, labels, msak: first }))).toBe('VALUE');
    expect(await metrics.metrics.loss.count.value.item()).toBe(0);
  });
});

test('masks of another dtype or shape, and masks by name without metrics of names', () => {
  const values = np.array([1, 2]);
  expect(codeOf(() => new Average().update({ values, mask: np.array([1, 0]) }))).toBe('DTYPE');
  expect(codeOf(() => new Average().update({ values, mask: np.array([true]) }))).toBe('SHAPE');
  expect(codeOf(() => new Average().update({ values, mask: { values: np.array([true, false]) } }))).toBe('VALUE');
});

test('metrics in jit, captured and as arguments, and after clone', async () => {
  const captured = new Welford();
  const given = nnx.clone(new Average());
  const step = jit((average: InstanceType<typeof Average>, values: Tensor) => {
    captured.update({ values });
    average.update({ values });
    return average.compute();
  }, { device: cpu });
  step(given, np.array([1, 2]));
  await assertAllClose(step(given, np.array([3, 6])), np.array(3));
  await assertAllClose(captured.compute().mean, np.array(3));
});

test('metrics under scan', async () => {
  const metrics = new MultiMetric({ loss: new Average(), spread: new Welford() });
  withDevice(cpu, () => {
    lax.scan((carry: null, values: Tensor) => {
      metrics.update({ values });
      return [carry, null] as const;
    }, null, np.array([[1, 2], [3, 4], [5, 9]]));
  });
  const { loss, spread } = metrics.compute();
  await assertAllClose([loss, spread.mean], [np.array(4), np.array(4)]);
  await assertAllClose(spread.standardDeviation, np.array(Math.sqrt(40 / 6)));
});
