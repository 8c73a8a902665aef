/**
 * Elementwise functions of two operands. Each is one primitive, named as in jax.lax: nothing is promoted or broadcast, except
 * that a scalar goes with any shape and a number takes the other operand's dtype. @throws SHAPE or DTYPE for operands that
 * differ.
 */
import type { Tensor } from '../trace/tensor.ts';
import { applySame } from './operands.ts';
import type { LaxOperand } from './operands.ts';

/** x + y; integers wrap. */
export function add(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('add', [x, y]);
}

/** x - y; integers wrap. */
export function sub(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('sub', [x, y]);
}

/** x * y; integers wrap. */
export function mul(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('mul', [x, y]);
}

/** x / y; of integers the quotient truncated towards zero, and -1 (all bits set) for y = 0. */
export function div(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('div', [x, y]);
}

/** The remainder of truncated division, with the sign of x; of integers x itself for y = 0. */
export function rem(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('rem', [x, y]);
}

/** x to the power y, both floats. */
export function pow(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('pow', [x, y]);
}

/** The larger of x and y; NaN when either is NaN. */
export function max(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('max', [x, y]);
}

/** The smaller of x and y; NaN when either is NaN. */
export function min(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('min', [x, y]);
}

/** The angle of the point (x, y), in radians from -pi to pi. */
export function atan2(y: LaxOperand, x: LaxOperand): Tensor {
  return applySame('atan2', [y, x]);
}

/** The float next to x in the direction of y. */
export function nextafter(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('nextafter', [x, y]);
}

/** The bits set in both; of bools the conjunction. */
export function bitwiseAnd(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('and', [x, y]);
}

/** The bits set in either; of bools the disjunction. */
export function bitwiseOr(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('or', [x, y]);
}

/** The bits set in one only. */
export function bitwiseXor(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('xor', [x, y]);
}

/** x shifted left by y bits; 0 when y is not in [0, 31]. */
export function shiftLeft(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('shift_left', [x, y]);
}

/** x shifted right by y bits, zeros coming in; 0 when y is not in [0, 31]. */
export function shiftRightLogical(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('shift_right_logical', [x, y]);
}

/** x shifted right by y bits, the sign coming in; the sign alone when y is not in [0, 31]. */
export function shiftRightArithmetic(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('shift_right_arithmetic', [x, y]);
}

/** Whether x = y: bool. */
export function eq(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('eq', [x, y]);
}

/** Whether x differs from y: bool; a NaN differs from everything. */
export function ne(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('ne', [x, y]);
}

/** Whether x < y: bool. */
export function lt(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('lt', [x, y]);
}

/** Whether x <= y: bool. */
export function le(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('le', [x, y]);
}

/** Whether x > y: bool. */
export function gt(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('gt', [x, y]);
}

/** Whether x >= y: bool. */
export function ge(x: LaxOperand, y: LaxOperand): Tensor {
  return applySame('ge', [x, y]);
}
