/** Norms; the namespace `np.linalg`. */
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, fail, floatTensor } from './operands.ts';
import { power } from './power.ts';
import { max, min, sum } from './reductions.ts';
import type { ReduceOptions } from './reduce.ts';

export interface NormOptions extends ReduceOptions {
  /** The order of a vector norm: 2 (default), 1, any other power, Infinity (the largest), -Infinity, 0 (how many are not 0). */
  readonly ord?: number;
}

/**
 * The vector norm over the given axes, by default all: for a matrix and `ord` 2 that is the Frobenius norm. Integers become
 * float32. jax.numpy.linalg.norm.
 *
 * @throws AXIS; VALUE for another order over two or more axes: matrix norms by singular values do not exist yet.
 */
export function norm(x: Operand, options: NormOptions = {}): Tensor {
  const { ord, ...reduce } = readOptions<Required<NormOptions>>('np.linalg.norm', options, { ord: 2, axis: null, keepdims: false });
  const tensor = floatTensor(x);
  if (ord === 2) return lax.sqrt(sum(lax.square(tensor), reduce));
  const count = reduce.axis === null ? tensor.ndim : [reduce.axis].flat().length;
  if (count > 1) {
    fail('VALUE', `np.linalg.norm: order ${ord} over ${count} axes`, `np.linalg.norm(x, { ord: ${ord}, axis: -1 })`);
  }
  const magnitude = lax.abs(tensor);
  if (ord === Infinity) return max(magnitude, reduce);
  if (ord === -Infinity) return min(magnitude, reduce);
  if (ord === 0) return sum(asDType(lax.ne(tensor, 0), tensor.dtype), reduce);
  return power(sum(power(magnitude, ord), reduce), 1 / ord);
}
