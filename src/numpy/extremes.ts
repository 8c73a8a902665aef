/** Where the extremes are. */
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, axisOf } from './operands.ts';
import { nonEmpty, reduceOptions } from './reduce.ts';

export interface ArgOptions {
  /** The axis to search; by default the flattened tensor. */
  readonly axis?: number | null;
  /** Whether the searched axis stays, with extent 1; default false. */
  readonly keepdims?: boolean;
}

/**
 * The int32 position of the first largest element along an axis (bare or as an option), or in the flattened tensor; a NaN counts
 * as the largest. jax.numpy.argmax.
 *
 * @throws AXIS for an axis that x does not have, VALUE when there are no elements.
 */
export function argmax(x: Operand, options?: number | null | ArgOptions): Tensor {
  return position('np.argmax', lax.argmax, x, options);
}

/** As `argmax`, of the first smallest element; a NaN counts as the smallest. jax.numpy.argmin. @throws AXIS, VALUE */
export function argmin(x: Operand, options?: number | null | ArgOptions): Tensor {
  return position('np.argmin', lax.argmin, x, options);
}

function position(
  name: string,
  search: (x: Tensor, axis: number) => Tensor,
  x: Operand,
  options: number | null | ArgOptions = {},
): Tensor {
  const { axis, keepdims } = reduceOptions<Required<ArgOptions>>(name, options, { axis: null, keepdims: false });
  const given = tensorOf(x);
  const tensor = given.dtype === 'bool' ? asDType(given, 'int32') : given;
  const searched = axis === null ? lax.reshape(tensor, [tensor.size]) : tensor;
  const along = axisOf(name, axis ?? 0, searched.ndim);
  const result = search(nonEmpty(name, searched, { axis: along }), along);
  if (!keepdims) return result;
  return axis === null ? lax.reshape(result, tensor.shape.map(() => 1)) : lax.expandDims(result, [along]);
}
