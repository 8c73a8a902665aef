/** Multiples of updates, by a number or by what the step counts to. */
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import { np } from '../numpy/index.ts';
import { checkFinite, firstCount, increment, scaled } from './numbers.ts';
import { stateless } from './transformation.ts';
import type { EmptyState, GradientTransformation, Schedule } from './transformation.ts';
import { mapTrees } from './trees.ts';

/** A learning rate: a number, a scalar tensor, or a value for each step. optax.ScalarOrSchedule. */
export type LearningRate = number | Tensor | Variable | Schedule;

/** The count of steps taken: int32. optax.ScaleByScheduleState. */
export interface CountState {
  readonly count: Tensor;
}

/** The updates times a number or a scalar. optax.scale. @throws VALUE for a number that is not finite. */
export function scale(factor: number | Tensor | Variable): GradientTransformation<EmptyState> {
  if (typeof factor === 'number') checkFinite('optax.scale', 'factor', factor);
  return stateless((updates) => mapTrees('optax.scale', { updates }, (update) => scaled(update, factor)));
}

/** The updates times the schedule's value at the step. optax.scale_by_schedule. */
export function scaleBySchedule(schedule: Schedule): GradientTransformation<CountState> {
  return {
    init: () => ({ count: firstCount() }),
    update: (updates, { count }) => {
      const factor = schedule(count);
      const scaledUpdates = mapTrees<typeof updates>('optax.scaleBySchedule', { updates }, (update) => scaled(update, factor));
      return [scaledUpdates, { count: increment(count) }];
    },
  };
}

/**
 * The updates times the negative learning rate, so that adding them descends; `flipSign: false` for the learning rate itself.
 * optax.scale_by_learning_rate.
 */
export function scaleByLearningRate(
  learningRate: LearningRate,
  options: { readonly flipSign?: boolean } = {},
): GradientTransformation {
  const sign = (options.flipSign ?? true) ? -1 : 1;
  if (typeof learningRate === 'number') return scale(sign * learningRate);
  const signed = (rate: Operand): Tensor => np.multiply(rate, sign);
  if (typeof learningRate === 'function') return scaleBySchedule((count) => signed(learningRate(count)));
  return stateless((updates) => {
    const rate = signed(learningRate);
    return mapTrees('optax.scaleByLearningRate', { updates }, (update) => scaled(update, rate));
  });
}
