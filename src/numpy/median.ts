/** The median. */
import * as lax from '../lax/index.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { floatTensor } from './operands.ts';
import { WHOLE, nonEmpty, reduceOptions, reduced } from './reduce.ts';
import type { Reduce } from './reduce.ts';

/**
 * The element in the middle of those in order, of an even number the mean of the two; NaN where an element is NaN. Integers and
 * bools become float32. jax.numpy.median.
 *
 * @throws AXIS; VALUE when there are no elements.
 */
export function median(x: Operand, reduce?: Reduce): Tensor {
  const options = reduceOptions('np.median', reduce, WHOLE);
  return reduced('np.median', middle, nonEmpty('np.median', floatTensor(x), options), options);
}

function middle(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const outer = kept.map((axis) => x.shape[axis]!);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const lines = lax.reshape(lax.transpose(x, [...kept, ...axes]), [...outer, count]);
  const sorted = lax.sort(lines, { dimension: outer.length });
  const at = (place: number): Tensor => lax.reshape(lax.sliceInDim(sorted, place, place + 1, { axis: outer.length }), outer);
  const value = lax.mul(lax.add(at(Math.floor((count - 1) / 2)), at(Math.floor(count / 2))), 0.5);
  // NaN is the last in order.
  return lax.select(lax.isNan(at(count - 1)), NaN, value);
}
