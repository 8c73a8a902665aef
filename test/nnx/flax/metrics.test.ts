/** Flax's tests of metrics as behaviours, under their names. */
import { describe, expect, it } from 'vitest';
import { HeddleError, cpu, jit, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { State, Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';

const { Accuracy, Average, MultiMetric, Welford } = nnx.metrics;

const on = <T>(f: () => T): T => withDevice(cpu, f);
const integers = (values: number[]): Tensor => np.array(values, { dtype: 'int32' });
/** Predicts class 1 three times, then class 0 twice. */
const LOGITS = np.array([[-1, 1], [-1, 1], [-1, 1], [1, -1], [1, -1]]);
const apart = <M extends nnx.Metric>(metric: M): M => {
  const [graphdef, state] = nnx.split(metric);
  return nnx.merge(graphdef, state);
};

describe('metrics', () => {
  it('test_split_merge: a metric that was taken apart goes on counting', async () => {
    const accuracy = new Accuracy();
    on(() => accuracy.update({ logits: LOGITS, labels: integers([1, 1, 1, 1, 1]) }));
    const merged = apart(accuracy);
    await assertAllClose(on(() => merged.compute()), 0.6);
    on(() => merged.update({ logits: LOGITS, labels: integers([1, 1, 1, 1, 0]) }));
    await assertAllClose(on(() => merged.compute()), 0.7);
  });

  /** Mean, deviation and error of the mean, in float64. */
  const statisticsOf = (values: readonly number[]): nnx.metrics.Statistics => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const standardDeviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const standardErrorOfMean = np.array(standardDeviation / Math.sqrt(values.length));
    return { mean: np.array(mean), standardDeviation: np.array(standardDeviation), standardErrorOfMean };
  };

  it('test_welford: mean, deviation and error of random numbers', async () => {
    const values = on(() => random.normal(random.key(0), [5, 2]));
    const welford = new Welford();
    on(() => welford.update({ values }));
    await assertAllClose(on(() => ({ ...apart(welford).compute() })), statisticsOf([...(await values.data())]));
  });

  it('test_welford_large: numbers far from zero, all equal in float32', async () => {
    const values = on(() => random.normal(random.key(0), [5, 2]).add(1e16));
    const welford = new Welford();
    on(() => welford.update({ values }));
    const { mean, standardDeviation } = on(() => apart(welford).compute());
    await assertAllClose(mean, 1e16);
    expect(await standardDeviation.item()).toBe(0);
  });

  it('test_welford_many: fifty thousand numbers', async () => {
    const welford = new Welford();
    on(() => welford.update({ values: random.normal(random.key(0), [50_000]) }));
    const { mean, standardDeviation, standardErrorOfMean } = on(() => apart(welford).compute());
    expect(Math.abs(await mean.item<number>())).toBeLessThan(3 * (await standardErrorOfMean.item<number>()));
    expect(await standardDeviation.item()).toBeCloseTo(1, 2);
  });

  it('test_welford_mask: only what the masks keep counts, by itself and in a MultiMetric', async () => {
    const batches = [
      [np.array([100, 100]), np.array([false, false])],
      [np.array([[1, 2, 100], [3, 4, 100]]), np.array([[true, true, false], [true, true, false]])],
      [np.array([[3, 2, 1, 0], [9, 9, 9, 9]]), np.array([[true, true, true, true], [false, false, false, false]])],
    ] as const;
    const [welford, inside] = [new Welford(), new Welford()];
    const metrics = new MultiMetric({ stats: inside });
    for (const [values, mask] of batches) for (const metric of [welford, metrics]) on(() => metric.update({ values, mask }));
    for (const metric of [welford, inside]) {
      await assertAllClose(on(() => ({ ...metric.compute() })), statisticsOf([1, 2, 3, 4, 3, 2, 1, 0]));
    }
  });

  for (const masked of [false, true]) {
    it(`test_multimetric: accuracy and loss side by side ${masked ? 'with' : 'without'} masks`, async () => {
      const metrics = new MultiMetric({ accuracy: new Accuracy(), loss: new Average() });
      const read = async (): Promise<unknown[]> => {
        const { accuracy, loss } = on(() => metrics.compute());
        return Promise.all([accuracy.item(), loss.item()]);
      };
      const positive = (labels: Tensor): Tensor => on(() => np.greater(labels, 0));
      expect(await read()).toEqual([NaN, NaN]);
      const first = integers([1, 1, 0, 1, 0]);
      const losses = [np.array([1, 2, 3, 4]), np.array([3, 2, 1, 0])] as const;
      const mask = masked ? { accuracy: positive(first) } : undefined;
      on(() => metrics.update({ logits: LOGITS, labels: first, values: losses[0], mask }));
      expect(await read()).toEqual([Math.fround(masked ? 2 / 3 : 0.6), 2.5]);
      const second = integers([0, 1, 1, 1, 1]);
      const masks = { accuracy: positive(second), loss: on(() => np.greater(losses[1], 1)) };
      on(() => metrics.update({ logits: LOGITS, labels: second, values: losses[1], mask: masked ? masks : undefined }));
      expect(await read()).toEqual([Math.fround(masked ? 4 / 7 : 0.5), masked ? 2.5 : 2]);
      metrics.reset();
      expect(await read()).toEqual([NaN, NaN]);
    });
  }

  const two = (): nnx.MultiMetric<{ loss: InstanceType<typeof Average>; accuracy: InstanceType<typeof Average> }> =>
    new MultiMetric({ loss: new Average('loss'), accuracy: new Average('accuracy') });

  it('test_multimetric_graphdef_hashable_after_split: equal metrics have one GraphDef, a key of Maps', () => {
    expect(nnx.split(two())[0]).toBe(nnx.split(two())[0]);
  });

  it('test_multimetric_split_merge_under_jit: a State goes through a jitted function', async () => {
    const [graphdef, state] = nnx.split(two());
    const next = jit((given: State, loss: Tensor, accuracy: Tensor): State => {
      const metrics = nnx.merge(graphdef, given);
      metrics.update({ loss, accuracy });
      return metrics.split()[0];
    }, { device: cpu })(state, np.array(2), np.array(0.8));
    const values = on(() => nnx.merge(graphdef, next).compute());
    expect(Object.keys(values)).toEqual(['loss', 'accuracy']);
    await assertAllClose(values, { loss: np.array(2), accuracy: np.array(0.8) });
  });

  it('test_multimetric_with_custom_metric: a mask for another metric does not reach it', async () => {
    class Renamed extends Accuracy {
      override get argnames(): readonly string[] {
        return ['predictions', 'truth'];
      }
      protected override observe(values: nnx.metrics.MetricValues, mask: nnx.metrics.MetricUpdates['mask']): void {
        expect(mask).toBeUndefined();
        super.observe({ logits: values['predictions']!, labels: values['truth']! }, mask);
      }
    }
    const metrics = new MultiMetric({ accuracy: new Renamed(), loss: new Average() });
    const values = np.array([1, 2, 3, 4]);
    const mask = { loss: on(() => np.greater(values, 1)) };
    on(() => metrics.update({ predictions: LOGITS, truth: integers([1, 1, 0, 1, 0]), values, mask }));
    await assertAllClose(on(() => metrics.compute()), { accuracy: np.array(0.6), loss: np.array(3) });
  });

  it('test_binary_classification_accuracy: from a threshold on', async () => {
    const accuracy = new Accuracy({ threshold: 0.5 });
    on(() => accuracy.update({ logits: np.array([0.4, 0.7, 0.2, 0.6]), labels: integers([0, 1, 1, 1]) }));
    await assertAllClose(on(() => accuracy.compute()), 0.75);
    on(() => accuracy.update({ logits: np.array([0.1, 0.9, 0.8, 0.3]), labels: integers([0, 1, 1, 0]) }));
    await assertAllClose(on(() => accuracy.compute()), 0.875);
  });

  it('test_accuracy_dims: labels of another rank, for classes and for a threshold', () => {
    const refused = (threshold: number | null, logits: Tensor, labels: Tensor): void => {
      const accuracy = new Accuracy({ threshold });
      expect(() => on(() => accuracy.update({ logits, labels }))).toThrow(HeddleError);
      expect(() => on(() => accuracy.update({ logits, labels }))).toThrow(/\[SHAPE\] Accuracy\.update: labels int32\[/);
    };
    refused(null, np.zeros([2, 2, 2]), integers([0, 0, 0, 0]));
    refused(0.5, np.zeros([4]), np.array([[0, 0], [0, 0]], { dtype: 'int32' }));
  });

  it('test_average: numbers and tensors, with masks of their shape', async () => {
    const average = new Average();
    on(() => average.update({ values: 2 }));
    on(() => average.update({ values: 3 }));
    expect([await average.count.value.item(), await average.total.value.item()]).toEqual([2, 5]);
    average.reset();
    const [a, b] = on(() => [np.reshape(np.arange(15), [5, 3]), np.reshape(np.arange(60), [5, 3, 4]).astype('float32')]);
    on(() => average.update({ values: a, mask: np.greater(a, 4) }));
    on(() => average.update({ values: b, mask: np.greater(b, 10) }));
    expect(await average.count.value.item()).toBe(10 + 49);
    expect(await average.total.value.item()).toBe((5 + 14) * 5 + ((11 + 59) * 49) / 2);
    expect(() => on(() => average.update({ values: 2, mask: np.ones([5]) }))).toThrow(HeddleError);
  });

  it('test_vmap_reset_preserves_shape: a stack of metrics is reset as a stack', async () => {
    const metrics = nnx.split(new MultiMetric({ loss: new Average('loss') }));
    const stacked = nnx.merge(metrics[0], on(() => stack(metrics[1], 3)));
    stacked.reset();
    expect(stacked.metrics.loss.total.shape).toEqual([3]);
    expect(await stacked.metrics.loss.count.value.array()).toEqual([0, 0, 0]);
  });
});

function stack(state: State, n: number): State {
  return state.map((_, { dtype }) => np.ones([n], { dtype }));
}
