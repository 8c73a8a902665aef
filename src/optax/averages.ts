/** Moving averages of trees. */
import { np } from '../numpy/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import { mapTrees } from './trees.ts';

/** The value and a mean together, the mean with the weight `decay`. */
export function mix(value: Tensor, mean: Tensor, decay: number): Tensor {
  return np.add(np.multiply(value, 1 - decay), np.multiply(mean, decay));
}

/** The next moving average of updates; `state` is the last one. @throws PYTREE, SHAPE, DTYPE */
export function average<U>(name: string, updates: U, state: unknown, decay: number): U {
  return mapTrees(name, { updates, state }, (update, old) => mix(update, old, decay));
}

/** The next moving average of the squares of updates. @throws PYTREE, SHAPE, DTYPE */
export function averageOfSquares<U>(name: string, updates: U, state: unknown, decay: number): U {
  return mapTrees(name, { updates, state }, (update, old) => mix(np.square(update), old, decay));
}
