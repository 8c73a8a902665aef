/** Gradients over the root of what their squares were: a mean, or a sum. */
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { averageOfSquares } from './averages.ts';
import { checkDecay, checkNonNegative } from './numbers.ts';
import type { GradientTransformation } from './transformation.ts';
import { fullLike, mapTrees } from './trees.ts';

export interface ScaleByRmsOptions {
  /** Decay of the mean of squares; default 0.9. */
  readonly decay?: number;
  /** Added below the root, or with `epsInSqrt: false` to the root; default 1e-8. */
  readonly eps?: number;
  /** The mean of squares before the first step; default 0. */
  readonly initialScale?: number;
  /** Default true. */
  readonly epsInSqrt?: boolean;
}

/** The moving average of squares. optax.ScaleByRmsState. */
export interface ScaleByRmsState {
  readonly nu: unknown;
}

/** The gradients over the root of the mean of their squares. Hinton 2012; optax.scale_by_rms. */
export function scaleByRms(options: ScaleByRmsOptions = {}): GradientTransformation<ScaleByRmsState> {
  const name = 'optax.scaleByRms';
  const defaults = { decay: 0.9, eps: 1e-8, initialScale: 0, epsInSqrt: true };
  const { decay, eps, initialScale, epsInSqrt } = readOptions<Required<ScaleByRmsOptions>>(name, options, defaults);
  checkDecay(name, 'decay', decay);
  checkNonNegative(name, 'eps', eps);
  checkNonNegative(name, 'initialScale', initialScale);
  const root = (square: Tensor): Tensor => (epsInSqrt ? np.sqrt(np.add(square, eps)) : np.add(np.sqrt(square), eps));
  return {
    init: (params) => ({ nu: fullLike(name, params, initialScale) }),
    update: <U>(updates: U, state: ScaleByRmsState) => {
      const nu = averageOfSquares<U>(name, updates, state.nu, decay);
      return [mapTrees<U>(name, { updates, nu }, (gradient, square) => np.divide(gradient, root(square))), { nu }];
    },
  };
}

export interface ScaleByRssOptions {
  /** The sum of squares before the first step; default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Added below the root; default 1e-7. */
  readonly eps?: number;
}

/** The sum of squares. optax.ScaleByRssState. */
export interface ScaleByRssState {
  readonly sumOfSquares: unknown;
}

/** The gradients over the root of the sum of their squares so far. Duchi et al. 2011; optax.scale_by_rss. */
export function scaleByRss(options: ScaleByRssOptions = {}): GradientTransformation<ScaleByRssState> {
  const name = 'optax.scaleByRss';
  const defaults = { initialAccumulatorValue: 0.1, eps: 1e-7 };
  const { initialAccumulatorValue, eps } = readOptions<Required<ScaleByRssOptions>>(name, options, defaults);
  checkNonNegative(name, 'initialAccumulatorValue', initialAccumulatorValue);
  checkNonNegative(name, 'eps', eps);
  return {
    init: (params) => ({ sumOfSquares: fullLike(name, params, initialAccumulatorValue) }),
    update: <U>(updates: U, state: ScaleByRssState) => {
      const trees = { updates, sumOfSquares: state.sumOfSquares };
      const sumOfSquares = mapTrees<U>(name, trees, (gradient, sum) => np.add(sum, np.square(gradient)));
      const direction = mapTrees<U>(name, { updates, sumOfSquares }, (gradient, sum) =>
        np.multiply(gradient, np.where(np.greater(sum, 0), lax.rsqrt(np.add(sum, eps)), 0)),
      );
      return [direction, { sumOfSquares }];
    },
  };
}
