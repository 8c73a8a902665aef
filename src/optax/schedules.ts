/** Values for each step: functions from the count of steps, a number or an int32 tensor, to a float32 scalar. */
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { checkFinite, checkPositive, checkWhole } from './numbers.ts';
import type { Schedule } from './transformation.ts';

/** A schedule that also takes a number. */
export type CountedSchedule = (count: Operand) => Tensor;

/** Always the same. optax.constant_schedule. */
export function constantSchedule(value: number): CountedSchedule {
  checkFinite('optax.constantSchedule', 'value', value);
  return () => np.full([], value, { dtype: 'float32' });
}

export interface TransitionOptions {
  /** The step at which the change begins; default 0. */
  readonly transitionBegin?: number;
}

/** From `initValue` to `endValue` in equal steps. optax.linear_schedule. */
export function linearSchedule(
  initValue: number,
  endValue: number,
  transitionSteps: number,
  options: TransitionOptions = {},
): CountedSchedule {
  const name = 'optax.linearSchedule';
  const { transitionBegin } = readOptions<Required<TransitionOptions>>(name, options, { transitionBegin: 0 });
  checkFinite(name, 'initValue', initValue);
  checkFinite(name, 'endValue', endValue);
  checkWhole(name, 'transitionSteps', transitionSteps, 1);
  checkWhole(name, 'transitionBegin', transitionBegin, 0);
  return (count) => {
    const done = np.clip(np.subtract(steps(count), transitionBegin), 0, transitionSteps);
    const left = np.subtract(1, np.divide(done, transitionSteps));
    return np.add(np.multiply(left, initValue - endValue), endValue);
  };
}

export interface CosineOptions {
  /** What is left in the end, as a part of the first value; default 0. */
  readonly alpha?: number;
  /** Default 1. */
  readonly exponent?: number;
}

/** Half a cosine from `initValue` down to alpha times it. Loshchilov and Hutter 2016; optax.cosine_decay_schedule. */
export function cosineDecaySchedule(initValue: number, decaySteps: number, options: CosineOptions = {}): CountedSchedule {
  const name = 'optax.cosineDecaySchedule';
  const { alpha, exponent } = readOptions<Required<CosineOptions>>(name, options, { alpha: 0, exponent: 1 });
  checkFinite(name, 'initValue', initValue);
  checkWhole(name, 'decaySteps', decaySteps, 1);
  checkFinite(name, 'alpha', alpha);
  checkPositive(name, 'exponent', exponent);
  return (count) => {
    const part = np.divide(np.minimum(steps(count), decaySteps), decaySteps);
    const cosine = np.multiply(np.add(np.cos(np.multiply(part, Math.PI)), 1), 0.5);
    return np.multiply(np.add(np.multiply(np.power(cosine, exponent), 1 - alpha), alpha), initValue);
  };
}

export interface WarmupOptions {
  /** The value in the end; default 0. */
  readonly endValue?: number;
  /** Of the cosine; default 1. */
  readonly exponent?: number;
}

/**
 * A linear rise from `initValue` to `peakValue` in `warmupSteps`, then a cosine; `decaySteps` counts both.
 * optax.warmup_cosine_decay_schedule.
 */
export function warmupCosineDecaySchedule(
  initValue: number,
  peakValue: number,
  warmupSteps: number,
  decaySteps: number,
  options: WarmupOptions = {},
): CountedSchedule {
  const name = 'optax.warmupCosineDecaySchedule';
  const { endValue, exponent } = readOptions<Required<WarmupOptions>>(name, options, { endValue: 0, exponent: 1 });
  checkWhole(name, 'warmupSteps', warmupSteps, 1);
  checkWhole(name, 'decaySteps', decaySteps, warmupSteps + 1);
  checkFinite(name, 'endValue', endValue);
  const alpha = peakValue === 0 ? 0 : endValue / peakValue;
  return joinSchedules(
    [
      linearSchedule(initValue, peakValue, warmupSteps),
      cosineDecaySchedule(peakValue, decaySteps - warmupSteps, { alpha, exponent }),
    ],
    [warmupSteps],
  );
}

export interface ExponentialOptions extends TransitionOptions {
  /** Whether the value changes only after whole transitions. Default false. */
  readonly staircase?: boolean;
  /** A bound that the value does not pass; default none (null). */
  readonly endValue?: number | null;
}

/** `initValue` times decayRate^(count / transitionSteps). optax.exponential_decay. */
export function exponentialDecay(
  initValue: number,
  transitionSteps: number,
  decayRate: number,
  options: ExponentialOptions = {},
): CountedSchedule {
  const name = 'optax.exponentialDecay';
  const defaults = { transitionBegin: 0, staircase: false, endValue: null };
  const { transitionBegin, staircase, endValue } = readOptions<Required<ExponentialOptions>>(name, options, defaults);
  checkFinite(name, 'initValue', initValue);
  checkWhole(name, 'transitionSteps', transitionSteps, 1);
  checkPositive(name, 'decayRate', decayRate);
  checkWhole(name, 'transitionBegin', transitionBegin, 0);
  return (count) => {
    const part = np.divide(np.maximum(np.subtract(steps(count), transitionBegin), 0), transitionSteps);
    const exponent = staircase ? np.floor(part) : part;
    const value = np.multiply(np.exp(np.multiply(exponent, Math.log(decayRate))), initValue);
    if (endValue === null) return value;
    return decayRate < 1 ? np.maximum(value, endValue) : np.minimum(value, endValue);
  };
}

/** `initValue` times every scale whose boundary, a count of steps, is reached. optax.piecewise_constant_schedule. */
export function piecewiseConstantSchedule(
  initValue: number,
  boundariesAndScales: Readonly<Record<number, number>> = {},
): CountedSchedule {
  const name = 'optax.piecewiseConstantSchedule';
  checkFinite(name, 'initValue', initValue);
  const pieces = Object.entries(boundariesAndScales).map(([boundary, factor]) => [Number(boundary), factor] as const);
  for (const [boundary, factor] of pieces) {
    checkWhole(name, 'a boundary', boundary, 0);
    checkFinite(name, `the scale at ${boundary}`, factor);
  }
  return (count) => {
    const step = steps(count);
    return pieces.reduce(
      (value, [boundary, factor]) => np.multiply(value, np.where(np.less(step, boundary), 1, factor)),
      np.full([], initValue, { dtype: 'float32' }),
    );
  };
}

/** Each schedule from its boundary on, counted from there; the first from the start. optax.join_schedules. @throws VALUE */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): CountedSchedule {
  const name = 'optax.joinSchedules';
  const [first, ...rest] = schedules;
  if (first === undefined || rest.length !== boundaries.length) {
    const counts = `${schedules.length} schedules and ${boundaries.length} boundaries`;
    throw userError('VALUE', `${name}: there are ${counts}, and one boundary stands between each two schedules`, {
      fix: 'joinSchedules([warmup, decay], [100])',
    });
  }
  boundaries.forEach((boundary, i) => checkWhole(name, `boundaries[${i}]`, boundary, i === 0 ? 0 : boundaries[i - 1]! + 1));
  return (count) => {
    const step = tensorOf(count);
    const value = rest.reduce<Operand>((before, schedule, i) => {
      const since = np.subtract(step, boundaries[i]!);
      return np.where(np.less(since, 0), before, schedule(since));
    }, first(step));
    return np.astype(value, 'float32');
  };
}

function steps(count: Operand): Tensor {
  return np.astype(count, 'float32');
}
