/**
 * Running sums and products along an axis (bare or as an option; negative ones count from the end), or of the flattened tensor.
 *
 * @throws AXIS for an axis that x does not have.
 */
import { isFloat } from '../../compiler/dtype.ts';
import type { DType } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, axisOf } from './operands.ts';
import { reduceOptions } from './reduce.ts';

export interface CumulativeOptions {
  /** The axis to go along; by default the flattened tensor. */
  readonly axis?: number | null;
  /** The dtype to add up and answer in. */
  readonly dtype?: DType;
}

interface Choices {
  readonly axis: number | null;
  readonly dtype: DType | undefined;
}

/** What these functions take after their operand: an axis alone, or options. */
export type Cumulative = number | null | CumulativeOptions;

/** The sums of all elements up to each; bools count as int32. jax.numpy.cumsum. */
export function cumsum(x: Operand, options?: Cumulative): Tensor {
  return along('np.cumsum', lax.cumsum, tensorOf(x), options);
}

/** The products of all elements up to each; bools count as int32. jax.numpy.cumprod. */
export function cumprod(x: Operand, options?: Cumulative): Tensor {
  return along('np.cumprod', lax.cumprod, tensorOf(x), options);
}

/** `cumsum` with NaN as 0. jax.numpy.nancumsum. */
export function nancumsum(x: Operand, options?: Cumulative): Tensor {
  return along('np.nancumsum', lax.cumsum, withoutNan(x, 0), options);
}

/** `cumprod` with NaN as 1. jax.numpy.nancumprod. */
export function nancumprod(x: Operand, options?: Cumulative): Tensor {
  return along('np.nancumprod', lax.cumprod, withoutNan(x, 1), options);
}

function along(name: string, run: typeof lax.cumsum, x: Tensor, options: Cumulative | undefined): Tensor {
  const { axis, dtype } = reduceOptions<Choices>(name, options, { axis: null, dtype: undefined });
  const line = axis === null ? lax.reshape(x, [x.size]) : x;
  const number = asDType(line, dtype ?? (x.dtype === 'bool' ? 'int32' : x.dtype));
  return run(number, axisOf(name, axis ?? 0, line.ndim));
}

function withoutNan(x: Operand, replacement: number): Tensor {
  const tensor = tensorOf(x);
  return isFloat(tensor.dtype) ? lax.select(lax.isNan(tensor), replacement, tensor) : tensor;
}
