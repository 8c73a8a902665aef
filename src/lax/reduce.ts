/**
 * Reductions over axes counted from the front; the result has the other axes. np has the forms with negative axes and `keepdims`.
 */
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';

function reduce(primitive: string, x: LaxOperand, axes: readonly number[]): Tensor {
  return apply(primitive, [atomOf(x)], { axes });
}

/** The sum over `axes`, in the dtype of x. jax.lax.reduce_sum. @throws AXIS for an axis that x does not have. */
export function reduceSum(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_sum', x, axes);
}

/** The product over `axes`, in the dtype of x. jax.lax.reduce_prod. @throws AXIS for an axis that x does not have. */
export function reduceProd(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_prod', x, axes);
}

/** The largest element over `axes`; NaN wins. jax.lax.reduce_max. @throws AXIS for an axis that x does not have. */
export function reduceMax(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_max', x, axes);
}

/** The smallest element over `axes`; NaN wins. jax.lax.reduce_min. @throws AXIS for an axis that x does not have. */
export function reduceMin(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_min', x, axes);
}

/** Whether all elements of a bool x over `axes` hold. jax.lax.reduce_and. @throws AXIS for an axis that x does not have. */
export function reduceAnd(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_and', x, axes);
}

/** Whether any element of a bool x over `axes` holds. jax.lax.reduce_or. @throws AXIS for an axis that x does not have. */
export function reduceOr(x: LaxOperand, axes: readonly number[]): Tensor {
  return reduce('reduce_or', x, axes);
}

/** The int32 position of the first largest element along `axis`; a NaN counts as the largest. jax.lax.argmax. */
export function argmax(x: LaxOperand, axis: number): Tensor {
  return reduce('argmax', x, [axis]);
}

/** The int32 position of the first smallest element along `axis`; a NaN counts as the smallest. jax.lax.argmin. */
export function argmin(x: LaxOperand, axis: number): Tensor {
  return reduce('argmin', x, [axis]);
}
