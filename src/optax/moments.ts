/** Directions from moving averages of gradients: Adam's and Lion's. */
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { average, averageOfSquares, mix } from './averages.ts';
import { biasCorrection, checkDecay, checkNonNegative, firstCount, increment, scaled } from './numbers.ts';
import type { GradientTransformation } from './transformation.ts';
import { mapTrees, zerosLike } from './trees.ts';

export interface ScaleByAdamOptions {
  /** Decay of the mean of gradients; default 0.9. */
  readonly b1?: number;
  /** Decay of the mean of their squares; default 0.999. */
  readonly b2?: number;
  /** Added to the root; default 1e-8. */
  readonly eps?: number;
  /** Added below the root; default 0. */
  readonly epsRoot?: number;
  /** Whether the mean is that of the next step. Default false. */
  readonly nesterov?: boolean;
}

/** Steps taken, and the moving averages of gradients and of their squares. optax.ScaleByAdamState. */
export interface ScaleByAdamState {
  readonly count: Tensor;
  readonly mu: unknown;
  readonly nu: unknown;
}

/**
 * The mean of the gradients over the root of the mean of their squares, both corrected for their start at 0. Kingma and Ba 2014,
 * Dozat 2016; optax.scale_by_adam.
 */
export function scaleByAdam(options: ScaleByAdamOptions = {}): GradientTransformation<ScaleByAdamState> {
  const name = 'optax.scaleByAdam';
  const defaults = { b1: 0.9, b2: 0.999, eps: 1e-8, epsRoot: 0, nesterov: false };
  const { b1, b2, eps, epsRoot, nesterov } = readOptions<Required<ScaleByAdamOptions>>(name, options, defaults);
  checkDecay(name, 'b1', b1);
  checkDecay(name, 'b2', b2);
  checkNonNegative(name, 'eps', eps);
  checkNonNegative(name, 'epsRoot', epsRoot);
  return {
    init: (params) => ({ count: firstCount(), mu: zerosLike(name, params), nu: zerosLike(name, params) }),
    update: <U>(updates: U, state: ScaleByAdamState) => {
      const count = increment(state.count);
      const mu = average<U>(name, updates, state.mu, b1);
      const nu = averageOfSquares<U>(name, updates, state.nu, b2);
      const perMean = np.reciprocal(biasCorrection(b1, nesterov ? increment(count) : count));
      const perGradient = np.reciprocal(biasCorrection(b1, count));
      const perSquare = np.reciprocal(biasCorrection(b2, count));
      const direction = mapTrees<U>(name, { updates, mu, nu }, (gradient, mean, square) => {
        const ahead = nesterov
          ? np.add(scaled(np.multiply(mean, b1), perMean), scaled(np.multiply(gradient, 1 - b1), perGradient))
          : scaled(mean, perMean);
        return np.divide(ahead, np.add(np.sqrt(np.add(scaled(square, perSquare), epsRoot)), eps));
      });
      return [direction, { count, mu, nu }];
    },
  };
}

export interface ScaleByLionOptions {
  /** Weight of the mean in the direction; default 0.9. */
  readonly b1?: number;
  /** Decay of the mean; default 0.99. */
  readonly b2?: number;
}

/** The moving average of gradients. optax.ScaleByLionState. */
export interface ScaleByLionState {
  readonly count: Tensor;
  readonly mu: unknown;
}

/** The sign of a mean of gradients. Chen et al. 2023; optax.scale_by_lion. */
export function scaleByLion(options: ScaleByLionOptions = {}): GradientTransformation<ScaleByLionState> {
  const name = 'optax.scaleByLion';
  const { b1, b2 } = readOptions<Required<ScaleByLionOptions>>(name, options, { b1: 0.9, b2: 0.99 });
  checkDecay(name, 'b1', b1);
  checkDecay(name, 'b2', b2);
  return {
    init: (params) => ({ count: firstCount(), mu: zerosLike(name, params) }),
    update: <U>(updates: U, state: ScaleByLionState) => {
      const direction = mapTrees<U>(name, { updates, mu: state.mu }, (gradient, mean) => np.sign(mix(gradient, mean, b1)));
      return [direction, { count: increment(state.count), mu: average(name, updates, state.mu, b2) }];
    },
  };
}
