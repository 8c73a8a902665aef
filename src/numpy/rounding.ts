/** Rounding, clipping and extremes of pairs, elementwise. Integers are their own roundings. */
import { isFloat } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { promoted } from './operands.ts';

/** The largest integer not above x, in the dtype of x. jax.numpy.floor. */
export function floor(x: Operand): Tensor {
  return rounded(lax.floor, x);
}

/** The smallest integer not below x, in the dtype of x. jax.numpy.ceil. */
export function ceil(x: Operand): Tensor {
  return rounded(lax.ceil, x);
}

/** x without its fraction, in the dtype of x. jax.numpy.trunc. */
export function trunc(x: Operand): Tensor {
  return rounded(lax.trunc, x);
}

/** x to `decimals` places (default 0), ties to even, in the dtype of x. jax.numpy.round. */
export function round(x: Operand, decimals = 0): Tensor {
  if (decimals === 0) return rounded(lax.round, x);
  const scale = 10 ** decimals;
  return rounded((value) => lax.div(lax.round(lax.mul(value, scale)), scale), x);
}

/** The nearest integer, ties to even, in the dtype of x. jax.numpy.rint. */
export function rint(x: Operand): Tensor {
  return rounded(lax.round, x);
}

/** The larger of x and y; NaN when either is NaN. Operands broadcast. jax.numpy.maximum. @throws SHAPE */
export function maximum(x: Operand, y: Operand): Tensor {
  return lax.max(...promoted('np.maximum', [x, y]));
}

/** The smaller of x and y; NaN when either is NaN. Operands broadcast. jax.numpy.minimum. @throws SHAPE */
export function minimum(x: Operand, y: Operand): Tensor {
  return lax.min(...promoted('np.minimum', [x, y]));
}

/** The larger of x and y; the other one when one is NaN. Operands broadcast. jax.numpy.fmax. @throws SHAPE */
export function fmax(x: Operand, y: Operand): Tensor {
  const [a, b] = promoted('np.fmax', [x, y]);
  if (!isFloat(a.aval.dtype)) return lax.max(a, b);
  return lax.select(lax.isNan(a), b, lax.select(lax.isNan(b), a, lax.max(a, b)));
}

/** The smaller of x and y; the other one when one is NaN. Operands broadcast. jax.numpy.fmin. @throws SHAPE */
export function fmin(x: Operand, y: Operand): Tensor {
  const [a, b] = promoted('np.fmin', [x, y]);
  if (!isFloat(a.aval.dtype)) return lax.min(a, b);
  return lax.select(lax.isNan(a), b, lax.select(lax.isNan(b), a, lax.min(a, b)));
}

/**
 * x brought into [low, high]; `null` is no bound, and where low is above high the result is high. Operands are promoted and
 * broadcast; NaN stays NaN. jax.numpy.clip.
 *
 * @throws SHAPE when the bounds do not broadcast with x.
 */
export function clip(x: Operand, low: Operand | null = null, high: Operand | null = null): Tensor {
  const raised = low === null ? x : maximum(low, x);
  return high === null ? tensorOf(raised) : minimum(high, raised);
}

function rounded(round: (x: Tensor) => Tensor, x: Operand): Tensor {
  const tensor = tensorOf(x);
  return isFloat(tensor.dtype) ? round(tensor) : tensor;
}
