/**
 * Reductions. Each takes the axes to reduce (an axis, several, `null` for all; negative ones count from the end), bare or as
 * options.
 *
 * @throws AXIS for an axis that x does not have.
 */
import type { DType } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType } from './operands.ts';
import { WHOLE, nonEmpty, reduceOptions, reduced } from './reduce.ts';
import type { Reduce, ReduceOptions } from './reduce.ts';

export interface SumOptions extends ReduceOptions {
  /** The dtype to add up and answer in. */
  readonly dtype?: DType;
}

interface SumChoices extends Required<ReduceOptions> {
  readonly dtype: DType | undefined;
}

/** The sum; bools count as int32. jax.numpy.sum. */
export function sum(x: Operand, reduce?: Reduce<SumOptions>): Tensor {
  const options = reduceOptions<SumChoices>('np.sum', reduce, { ...WHOLE, dtype: undefined });
  return reduced('np.sum', lax.reduceSum, summand(x, options.dtype), options);
}

/** The product; bools count as int32. jax.numpy.prod. */
export function prod(x: Operand, reduce?: Reduce<SumOptions>): Tensor {
  const options = reduceOptions<SumChoices>('np.prod', reduce, { ...WHOLE, dtype: undefined });
  return reduced('np.prod', lax.reduceProd, summand(x, options.dtype), options);
}

/** The largest element; NaN wins. jax.numpy.max. @throws VALUE when there is none. */
export function max(x: Operand, reduce?: Reduce): Tensor {
  const options = reduceOptions('np.max', reduce, WHOLE);
  const tensor = nonEmpty('np.max', tensorOf(x), options);
  return reduced('np.max', tensor.dtype === 'bool' ? lax.reduceOr : lax.reduceMax, tensor, options);
}

/** The smallest element; NaN wins. jax.numpy.min. @throws VALUE when there is none. */
export function min(x: Operand, reduce?: Reduce): Tensor {
  const options = reduceOptions('np.min', reduce, WHOLE);
  const tensor = nonEmpty('np.min', tensorOf(x), options);
  return reduced('np.min', tensor.dtype === 'bool' ? lax.reduceAnd : lax.reduceMin, tensor, options);
}

/** Whether all elements are true (numbers: not 0): bool. jax.numpy.all. */
export function all(x: Operand, reduce?: Reduce): Tensor {
  return reduced('np.all', lax.reduceAnd, asDType(x, 'bool'), reduceOptions('np.all', reduce, WHOLE));
}

/** Whether any element is true (numbers: not 0): bool. jax.numpy.any. */
export function any(x: Operand, reduce?: Reduce): Tensor {
  return reduced('np.any', lax.reduceOr, asDType(x, 'bool'), reduceOptions('np.any', reduce, WHOLE));
}

/** The int32 number of elements that are true, or not 0. jax.numpy.count_nonzero. */
export function countNonzero(x: Operand, reduce?: Reduce): Tensor {
  return sum(asDType(x, 'bool'), reduce);
}

/** The largest element less the smallest. jax.numpy.ptp. @throws VALUE when there is none. */
export function ptp(x: Operand, reduce?: Reduce): Tensor {
  return lax.sub(max(x, reduce), min(x, reduce));
}

function summand(x: Operand, dtype: DType | undefined): Tensor {
  const tensor = tensorOf(x);
  return asDType(tensor, dtype ?? (tensor.dtype === 'bool' ? 'int32' : tensor.dtype));
}
