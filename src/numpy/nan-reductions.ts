/** Reductions that leave NaNs out. Integers have none and reduce as usual. @throws AXIS */
import { isFloat } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { all, max, min, prod, sum } from './reductions.ts';
import type { Reduce, ReduceOptions } from './reduce.ts';
import { where } from './logic.ts';

/** The sum of what is not NaN; 0 when all is. jax.numpy.nansum. */
export function nansum(x: Operand, reduce?: Reduce): Tensor {
  return sum(withoutNan(x, 0), reduce);
}

/** The product of what is not NaN; 1 when all is. jax.numpy.nanprod. */
export function nanprod(x: Operand, reduce?: Reduce): Tensor {
  return prod(withoutNan(x, 1), reduce);
}

/** The mean of what is not NaN; NaN when all is. jax.numpy.nanmean. */
export function nanmean(x: Operand, reduce?: Reduce): Tensor {
  const total = nansum(x, reduce);
  const count = sum(lax.bitwiseNot(nans(x)), reduce);
  const dtype = isFloat(total.dtype) ? total.dtype : 'float32';
  return lax.div(lax.convertElementType(total, dtype), lax.convertElementType(count, dtype));
}

/** The largest of what is not NaN; NaN when all is. jax.numpy.nanmax. @throws VALUE when there are no elements. */
export function nanmax(x: Operand, reduce?: Reduce): Tensor {
  return extreme(max, -Infinity, x, reduce);
}

/** The smallest of what is not NaN; NaN when all is. jax.numpy.nanmin. @throws VALUE when there are no elements. */
export function nanmin(x: Operand, reduce?: Reduce): Tensor {
  return extreme(min, Infinity, x, reduce);
}

function extreme(reduction: typeof max, neutral: number, x: Operand, reduce?: Reduce<ReduceOptions>): Tensor {
  const found = reduction(withoutNan(x, neutral), reduce);
  return isFloat(found.dtype) ? where(all(nans(x), reduce), NaN, found) : found;
}

function withoutNan(x: Operand, replacement: number): Tensor {
  const tensor = tensorOf(x);
  return isFloat(tensor.dtype) ? lax.select(lax.isNan(tensor), replacement, tensor) : tensor;
}

function nans(x: Operand): Tensor {
  const tensor = tensorOf(x);
  return isFloat(tensor.dtype) ? lax.isNan(tensor) : lax.full(tensor.shape, false);
}
