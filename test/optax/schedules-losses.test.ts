/** Schedules at their corners, and losses with their gradients, against formulas in float64. */
import { expect, test } from 'vitest';
import { HeddleError, cpu, grad, jit, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import type { CountedSchedule } from '../../src/optax/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

const SCHEDULES: readonly (readonly [name: string, schedule: CountedSchedule, expected: readonly number[]])[] = [
  ['constant', optax.constantSchedule(0.5), [0.5, 0.5]],
  ['linear', optax.linearSchedule(1, 0, 4, { transitionBegin: 1 }), [1, 1, 0.75, 0.5, 0.25, 0, 0]],
  ['cosine', optax.cosineDecaySchedule(2, 4), [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0, 0]],
  ['cosine with a rest', optax.cosineDecaySchedule(2, 2, { alpha: 0.1, exponent: 2 }), [2, 2 * (0.9 * 0.25 + 0.1), 0.2, 0.2]],
  ['warmup and cosine', optax.warmupCosineDecaySchedule(0, 1, 2, 4, { endValue: 0.5 }), [0, 0.5, 1, 0.75, 0.5, 0.5]],
  ['exponential', optax.exponentialDecay(1, 2, 0.25), [1, 0.5, 0.25, 0.125]],
  ['exponential with a bound', optax.exponentialDecay(1, 1, 0.5, { transitionBegin: 1, endValue: 0.3 }), [1, 1, 0.5, 0.3]],
  ['exponential in steps', optax.exponentialDecay(1, 2, 0.5, { staircase: true }), [1, 1, 0.5, 0.5, 0.25]],
  ['piecewise', optax.piecewiseConstantSchedule(1, { 1: 0.5, 3: 0.1 }), [1, 0.5, 0.5, 0.05, 0.05]],
  ['joined', optax.joinSchedules([optax.constantSchedule(3), optax.linearSchedule(1, 0, 2)], [2]), [3, 3, 1, 0.5, 0]],
];

test.each(SCHEDULES)('%s', async (_, schedule, expected) => {
  const traced = jit((count: Tensor) => schedule(count));
  for (const [step, value] of expected.entries()) {
    await assertAllClose(on(() => schedule(step)), value);
    await assertAllClose(on(() => traced(np.array(step, { dtype: 'int32' }))), value);
  }
});

test('a schedule steers the learning rate by the steps taken', async () => {
  const tx = optax.sgd(optax.piecewiseConstantSchedule(1, { 1: 0.5 }));
  const [first, second] = on(() => {
    const [one, state] = tx.update(np.array([1]), tx.init(np.array([1])));
    return [one, tx.update(np.array([1]), state)[0]];
  });
  await assertAllClose(first, [-1]);
  await assertAllClose(second, [-0.5]);
});

test('a learning rate may be a tensor, and an argument of a jitted step', async () => {
  const step = jit((rate: Tensor, g: Tensor) => {
    const tx = optax.sgd(rate);
    return tx.update(g, tx.init(g))[0];
  });
  await assertAllClose(on(() => step(np.array(0.25), np.array([4, 8]))), [-1, -2]);
});

const LOGITS = [
  [1, -2, 3],
  [0, 0.5, -0.5],
];
const softmax = (row: readonly number[]): number[] => {
  const total = row.reduce((sum, x) => sum + Math.exp(x), 0);
  return row.map((x) => Math.exp(x) / total);
};

test('softmax cross entropy, with distributions and with integer labels, and its gradient', async () => {
  const labels = [2, 1];
  const expected = LOGITS.map((row, i) => -Math.log(softmax(row)[labels[i]!]!));
  const oneHot = labels.map((label) => [0, 1, 2].map((k) => (k === label ? 1 : 0)));
  const classes = np.array(labels, { dtype: 'int32' });
  await assertAllClose(on(() => optax.softmaxCrossEntropy(np.array(LOGITS), np.array(oneHot))), expected);
  await assertAllClose(on(() => optax.softmaxCrossEntropyWithIntegerLabels(np.array(LOGITS), classes)), expected);
  const unknown = on(() => optax.softmaxCrossEntropyWithIntegerLabels(np.array([1, 2]), np.array(7, { dtype: 'int32' })));
  await assertAllClose(unknown, Number.NaN);
  const columns = on(() => optax.softmaxCrossEntropyWithIntegerLabels(np.transpose(np.array(LOGITS)), classes, { axis: 0 }));
  await assertAllClose(columns, expected);
  const slope = on(() => grad((x: Tensor) => np.sum(optax.softmaxCrossEntropyWithIntegerLabels(x, classes)))(np.array(LOGITS)));
  await assertAllClose(slope, LOGITS.map((row, i) => softmax(row).map((p, k) => p - oneHot[i]![k]!)));
});

test('sigmoid cross entropy does not overflow', async () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const [x, y] = [[2, -1, 0], [1, 0.25, 0]];
  const expected = x.map((logit, i) => -y[i]! * Math.log(sigmoid(logit)) - (1 - y[i]!) * Math.log(1 - sigmoid(logit)));
  await assertAllClose(on(() => optax.sigmoidBinaryCrossEntropy(np.array(x), np.array(y))), expected);
  await assertAllClose(on(() => optax.sigmoidBinaryCrossEntropy(np.array([200, -200]), np.array([0, 1]))), [200, 200]);
});

test('squared, l2 and huber losses', async () => {
  const [x, y] = [np.array([1, 3, -2]), np.array([1, 1, 1])];
  await assertAllClose(on(() => optax.squaredError(x, y)), [0, 4, 9]);
  await assertAllClose(on(() => optax.l2Loss(x, y)), [0, 2, 4.5]);
  await assertAllClose(on(() => optax.l2Loss(x)), [0.5, 4.5, 2]);
  await assertAllClose(on(() => optax.huberLoss(x, y, { delta: 2 })), [0, 2, 4]);
});

test('shapes of a batch that would broadcast are refused', () => {
  const [column, row] = [np.zeros([3, 1]), np.zeros([3])];
  const entropies = [optax.sigmoidBinaryCrossEntropy, optax.softmaxCrossEntropy];
  for (const loss of [optax.squaredError, optax.l2Loss, optax.huberLoss, ...entropies]) {
    expect(() => on(() => loss(column, row))).toThrow(HeddleError);
  }
  const withIntegers = (labels: Tensor): Tensor => optax.softmaxCrossEntropyWithIntegerLabels(np.zeros([3, 2]), labels);
  expect(() => on(() => withIntegers(np.zeros([3, 1], { dtype: 'int32' })))).toThrow(/SHAPE/);
  expect(() => on(() => withIntegers(row))).toThrow(/DTYPE/);
});

test('schedules that cannot be are refused', () => {
  expect(() => optax.linearSchedule(1, 0, 0)).toThrow(/VALUE/);
  expect(() => optax.warmupCosineDecaySchedule(0, 1, 5, 5)).toThrow(/VALUE/);
  expect(() => optax.joinSchedules([optax.constantSchedule(1)], [3])).toThrow(/VALUE/);
  expect(() => optax.exponentialDecay(1, 2, Number.NaN)).toThrow(/VALUE/);
});
