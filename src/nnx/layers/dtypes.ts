/** Which dtype a layer computes in. The counterpart of flax.nnx.nn.dtypes. */
import { isFloat } from '../../../compiler/dtype.ts';
import type { DType } from '../../../compiler/dtype.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import { resultType, tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';

type Promoted<T extends readonly (Operand | null)[]> = { -readonly [K in keyof T]: Tensor | Extract<T[K], null> };

/**
 * The operands in `dtype`; without one, in the dtype that they promote to together, float32 when that is no float. null is a
 * parameter that the layer does not have.
 *
 * @throws DTYPE for a `dtype` that is no float.
 */
export function promoteDtype<const T extends readonly (Operand | null)[]>(
  layer: string,
  operands: T,
  dtype: DType | null,
): Promoted<T> {
  const given = operands.map((operand) => (operand === null ? null : tensorOf(operand)));
  const chosen = dtype ?? resultType(given.filter((tensor) => tensor !== null)).dtype;
  if (dtype !== null && !isFloat(dtype)) fail('DTYPE', `${layer}: computes in floats, not in ${dtype}`, "{ dtype: 'float32' }");
  const common = isFloat(chosen) ? chosen : 'float32';
  return given.map((tensor) => (tensor === null ? null : asDType(tensor, common))) as Promoted<T>;
}
