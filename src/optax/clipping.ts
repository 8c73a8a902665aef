/** Limits on updates. */
import { np } from '../numpy/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import { checkNonNegative, checkPositive, scaled } from './numbers.ts';
import { stateless } from './transformation.ts';
import type { EmptyState, GradientTransformation } from './transformation.ts';
import { mapTrees } from './trees.ts';
import { globalNorm } from './update.ts';

/** Every element brought into [-maxDelta, maxDelta]. optax.clip. */
export function clip(maxDelta: number): GradientTransformation<EmptyState> {
  checkNonNegative('optax.clip', 'maxDelta', maxDelta);
  return stateless((updates) => mapTrees('optax.clip', { updates }, (update) => np.clip(update, -maxDelta, maxDelta)));
}

/**
 * All updates scaled down together, where their global norm is above `maxNorm`. Pascanu et al. 2012; optax.clip_by_global_norm.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransformation<EmptyState> {
  checkPositive('optax.clipByGlobalNorm', 'maxNorm', maxNorm);
  return stateless((updates) => {
    const norm = globalNorm(updates);
    const factor = np.where(np.less(norm, maxNorm), 1, np.divide(maxNorm, norm));
    return mapTrees('optax.clipByGlobalNorm', { updates }, (update) => scaled(update, factor));
  });
}

/** Each leaf scaled down where the root of the mean of its squares is above `threshold`. optax.clip_by_block_rms. */
export function clipByBlockRms(threshold: number): GradientTransformation<EmptyState> {
  checkPositive('optax.clipByBlockRms', 'threshold', threshold);
  return stateless((updates) =>
    mapTrees('optax.clipByBlockRms', { updates }, (update) =>
      np.divide(update, np.maximum(np.divide(rootMeanSquare(update), threshold), 1)),
    ),
  );
}

/** The root of the mean of the squares. */
export function rootMeanSquare(x: Tensor): Tensor {
  return np.sqrt(np.mean(np.square(x)));
}
