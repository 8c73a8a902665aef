/**
 * Elementwise functions of one operand: signs, rounding, roots, bits. Each is one primitive, named as in jax.lax; the result has
 * the shape and dtype of x unless said otherwise. @throws DTYPE for a dtype that the function does not take.
 */
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';

/** -x. Unsigned integers wrap. */
export function neg(x: LaxOperand): Tensor {
  return apply('neg', [atomOf(x)]);
}

/** |x|. */
export function abs(x: LaxOperand): Tensor {
  return apply('abs', [atomOf(x)]);
}

/** -1, 0 or 1 by the sign of x; NaN stays NaN. */
export function sign(x: LaxOperand): Tensor {
  return apply('sign', [atomOf(x)]);
}

/** The largest integer not above x, in the dtype of x. */
export function floor(x: LaxOperand): Tensor {
  return apply('floor', [atomOf(x)]);
}

/** The smallest integer not below x, in the dtype of x. */
export function ceil(x: LaxOperand): Tensor {
  return apply('ceil', [atomOf(x)]);
}

/** The nearest integer, ties to even (`ROUND_TO_NEAREST_EVEN` of jax.lax.round), in the dtype of x. */
export function round(x: LaxOperand): Tensor {
  return apply('round', [atomOf(x)]);
}

/** x without its fraction. jax.numpy.trunc; jax.lax has no such function. */
export function trunc(x: LaxOperand): Tensor {
  return apply('trunc', [atomOf(x)]);
}

/** The square root; NaN below 0. */
export function sqrt(x: LaxOperand): Tensor {
  return apply('sqrt', [atomOf(x)]);
}

/** 1 / sqrt(x). */
export function rsqrt(x: LaxOperand): Tensor {
  return apply('rsqrt', [atomOf(x)]);
}

/** The real cube root. */
export function cbrt(x: LaxOperand): Tensor {
  return apply('cbrt', [atomOf(x)]);
}

/** x * x. */
export function square(x: LaxOperand): Tensor {
  return apply('square', [atomOf(x)]);
}

/** Whether x is neither infinite nor NaN: bool. */
export function isFinite(x: LaxOperand): Tensor {
  return apply('is_finite', [atomOf(x)]);
}

/** Whether x is NaN: bool. jax.numpy.isnan; jax.lax compares x with itself, which a GPU may not. */
export function isNan(x: LaxOperand): Tensor {
  return apply('is_nan', [atomOf(x)]);
}

/** All bits flipped; of bool the negation. */
export function bitwiseNot(x: LaxOperand): Tensor {
  return apply('not', [atomOf(x)]);
}

/** The number of set bits, in the dtype of x. */
export function populationCount(x: LaxOperand): Tensor {
  return apply('population_count', [atomOf(x)]);
}

/** The number of leading zero bits, in the dtype of x. */
export function clz(x: LaxOperand): Tensor {
  return apply('clz', [atomOf(x)]);
}

/**
 * x to the power `y`, an integer known when the program is made; negative powers of integers do not exist. jax.lax.integer_pow.
 */
export function integerPow(x: LaxOperand, y: number): Tensor {
  return apply('integer_pow', [atomOf(x)], { y });
}
