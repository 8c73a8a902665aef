/** Comparisons, logic and choices, elementwise: operands are promoted and broadcast, the result is bool. @throws SHAPE */
import { isFloat } from '../../compiler/dtype.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import * as lax from '../lax/index.ts';
import { cast, operandOf, resultType } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { broadcast, float, promoted, promotedToFloat, truth } from './operands.ts';

/** Whether x = y. jax.numpy.equal. */
export function equal(x: Operand, y: Operand): Tensor {
  return lax.eq(...promoted('np.equal', [x, y]));
}

/** Whether x differs from y; a NaN differs from everything. jax.numpy.not_equal. */
export function notEqual(x: Operand, y: Operand): Tensor {
  return lax.ne(...promoted('np.notEqual', [x, y]));
}

/** Whether x < y. jax.numpy.less. */
export function less(x: Operand, y: Operand): Tensor {
  return lax.lt(...promoted('np.less', [x, y]));
}

/** Whether x <= y. jax.numpy.less_equal. */
export function lessEqual(x: Operand, y: Operand): Tensor {
  return lax.le(...promoted('np.lessEqual', [x, y]));
}

/** Whether x > y. jax.numpy.greater. */
export function greater(x: Operand, y: Operand): Tensor {
  return lax.gt(...promoted('np.greater', [x, y]));
}

/** Whether x >= y. jax.numpy.greater_equal. */
export function greaterEqual(x: Operand, y: Operand): Tensor {
  return lax.ge(...promoted('np.greaterEqual', [x, y]));
}

/** Whether both are true; numbers are true unless 0. jax.numpy.logical_and. */
export function logicalAnd(x: Operand, y: Operand): Tensor {
  return lax.bitwiseAnd(...broadcast('np.logicalAnd', [truth(x), truth(y)]));
}

/** Whether at least one is true; numbers are true unless 0. jax.numpy.logical_or. */
export function logicalOr(x: Operand, y: Operand): Tensor {
  return lax.bitwiseOr(...broadcast('np.logicalOr', [truth(x), truth(y)]));
}

/** Whether one and only one is true; numbers are true unless 0. jax.numpy.logical_xor. */
export function logicalXor(x: Operand, y: Operand): Tensor {
  return lax.bitwiseXor(...broadcast('np.logicalXor', [truth(x), truth(y)]));
}

/** Whether x is false; numbers are false if 0. jax.numpy.logical_not. */
export function logicalNot(x: Operand): Tensor {
  return lax.bitwiseNot(truth(x));
}

/**
 * x where `condition` is true (numbers: not 0), else y; all three broadcast, x and y are promoted. Both are always computed.
 * jax.numpy.where.
 */
export function where(condition: Operand, x: Operand, y: Operand): Tensor {
  const [a, b] = [operandOf(x), operandOf(y)];
  const { dtype, weak } = resultType([a, b]);
  return lax.select(...broadcast('np.where', [truth(condition), cast(a, dtype, weak), cast(b, dtype, weak)]));
}

/** Whether x is NaN; false for integers. jax.numpy.isnan. */
export function isnan(x: Operand): Tensor {
  return lax.isNan(float(x));
}

/** Whether x is infinite; false for integers. jax.numpy.isinf. */
export function isinf(x: Operand): Tensor {
  return lax.eq(lax.abs(float(x)), Infinity);
}

/** Whether x is neither infinite nor NaN; true for integers. jax.numpy.isfinite. */
export function isfinite(x: Operand): Tensor {
  return lax.isFinite(float(x));
}

/** Whether x is below 0, a negative zero or a NaN with the sign set. jax.numpy.signbit. */
export function signbit(x: Operand): Tensor {
  const atom = operandOf(x);
  if (isFloat(atom.aval.dtype)) return isNegative(atom);
  return lax.lt(atom.aval.dtype === 'bool' ? cast(atom, 'int32') : atom, 0);
}

/** |x| with the sign of y, as floats. jax.numpy.copysign. */
export function copysign(x: Operand, y: Operand): Tensor {
  const [a, b] = promotedToFloat('np.copysign', [x, y]);
  const magnitude = lax.abs(a);
  return lax.select(isNegative(b), lax.neg(magnitude), magnitude);
}

/** The sign bit of a float; there is no integer of 16 bits to read a float16 as. */
function isNegative(x: Tensor | Literal): Tensor {
  return lax.lt(lax.bitcastConvertType(cast(x, 'float32'), 'int32'), 0);
}
