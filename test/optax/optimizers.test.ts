/** Three steps of each optimizer against its formulas in float64, written here without any of our functions. */
import { expect, test } from 'vitest';
import { cpu, jit, np, withDevice } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import type { GradientTransformation } from '../../src/optax/index.ts';
import { assertAllClose, assertMaxTraces } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

/** The parameters: one leaf of three elements. */
const START = [0.5, -1.5, 2];
/** The gradient of each step; one element has none at first. */
const GRADIENTS = [
  [0.3, -2, 0],
  [-0.1, 1, 0.5],
  [0.7, 0.25, -0.5],
];
const RATE = 0.1;

/** What a step does to the parameters; `t` counts from 1. */
type Step = (params: number[], gradient: number[], t: number) => number[];

const norm = (x: number[]): number => Math.hypot(...x);
const each = (f: (i: number) => number): number[] => START.map((_, i) => f(i));

/** The corrected means of Adam. */
function moments(b1: number, b2: number): (g: number[], t: number) => Readonly<Record<'m' | 'mean' | 'square', number[]>> {
  const [m, v] = [each(() => 0), each(() => 0)];
  return (g, t) => {
    g.forEach((value, i) => {
      m[i] = b1 * m[i]! + (1 - b1) * value;
      v[i] = b2 * v[i]! + (1 - b2) * value ** 2;
    });
    return { m: [...m], mean: m.map((x) => x / (1 - b1 ** t)), square: v.map((x) => x / (1 - b2 ** t)) };
  };
}

function sgdStep(momentum: number, nesterov: boolean): Step {
  const sum = each(() => 0);
  return (p, g) => {
    g.forEach((value, i) => (sum[i] = value + momentum * sum[i]!));
    return each((i) => p[i]! - RATE * (nesterov ? g[i]! + momentum * sum[i]! : sum[i]!));
  };
}

function adamStep(decay: number): Step {
  const next = moments(0.9, 0.999);
  return (p, g, t) => {
    const { mean, square } = next(g, t);
    return each((i) => p[i]! - RATE * (mean[i]! / (Math.sqrt(square[i]!) + 1e-8) + decay * p[i]!));
  };
}

function nadamStep(): Step {
  const next = moments(0.9, 0.999);
  return (p, g, t) => {
    const { m, square } = next(g, t);
    const ahead = each((i) => (0.9 * m[i]!) / (1 - 0.9 ** (t + 1)) + (0.1 * g[i]!) / (1 - 0.9 ** t));
    return each((i) => p[i]! - (RATE * ahead[i]!) / (Math.sqrt(square[i]!) + 1e-8));
  };
}

function lionStep(): Step {
  const m = each(() => 0);
  return (p, g) => {
    const direction = each((i) => Math.sign(0.9 * m[i]! + 0.1 * g[i]!));
    g.forEach((value, i) => (m[i] = 0.99 * m[i]! + 0.01 * value));
    return each((i) => p[i]! - RATE * (direction[i]! + 1e-3 * p[i]!));
  };
}

function rmspropStep(momentum: number): Step {
  const [v, sum] = [each(() => 0), each(() => 0)];
  return (p, g) => {
    g.forEach((value, i) => {
      v[i] = 0.9 * v[i]! + 0.1 * value ** 2;
      sum[i] = momentum * sum[i]! - (RATE * value) / Math.sqrt(v[i]! + 1e-8);
    });
    return each((i) => p[i]! + sum[i]!);
  };
}

function adagradStep(): Step {
  const squares = each(() => 0.1);
  return (p, g) => {
    g.forEach((value, i) => (squares[i] = squares[i]! + value ** 2));
    return each((i) => p[i]! - (RATE * g[i]!) / Math.sqrt(squares[i]! + 1e-7));
  };
}

