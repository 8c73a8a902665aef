/** Updates that depend on the parameters. */
import { np } from '../numpy/index.ts';
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { rootMeanSquare } from './clipping.ts';
import { masked } from './masked.ts';
import type { Mask } from './masked.ts';
import { checkFinite, checkNonNegative } from './numbers.ts';
import { stateless } from './transformation.ts';
import type { GradientTransformation } from './transformation.ts';
import { mapTrees, requireParams } from './trees.ts';

export interface DecayOptions {
  /** The parameters that decay; default all (null). */
  readonly mask?: Mask | null;
}

/** The updates plus `weightDecay` times the parameters. Loshchilov and Hutter 2017; optax.add_decayed_weights. */
export function addDecayedWeights(weightDecay: number | Tensor, options: DecayOptions = {}): GradientTransformation {
  const name = 'optax.addDecayedWeights';
  const { mask } = readOptions<Required<DecayOptions>>(name, options, { mask: null });
  if (typeof weightDecay === 'number') checkFinite(name, 'weightDecay', weightDecay);
  const decay = stateless((updates, params) => {
    requireParams(name, params);
    return mapTrees(name, { updates, params }, (update, param) =>
      np.add(update, np.astype(np.multiply(param!, weightDecay), update.dtype)),
    );
  });
  return mask === null ? decay : masked(decay, mask);
}

export interface TrustRatioOptions {
  /** The least value of either norm; default 0. */
  readonly minNorm?: number;
  /** Factor of the ratio; default 1. */
  readonly trustCoefficient?: number;
  /** Added to the norm of the update; default 0. */
  readonly eps?: number;
}

/**
 * Each leaf times the norm of its parameter over the norm of its update, where neither is 0. You et al. 2017 and 2019;
 * optax.scale_by_trust_ratio.
 */
export function scaleByTrustRatio(options: TrustRatioOptions = {}): GradientTransformation {
  const name = 'optax.scaleByTrustRatio';
  const defaults = { minNorm: 0, trustCoefficient: 1, eps: 0 };
  const { minNorm, trustCoefficient, eps } = readOptions<Required<TrustRatioOptions>>(name, options, defaults);
  checkNonNegative(name, 'minNorm', minNorm);
  checkFinite(name, 'trustCoefficient', trustCoefficient);
  checkNonNegative(name, 'eps', eps);
  const norm = (x: Tensor): Tensor => np.maximum(np.sqrt(np.sum(np.square(x))), minNorm);
  return stateless((updates, params) => {
    requireParams(name, params);
    return mapTrees(name, { updates, params }, (update, param) => {
      const [ofParam, ofUpdate] = [norm(np.astype(param!, update.dtype)), norm(update)];
      const isZero = np.logicalOr(np.equal(ofParam, 0), np.equal(ofUpdate, 0));
      const ratio = np.divide(np.multiply(ofParam, trustCoefficient), np.add(ofUpdate, eps));
      return np.multiply(update, np.where(isZero, 1, ratio));
    });
  });
}

/**
 * Each leaf times the root of the mean of its parameter's squares, at least `minScale`. Shazeer and Stern 2018;
 * optax.scale_by_param_block_rms.
 */
export function scaleByParamBlockRms(minScale: number = 1e-3): GradientTransformation {
  const name = 'optax.scaleByParamBlockRms';
  checkNonNegative(name, 'minScale', minScale);
  return stateless((updates, params) => {
    requireParams(name, params);
    return mapTrees(name, { updates, params }, (update, param) =>
      np.multiply(update, np.astype(np.maximum(rootMeanSquare(param!), minScale), update.dtype)),
    );
  });
}
