/** Choosing between values, and changing dtypes. */
import type { DType } from '../../compiler/dtype.ts';
import { knownDType } from '../options.ts';
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { applySame, atomOf, sameType } from './operands.ts';
import type { LaxOperand } from './operands.ts';

/**
 * `onTrue` where `pred` (bool, of the shape of the cases or a scalar) holds, else `onFalse`. Both cases are always computed.
 * jax.lax.select.
 *
 * @throws SHAPE or DTYPE when the cases differ.
 */
export function select(pred: LaxOperand, onTrue: LaxOperand, onFalse: LaxOperand): Tensor {
  return apply('select_n', [atomOf(pred), ...sameType([onFalse, onTrue])]);
}

/** x brought into [low, high]; NaN stays NaN. The bounds are scalars or have the shape of x. jax.lax.clamp. */
export function clamp(low: LaxOperand, x: LaxOperand, high: LaxOperand): Tensor {
  return applySame('clamp', [low, x, high]);
}

/**
 * x in another dtype. Floats truncate towards zero on their way to integers and saturate there, NaN becomes 0; integers wrap;
 * everything but 0 becomes true. jax.lax.convert_element_type.
 */
export function convertElementType(x: LaxOperand, newDtype: DType): Tensor {
  const dtype = knownDType('lax.convertElementType', newDtype, (known) => `lax.convertElementType(x, '${known}')`);
  return apply('convert_element_type', [atomOf(x)], { newDtype: dtype, weakType: false });
}

/** The bits of x read as another dtype of the same width. jax.lax.bitcast_convert_type. @throws DTYPE for another width. */
export function bitcastConvertType(x: LaxOperand, newDtype: DType): Tensor {
  const dtype = knownDType('lax.bitcastConvertType', newDtype, (known) => `lax.bitcastConvertType(x, '${known}')`);
  return apply('bitcast_convert_type', [atomOf(x)], { newDtype: dtype });
}