function lambStep(): Step {
  const next = moments(0.9, 0.999);
  return (p, g, t) => {
    const { mean, square } = next(g, t);
    const direction = each((i) => mean[i]! / (Math.sqrt(square[i]!) + 1e-6) + 0.01 * p[i]!);
    return each((i) => p[i]! - (RATE * direction[i]! * norm(p)) / norm(direction));
  };
}

/** Adafactor of a leaf too small to factor. */
function adafactorStep(): Step {
  const v = each(() => 0);
  return (p, g, t) => {
    const past = 1 - t ** -0.8;
    g.forEach((value, i) => (v[i] = past * v[i]! + (1 - past) * (value ** 2 + 1e-30)));
    const direction = each((i) => g[i]! / Math.sqrt(v[i]!));
    const clipped = Math.max(1, norm(direction) / Math.sqrt(3));
    return each((i) => p[i]! - (RATE * direction[i]! * Math.max(norm(p) / Math.sqrt(3), 1e-3)) / clipped);
  };
}

const CASES: readonly (readonly [name: string, tx: GradientTransformation, step: Step])[] = [
  ['sgd', optax.sgd(RATE), sgdStep(0, false)],
  ['sgd with momentum', optax.sgd(RATE, { momentum: 0.9 }), sgdStep(0.9, false)],
  ['sgd with Nesterov momentum', optax.sgd(RATE, { momentum: 0.9, nesterov: true }), sgdStep(0.9, true)],
  ['adam', optax.adam(RATE), adamStep(0)],
  ['adam with Nesterov momentum', optax.adam(RATE, { nesterov: true }), nadamStep()],
  ['adamw', optax.adamw(RATE, { weightDecay: 0.01 }), adamStep(0.01)],
  ['lion', optax.lion(RATE), lionStep()],
  ['rmsprop', optax.rmsprop(RATE), rmspropStep(0)],
  ['rmsprop with momentum', optax.rmsprop(RATE, { momentum: 0.5 }), rmspropStep(0.5)],
  ['adagrad', optax.adagrad(RATE), adagradStep()],
  ['lamb', optax.lamb(RATE, { weightDecay: 0.01 }), lambStep()],
  ['adafactor', optax.adafactor(RATE), adafactorStep()],
];

test.each(CASES)('%s: three steps, traced once', async (_, tx, step) => {
  const train = jit(
    assertMaxTraces((params: unknown, state: unknown, grads: unknown) => {
      const [updates, next] = tx.update(grads, state, params);
      return [optax.applyUpdates(params, updates), next] as const;
    }, 1),
  );
  let params: unknown = { w: np.array(START), none: null };
  let state = on(() => tx.init(params));
  let expected = START;
  for (const [i, gradient] of GRADIENTS.entries()) {
    [params, state] = on(() => train(params, state, { w: np.array(gradient), none: null }));
    expected = step(expected, gradient, i + 1);
    await assertAllClose((params as { w: unknown }).w, expected, { rtol: 2e-6, atol: 1e-6 });
  }
  expect((params as { none: unknown }).none).toBe(null);
});

test('adafactor keeps a row and a column of a matrix', async () => {
  const tx = optax.scaleByFactoredRms({ minDimSizeToFactor: 2 });
  const gradient = [
    [1, 2, 3],
    [-4, 5, 6],
  ];
  const params = np.zeros([2, 3]);
  const [updates, state] = on(() => tx.update(np.array(gradient), tx.init(params), params));
  // Rows are means over the larger axis. In the first step the past weighs nothing.
  const rows = gradient.map((row) => row.reduce((sum, x) => sum + x ** 2, 0) / 3);
  const columns = [0, 1, 2].map((j) => (gradient[0]![j]! ** 2 + gradient[1]![j]! ** 2) / 2);
  const total = (rows[0]! + rows[1]!) / 2;
  await assertAllClose(updates, gradient.map((row, i) => row.map((x, j) => x / Math.sqrt((rows[i]! / total) * columns[j]!))));
  await assertAllClose(state.vRow, rows);
  await assertAllClose(state.vCol, columns);
});
