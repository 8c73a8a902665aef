/**
 * Operations on bits, elementwise: integers are promoted and broadcast; bools count as one bit. @throws SHAPE; DTYPE for floats.
 */
import * as lax from '../lax/index.ts';
import { operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { promoted, promotedToNumber } from './operands.ts';

/** The bits set in both; of bools the conjunction. jax.numpy.bitwise_and. */
export function bitwiseAnd(x: Operand, y: Operand): Tensor {
  return lax.bitwiseAnd(...promoted('np.bitwiseAnd', [x, y]));
}

/** The bits set in either; of bools the disjunction. jax.numpy.bitwise_or. */
export function bitwiseOr(x: Operand, y: Operand): Tensor {
  return lax.bitwiseOr(...promoted('np.bitwiseOr', [x, y]));
}

/** The bits set in one only. jax.numpy.bitwise_xor. */
export function bitwiseXor(x: Operand, y: Operand): Tensor {
  return lax.bitwiseXor(...promoted('np.bitwiseXor', [x, y]));
}

/** x shifted left by y bits; 0 when y is not in [0, 31]. jax.numpy.left_shift. */
export function leftShift(x: Operand, y: Operand): Tensor {
  return lax.shiftLeft(...promotedToNumber('np.leftShift', [x, y]));
}

/** x shifted right by y bits; the sign of an int32 comes in, zeros into a uint32. jax.numpy.right_shift. */
export function rightShift(x: Operand, y: Operand): Tensor {
  const [a, b] = promotedToNumber('np.rightShift', [x, y]);
  return a.aval.dtype === 'uint32' ? lax.shiftRightLogical(a, b) : lax.shiftRightArithmetic(a, b);
}

/** All bits flipped; of bools the negation. jax.numpy.invert. */
export function invert(x: Operand): Tensor {
  return lax.bitwiseNot(operandOf(x));
}

/** The number of bits set in |x|, in the dtype of x. jax.numpy.bitwise_count (whose result is uint8). */
export function bitwiseCount(x: Operand): Tensor {
  const [atom] = promotedToNumber('np.bitwiseCount', [x]);
  return lax.populationCount(atom.aval.dtype === 'int32' ? lax.abs(atom) : atom);
}
