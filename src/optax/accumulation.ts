/** Several gradients for one step: large batches in small parts. */
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { checkWhole, firstCount, increment } from './numbers.ts';
import type { GradientTransformation, OptState, Schedule } from './transformation.ts';
import { mapAny, mapTrees, zerosLike } from './trees.ts';

export interface MultiStepsOptions {
  /** Whether a step takes the mean of its gradients, and not their sum. Default true. */
  readonly useGradMean?: boolean;
}

/** optax.MultiStepsState. */
export interface MultiStepsState<S = OptState> {
  /** Gradients since the last step. */
  readonly miniStep: Tensor;
  /** Steps taken. */
  readonly gradientStep: Tensor;
  readonly innerState: S;
  readonly accGrads: unknown;
}

/**
 * A step of `inner` with the mean of every `everyK` gradients, and updates of zero between: as one batch of `everyK` times the
 * size. `everyK` may depend on the number of steps taken. optax.MultiSteps.
 */
export function multiSteps<S>(
  inner: GradientTransformation<S>,
  everyK: number | Schedule,
  options: MultiStepsOptions = {},
): GradientTransformation<MultiStepsState<S>> {
  const name = 'optax.multiSteps';
  const { useGradMean } = readOptions<Required<MultiStepsOptions>>(name, options, { useGradMean: true });
  if (typeof everyK !== 'function') checkWhole(name, 'everyK', everyK, 1);
  return {
    init: (params) => ({
      miniStep: firstCount(),
      gradientStep: firstCount(),
      innerState: inner.init(params),
      accGrads: zerosLike(name, params),
    }),
    update: <U>(updates: U, state: MultiStepsState<S>, params: unknown) => {
      const miniStep = np.add(state.miniStep, 1);
      const isStep = np.greaterEqual(miniStep, typeof everyK === 'function' ? everyK(state.gradientStep) : everyK);
      const gathered = mapTrees<U>(name, { updates, accGrads: state.accGrads }, (update, sum) =>
        useGradMean ? np.add(sum, np.divide(np.subtract(update, sum), np.astype(miniStep, sum.dtype))) : np.add(sum, update),
      );
      const [stepped, innerState] = inner.update(gathered, state.innerState, params);
      const choose = (after: Tensor, before: Tensor): Tensor => np.where(isStep, after, before);
      return [
        mapTrees<U>(name, { stepped }, (update) => choose(update, np.zerosLike(update))),
        {
          miniStep: choose(firstCount(), miniStep),
          gradientStep: choose(increment(state.gradientStep), state.gradientStep),
          innerState: mapAny<S>(name, { innerState, before: state.innerState }, (after, before) => choose(after, before!)),
          accGrads: mapTrees(name, { gathered }, (sum) => choose(np.zerosLike(sum), sum)),
        },
      ];
    },
  };
}

/** optax.ApplyEvery. */
export interface ApplyEveryState {
  readonly count: Tensor;
  readonly gradAcc: unknown;
}

/** The sum of `k` updates at every k-th step, and zero between. optax.apply_every. */
export function applyEvery(k: number): GradientTransformation<ApplyEveryState> {
  const name = 'optax.applyEvery';
  checkWhole(name, 'k', k, 1);
  return {
    init: (params) => ({ count: firstCount(), gradAcc: zerosLike(name, params) }),
    update: <U>(updates: U, { count, gradAcc }: ApplyEveryState) => {
      const starts = np.equal(count, 0);
      const emits = np.equal(count, k - 1);
      const sums = mapTrees<U>(name, { updates, gradAcc }, (update, sum) => np.add(update, np.where(starts, 0, sum)));
      const next = np.where(emits, 0, np.add(count, 1));
      return [mapTrees<U>(name, { sums }, (sum) => np.where(emits, sum, 0)), { count: next, gradAcc: sums }];
    },
  };
}
