/**
 * Elementwise transcendental functions of one operand. Each is one primitive, named as in jax.lax; the result has the shape and
 * dtype of x. @throws DTYPE for operands that are not floats.
 */
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { atomOf } from './operands.ts';
import type { LaxOperand } from './operands.ts';

/** e to the power x. */
export function exp(x: LaxOperand): Tensor {
  return apply('exp', [atomOf(x)]);
}

/** 2 to the power x. */
export function exp2(x: LaxOperand): Tensor {
  return apply('exp2', [atomOf(x)]);
}

/** exp(x) - 1, accurate near 0. */
export function expm1(x: LaxOperand): Tensor {
  return apply('expm1', [atomOf(x)]);
}

/** The natural logarithm; NaN below 0. */
export function log(x: LaxOperand): Tensor {
  return apply('log', [atomOf(x)]);
}

/** The logarithm of base 2; NaN below 0. jax.numpy.log2. */
export function log2(x: LaxOperand): Tensor {
  return apply('log2', [atomOf(x)]);
}

/** log(1 + x), accurate near 0. */
export function log1p(x: LaxOperand): Tensor {
  return apply('log1p', [atomOf(x)]);
}

/** 1 / (1 + exp(-x)). */
export function logistic(x: LaxOperand): Tensor {
  return apply('logistic', [atomOf(x)]);
}

/** The sine of x in radians. */
export function sin(x: LaxOperand): Tensor {
  return apply('sin', [atomOf(x)]);
}

/** The cosine of x in radians. */
export function cos(x: LaxOperand): Tensor {
  return apply('cos', [atomOf(x)]);
}

/** The tangent of x in radians. */
export function tan(x: LaxOperand): Tensor {
  return apply('tan', [atomOf(x)]);
}

/** The arc sine in radians; NaN outside [-1, 1]. */
export function asin(x: LaxOperand): Tensor {
  return apply('asin', [atomOf(x)]);
}

/** The arc cosine in radians; NaN outside [-1, 1]. */
export function acos(x: LaxOperand): Tensor {
  return apply('acos', [atomOf(x)]);
}

/** The arc tangent in radians. */
export function atan(x: LaxOperand): Tensor {
  return apply('atan', [atomOf(x)]);
}

/** The hyperbolic sine. */
export function sinh(x: LaxOperand): Tensor {
  return apply('sinh', [atomOf(x)]);
}

/** The hyperbolic cosine. */
export function cosh(x: LaxOperand): Tensor {
  return apply('cosh', [atomOf(x)]);
}

/** The hyperbolic tangent. */
export function tanh(x: LaxOperand): Tensor {
  return apply('tanh', [atomOf(x)]);
}

/** The inverse hyperbolic sine. */
export function asinh(x: LaxOperand): Tensor {
  return apply('asinh', [atomOf(x)]);
}

/** The inverse hyperbolic cosine; NaN below 1. */
export function acosh(x: LaxOperand): Tensor {
  return apply('acosh', [atomOf(x)]);
}

/** The inverse hyperbolic tangent; NaN outside [-1, 1]. */
export function atanh(x: LaxOperand): Tensor {
  return apply('atanh', [atomOf(x)]);
}

/** The error function. */
export function erf(x: LaxOperand): Tensor {
  return apply('erf', [atomOf(x)]);
}

/** 1 - erf(x), accurate for large x. */
export function erfc(x: LaxOperand): Tensor {
  return apply('erfc', [atomOf(x)]);
}

/** The inverse of erf; NaN outside [-1, 1]. */
export function erfInv(x: LaxOperand): Tensor {
  return apply('erf_inv', [atomOf(x)]);
}

/** log |gamma(x)|. */
export function lgamma(x: LaxOperand): Tensor {
  return apply('lgamma', [atomOf(x)]);
}

/** The derivative of lgamma. */
export function digamma(x: LaxOperand): Tensor {
  return apply('digamma', [atomOf(x)]);
}
