/** Sums and means of past updates in the place of updates. */
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { average } from './averages.ts';
import { biasCorrection, checkDecay, firstCount, increment, scaled } from './numbers.ts';
import type { GradientTransformation } from './transformation.ts';
import { mapTrees, zerosLike } from './trees.ts';

/** The decaying sum of gradients, a tree like the parameters. optax.TraceState. */
export interface TraceState {
  readonly trace: unknown;
}

/**
 * Momentum: the sum of the gradients so far, each step's decayed by `decay`; with `nesterov` the sum as it will be. Sutskever et
 * al. 2013; optax.trace.
 */
export function trace(decay: number, options: { readonly nesterov?: boolean } = {}): GradientTransformation<TraceState> {
  const name = 'optax.trace';
  const { nesterov } = readOptions(name, options, { nesterov: false });
  checkDecay(name, 'decay', decay);
  const add = (gradient: Tensor, sum: Tensor): Tensor => np.add(gradient, np.multiply(sum, decay));
  return {
    init: (params) => ({ trace: zerosLike(name, params) }),
    update: <U>(updates: U, state: TraceState) => {
      const next = mapTrees<U>(name, { updates, trace: state.trace }, add);
      return [nesterov ? mapTrees<U>(name, { updates, trace: next }, add) : next, { trace: next }];
    },
  };
}

/** The moving average of updates. optax.EmaState. */
export interface EmaState {
  readonly count: Tensor;
  readonly ema: unknown;
}

/** The moving average of the updates; by default corrected for its start at 0. optax.ema. */
export function ema(decay: number, options: { readonly debias?: boolean } = {}): GradientTransformation<EmaState> {
  const name = 'optax.ema';
  const { debias } = readOptions(name, options, { debias: true });
  checkDecay(name, 'decay', decay);
  return {
    init: (params) => ({ count: firstCount(), ema: zerosLike(name, params) }),
    update: <U>(updates: U, state: EmaState) => {
      const count = increment(state.count);
      const mean = average<U>(name, updates, state.ema, decay);
      const correction = np.reciprocal(biasCorrection(decay, count));
      return [debias ? mapTrees<U>(name, { mean }, (value) => scaled(value, correction)) : mean, { count, ema: mean }];
    },
  };
}
