/**
 * Values below which given shares of the elements lie, between two elements by linear interpolation; NaN where an element is NaN.
 *
 * @throws AXIS for an axis that x does not have; VALUE for a share outside its range, and when there are no elements.
 */
import * as lax from '../lax/index.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { fail, floatTensor } from './operands.ts';
import { WHOLE, nonEmpty, reduceOptions, reduced } from './reduce.ts';
import type { Reduce } from './reduce.ts';

/** The value below which a share `q` of the elements lies, a number from 0 to 1. jax.numpy.quantile. */
export function quantile(x: Operand, q: number, reduce?: Reduce): Tensor {
  if (!(q >= 0 && q <= 1)) fail('VALUE', `np.quantile: ${q} is not a share of the elements`, 'np.quantile(x, 0.5)');
  return quantileOf('np.quantile', x, q, reduce);
}

/** The value below which `q` percent of the elements lie, a number from 0 to 100. jax.numpy.percentile. */
export function percentile(x: Operand, q: number, reduce?: Reduce): Tensor {
  if (!(q >= 0 && q <= 100)) fail('VALUE', `np.percentile: ${q} is not a percentage`, 'np.percentile(x, 50)');
  return quantileOf('np.percentile', x, q / 100, reduce);
}

function quantileOf(name: string, x: Operand, q: number, reduce: Reduce | undefined): Tensor {
  const options = reduceOptions(name, reduce, WHOLE);
  const interpolated = (tensor: Tensor, axes: readonly number[]): Tensor => interpolate(tensor, q, axes);
  return reduced(name, interpolated, nonEmpty(name, floatTensor(x), options), options);
}

function interpolate(x: Tensor, q: number, axes: readonly number[]): Tensor {
  const kept = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const rest = kept.map((axis) => x.shape[axis]!);
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  const sorted = lax.sort(lax.reshape(lax.transpose(x, [...kept, ...axes]), [...rest, count]));
  const at = (place: number): Tensor => lax.reshape(lax.sliceInDim(sorted, place, place + 1, { axis: rest.length }), rest);
  const place = q * (count - 1);
  const weight = place % 1;
  const low = at(Math.floor(place));
  // An infinity that weighs nothing does not count.
  const value = weight === 0 ? low : lax.add(lax.mul(low, 1 - weight), lax.mul(at(Math.ceil(place)), weight));
  // NaN is the last in order.
  return lax.select(lax.isNan(at(count - 1)), NaN, value);
}
