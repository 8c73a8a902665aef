/** Applying updates, and their size. */
import { np } from '../numpy/index.ts';
import type { Tensor } from '../trace/tensor.ts';
import { mapTrees, valuesOf } from './trees.ts';

/** The parameters plus the updates, in the dtypes of the parameters. optax.apply_updates. @throws PYTREE, SHAPE, DTYPE */
export function applyUpdates<P>(params: P, updates: unknown): P {
  return mapTrees('optax.applyUpdates', { params, updates }, (param, update) =>
    np.astype(np.add(param, update), param.dtype),
  );
}

/** The root of the sum of all squares of a tree: a float32 scalar. optax.global_norm. @throws PYTREE, DTYPE */
export function globalNorm(updates: unknown): Tensor {
  return normOf(valuesOf('optax.globalNorm', { updates }));
}

/** The root of the sum of all squares. */
export function normOf(values: readonly Tensor[]): Tensor {
  const squares = values.map((value) => np.sum(np.square(np.astype(value, 'float32'))));
  return np.sqrt(squares.reduce((sum, square) => np.add(sum, square), np.zeros([])));
}
