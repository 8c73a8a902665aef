/**
 * Arithmetic, elementwise: operands are promoted to their common dtype and broadcast. @throws SHAPE when they do not broadcast.
 */
import { isFloat } from '../../compiler/dtype.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import * as lax from '../lax/index.ts';
import { operandOf, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { promoted, promotedToFloat, promotedToNumber } from './operands.ts';

/** x + y; of bools the disjunction. jax.numpy.add. */
export function add(x: Operand, y: Operand): Tensor {
  const [a, b] = promoted('np.add', [x, y]);
  return isBool(a) ? lax.bitwiseOr(a, b) : lax.add(a, b);
}

/** x - y. jax.numpy.subtract. */
export function subtract(x: Operand, y: Operand): Tensor {
  return lax.sub(...promotedToNumber('np.subtract', [x, y]));
}

/** x * y; of bools the conjunction. jax.numpy.multiply. */
export function multiply(x: Operand, y: Operand): Tensor {
  const [a, b] = promoted('np.multiply', [x, y]);
  return isBool(a) ? lax.bitwiseAnd(a, b) : lax.mul(a, b);
}

/** x / y as floats: integers and bools become float32. jax.numpy.divide. */
export function divide(x: Operand, y: Operand): Tensor {
  return lax.div(...promotedToFloat('np.divide', [x, y]));
}

/** x / y as floats: integers and bools become float32. jax.numpy.true_divide. */
export function trueDivide(x: Operand, y: Operand): Tensor {
  return lax.div(...promotedToFloat('np.trueDivide', [x, y]));
}

/** The largest integer not above x / y, in the operands' dtype. jax.numpy.floor_divide. */
export function floorDivide(x: Operand, y: Operand): Tensor {
  const [a, b] = promotedToNumber('np.floorDivide', [x, y]);
  if (isUnsigned(a)) return lax.div(a, b);
  const rest = lax.rem(a, b);
  if (!isFloat(a.aval.dtype)) {
    const quotient = lax.div(a, b);
    const isBelow = lax.bitwiseAnd(lax.ne(lax.sign(a), lax.sign(b)), lax.ne(rest, 0));
    return lax.select(isBelow, lax.sub(quotient, 1), quotient);
  }
  const quotient = lax.div(lax.sub(a, rest), b);
  const isBelow = lax.bitwiseAnd(lax.ne(rest, 0), lax.ne(lax.sign(b), lax.sign(rest)));
  return lax.select(lax.eq(b, 0), lax.div(a, b), lax.round(lax.select(isBelow, lax.sub(quotient, 1), quotient)));
}

/** What floorDivide leaves over, with the sign of y; of integers 0 for y = 0. jax.numpy.remainder. */
export function remainder(x: Operand, y: Operand): Tensor {
  const [a, b] = promotedToNumber('np.remainder', [x, y]);
  const rest = truncatedRemainder(a, b);
  if (isUnsigned(a)) return rest;
  const isOther = lax.bitwiseAnd(lax.ne(lax.lt(rest, 0), lax.lt(b, 0)), lax.ne(rest, 0));
  return lax.select(isOther, lax.add(rest, b), rest);
}

/** `remainder`. jax.numpy.mod. */
export function mod(x: Operand, y: Operand): Tensor {
  return remainder(x, y);
}

/** What truncated division leaves over, with the sign of x; of integers 0 for y = 0. jax.numpy.fmod. */
export function fmod(x: Operand, y: Operand): Tensor {
  return truncatedRemainder(...promotedToNumber('np.fmod', [x, y]));
}

/** `[floorDivide(x, y), remainder(x, y)]`. jax.numpy.divmod. */
export function divmod(x: Operand, y: Operand): [Tensor, Tensor] {
  return [floorDivide(x, y), remainder(x, y)];
}

/** -x; unsigned integers wrap. jax.numpy.negative. @throws DTYPE for bools. */
export function negative(x: Operand): Tensor {
  return lax.neg(operandOf(x));
}

/** |x|. jax.numpy.abs. */
export function abs(x: Operand): Tensor {
  const atom = operandOf(x);
  return isBool(atom) ? tensorOf(x) : lax.abs(atom);
}

/** -1, 0 or 1 by the sign of x; NaN stays NaN. jax.numpy.sign. */
export function sign(x: Operand): Tensor {
  return lax.sign(operandOf(x));
}

/** x * x. jax.numpy.square. */
export function square(x: Operand): Tensor {
  const atom = operandOf(x);
  return isBool(atom) ? tensorOf(x) : lax.square(atom);
}

function truncatedRemainder(x: Tensor | Literal, y: Tensor | Literal): Tensor {
  return lax.rem(x, isFloat(x.aval.dtype) ? y : lax.select(lax.eq(y, 0), 1, y));
}

function isBool({ aval }: Tensor | Literal): boolean {
  return aval.dtype === 'bool';
}

function isUnsigned({ aval }: Tensor | Literal): boolean {
  return aval.dtype === 'uint32';
}
