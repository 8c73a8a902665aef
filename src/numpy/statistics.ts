/** Means and variances: floats keep their dtype, integers and bools become float32; NaN over no elements. @throws AXIS */
import * as lax from '../lax/index.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { broadcastAtom, floatTensor } from './operands.ts';
import { WHOLE, reduceOptions, reduced, reducedSize } from './reduce.ts';
import type { Reduce, ReduceOptions } from './reduce.ts';

export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements that the sum of squares is divided by; default 0, the biased variance. */
  readonly ddof?: number;
}

/** The arithmetic mean. jax.numpy.mean. */
export function mean(x: Operand, reduce?: Reduce): Tensor {
  return average('np.mean', floatTensor(x), reduceOptions('np.mean', reduce, WHOLE));
}

/** The variance, in two passes: the mean first, then the squares of what differs from it. jax.numpy.var. */
function var_(x: Operand, reduce?: Reduce<VarianceOptions>): Tensor {
  const { ddof, ...options } = reduceOptions('np.var', reduce, { ...WHOLE, ddof: 0 });
  const tensor = floatTensor(x);
  const center = average('np.var', tensor, { ...options, keepdims: true });
  const squares = lax.square(lax.sub(tensor, broadcastAtom(center, tensor.shape)));
  const count = reducedSize('np.var', tensor, options) - ddof;
  return lax.div(reduced('np.var', lax.reduceSum, squares, options), count > 0 ? count : NaN);
}

/** The square root of the variance. jax.numpy.std. */
export function std(x: Operand, reduce?: Reduce<VarianceOptions>): Tensor {
  return lax.sqrt(var_(x, reduce));
}

function average(name: string, x: Tensor, options: ReduceOptions): Tensor {
  return lax.div(reduced(name, lax.reduceSum, x, options), reducedSize(name, x, options));
}

// `var` is a reserved word, but may be a name of an export.
export { var_ as var };
