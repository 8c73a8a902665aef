/**
 * Every element combined with all that are before it along an axis, counted from the front. np has the forms with negative axes.
 *
 * @throws AXIS for an axis that x does not have, DTYPE for what cannot be combined.
 */
import { readOptions } from '../options.ts';
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';

export interface CumulativeOptions {
  /** Whether to begin at the end, so that an element is combined with all that are after it; default false. */
  readonly reverse?: boolean;
}

function cumulative(primitive: string, x: LaxOperand, axis: number, options: CumulativeOptions): Tensor {
  const { reverse } = readOptions(`lax.${primitive}`, options, { reverse: false });
  return apply(primitive, [atomOf(x)], { axis, reverse });
}

/** Running sums. jax.lax.cumsum. */
export function cumsum(x: LaxOperand, axis = 0, options: CumulativeOptions = {}): Tensor {
  return cumulative('cumsum', x, axis, options);
}

/** Running products. jax.lax.cumprod. */
export function cumprod(x: LaxOperand, axis = 0, options: CumulativeOptions = {}): Tensor {
  return cumulative('cumprod', x, axis, options);
}

/** The largest so far; NaN from the first NaN on. jax.lax.cummax. */
export function cummax(x: LaxOperand, axis = 0, options: CumulativeOptions = {}): Tensor {
  return cumulative('cummax', x, axis, options);
}

/** The smallest so far; NaN from the first NaN on. jax.lax.cummin. */
export function cummin(x: LaxOperand, axis = 0, options: CumulativeOptions = {}): Tensor {
  return cumulative('cummin', x, axis, options);
}

/** log(cumsum(exp(x))) without overflow, of floats. jax.lax.cumlogsumexp. */
export function cumlogsumexp(x: LaxOperand, axis = 0, options: CumulativeOptions = {}): Tensor {
  return cumulative('cumlogsumexp', x, axis, options);
}
