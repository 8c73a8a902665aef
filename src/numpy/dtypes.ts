/** dtypes under their NumPy names, their limits, and promotion. */
import { isFloat, promote } from '../../compiler/dtype.ts';
import type { DType } from '../../compiler/dtype.ts';
import { operandOf, resultType as typeOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { fail } from './operands.ts';

export const float32 = 'float32';
export const float16 = 'float16';
export const int32 = 'int32';
export const uint32 = 'uint32';
/** NumPy's name; `np.bool` would read as a conversion. */
export const bool_ = 'bool';

export interface FloatInfo {
  readonly bits: 16 | 32;
  /** The number of bits of the fraction. */
  readonly nmant: number;
  /** What 1 and the next larger number differ by. */
  readonly eps: number;
  /** What 1 and the next smaller number differ by. */
  readonly epsneg: number;
  /** The smallest normal number. */
  readonly tiny: number;
  readonly max: number;
  readonly min: number;
}

/** The limits of a float dtype. jax.numpy.finfo. @throws DTYPE for another dtype. */
export function finfo(dtype: DType): FloatInfo {
  if (!isFloat(dtype)) fail('DTYPE', `np.finfo: ${dtype} is not a float`, "np.finfo('float32')");
  const [bits, nmant, exponent] = dtype === 'float32' ? ([32, 23, 127] as const) : ([16, 10, 15] as const);
  const max = (2 - 2 ** -nmant) * 2 ** exponent;
  return { bits, nmant, eps: 2 ** -nmant, epsneg: 2 ** -(nmant + 1), tiny: 2 ** (1 - exponent), max, min: -max };
}

/** The limits of an integer dtype. jax.numpy.iinfo. @throws DTYPE for another dtype. */
export function iinfo(dtype: DType): { readonly bits: number; readonly min: number; readonly max: number } {
  if (dtype === 'int32') return { bits: 32, min: -(2 ** 31), max: 2 ** 31 - 1 };
  if (dtype === 'uint32') return { bits: 32, min: 0, max: 2 ** 32 - 1 };
  return fail('DTYPE', `np.iinfo: ${dtype} is not an integer`, "np.iinfo('int32')");
}

/** The dtype that two dtypes promote to. jax.numpy.promote_types. */
export function promoteTypes(a: DType, b: DType): DType {
  return promote({ dtype: a, weak: false }, { dtype: b, weak: false }).dtype;
}

/** The dtype that operands promote to together; numbers give way. jax.numpy.result_type. */
export function resultType(...operands: readonly Operand[]): DType {
  return typeOf(operands.map(operandOf)).dtype;
}
