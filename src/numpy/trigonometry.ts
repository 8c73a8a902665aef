/** Trigonometric and hyperbolic functions, elementwise: floats keep their dtype, integers and bools become float32. */
import * as lax from '../lax/index.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { float, promotedToFloat } from './operands.ts';

/** The sine of x in radians. jax.numpy.sin. */
export function sin(x: Operand): Tensor {
  return lax.sin(float(x));
}

/** The cosine of x in radians. jax.numpy.cos. */
export function cos(x: Operand): Tensor {
  return lax.cos(float(x));
}

/** The tangent of x in radians. jax.numpy.tan. */
export function tan(x: Operand): Tensor {
  return lax.tan(float(x));
}

/** The arc sine in radians; NaN outside [-1, 1]. jax.numpy.arcsin. */
export function arcsin(x: Operand): Tensor {
  return lax.asin(float(x));
}

/** The arc cosine in radians; NaN outside [-1, 1]. jax.numpy.arccos. */
export function arccos(x: Operand): Tensor {
  return lax.acos(float(x));
}

/** The arc tangent in radians. jax.numpy.arctan. */
export function arctan(x: Operand): Tensor {
  return lax.atan(float(x));
}

/** The hyperbolic sine. jax.numpy.sinh. */
export function sinh(x: Operand): Tensor {
  return lax.sinh(float(x));
}

/** The hyperbolic cosine. jax.numpy.cosh. */
export function cosh(x: Operand): Tensor {
  return lax.cosh(float(x));
}

/** The hyperbolic tangent. jax.numpy.tanh. */
export function tanh(x: Operand): Tensor {
  return lax.tanh(float(x));
}

/** The inverse hyperbolic sine. jax.numpy.arcsinh. */
export function arcsinh(x: Operand): Tensor {
  return lax.asinh(float(x));
}

/** The inverse hyperbolic cosine; NaN below 1. jax.numpy.arccosh. */
export function arccosh(x: Operand): Tensor {
  return lax.acosh(float(x));
}

/** The inverse hyperbolic tangent; NaN outside [-1, 1]. jax.numpy.arctanh. */
export function arctanh(x: Operand): Tensor {
  return lax.atanh(float(x));
}

/** The angle of the point (x, y), in radians from -pi to pi; operands broadcast. jax.numpy.arctan2. @throws SHAPE */
export function arctan2(y: Operand, x: Operand): Tensor {
  return lax.atan2(...promotedToFloat('np.arctan2', [y, x]));
}

/** sin(pi x) / (pi x), and 1 at 0. jax.numpy.sinc. */
export function sinc(x: Operand): Tensor {
  const angle = lax.mul(float(x), Math.PI);
  const atZero = lax.eq(angle, 0);
  return lax.select(atZero, 1, lax.div(lax.sin(angle), lax.select(atZero, 1, angle)));
}

/** Radians of an angle in degrees. jax.numpy.deg2rad. */
export function deg2rad(x: Operand): Tensor {
  return lax.mul(float(x), Math.PI / 180);
}

/** Degrees of an angle in radians. jax.numpy.rad2deg. */
export function rad2deg(x: Operand): Tensor {
  return lax.mul(float(x), 180 / Math.PI);
}
