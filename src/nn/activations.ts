/**
 * Activation functions of jax.nn, elementwise: floats keep their dtype, integers and bools become float32. Formulas are chosen so
 * that no intermediate result overflows where the result does not.
 */
import { stopGradient } from '../autodiff/stop-gradient.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { float } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';

/** max(x, 0), with derivative 0 at 0 and of NaN. jax.nn.relu. */
export function relu(x: Operand): Tensor {
  const value = float(x);
  return lax.select(lax.gt(value, 0), value, stopGradient(lax.max(value, 0)));
}

/** min(max(x, 0), 6), with derivative 0 at both ends. jax.nn.relu6. */
export function relu6(x: Operand): Tensor {
  return lax.select(lax.ge(float(x), 6), 6, relu(x));
}

/** 1 / (1 + exp(-x)). jax.nn.sigmoid. */
export function sigmoid(x: Operand): Tensor {
  return lax.logistic(float(x));
}

/** log(sigmoid(x)). jax.nn.log_sigmoid. */
export function logSigmoid(x: Operand): Tensor {
  return lax.neg(softplus(lax.neg(float(x))));
}

/** log(1 + exp(x)). jax.nn.softplus. */
export function softplus(x: Operand): Tensor {
  return np.logaddexp(x, 0);
}

/** x sigmoid(x), also called swish. jax.nn.silu. */
export function silu(x: Operand): Tensor {
  const value = float(x);
  return lax.mul(value, lax.logistic(value));
}

export interface GeluOptions {
  /** Whether to use the tanh approximation; default true, as in JAX. */
  readonly approximate?: boolean;
}

/**
 * x times the normal distribution function of x, through tanh or exactly through erfc. Hendrycks and Gimpel 2016; jax.nn.gelu.
 */
export function gelu(x: Operand, options: GeluOptions = {}): Tensor {
  const { approximate } = readOptions('nn.gelu', options, { approximate: true });
  const value = float(x);
  if (!approximate) return lax.mul(lax.mul(value, 0.5), lax.erfc(lax.mul(value, -Math.SQRT1_2)));
  const cubic = lax.add(value, lax.mul(lax.integerPow(value, 3), 0.044715));
  const distribution = lax.mul(lax.add(lax.tanh(lax.mul(cubic, Math.sqrt(2 / Math.PI))), 1), 0.5);
  return lax.mul(value, distribution);
}

/** x above 0, alpha (exp(x) - 1) below. jax.nn.elu. */
export function elu(x: Operand, alpha: Operand = 1): Tensor {
  const isPositive = np.greater(x, 0);
  // Positive values do not enter expm1, whose overflow would spoil their derivative.
  const below = np.expm1(np.where(isPositive, 0, x));
  return np.where(isPositive, x, np.multiply(below, alpha));
}

/** The self-normalising elu. Klambauer et al. 2017; jax.nn.selu. */
export function selu(x: Operand): Tensor {
  return lax.mul(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1). Barron 2017; jax.nn.celu. */
export function celu(x: Operand, alpha: Operand = 1): Tensor {
  const below = np.multiply(np.expm1(np.divide(np.minimum(x, 0), alpha)), alpha);
  return np.add(np.maximum(x, 0), below);
}

/** x from 0 on, a multiple of it below. jax.nn.leaky_relu. */
export function leakyRelu(x: Operand, negativeSlope: Operand = 0.01): Tensor {
  return np.where(np.greaterEqual(x, 0), x, np.multiply(x, negativeSlope));
}

/** x / (|x| + 1). jax.nn.soft_sign. */
export function softSign(x: Operand): Tensor {
  const value = float(x);
  return lax.div(value, lax.add(lax.abs(value), 1));
}

/** x brought into [-1, 1]. jax.nn.hard_tanh. */
export function hardTanh(x: Operand): Tensor {
  const value = float(x);
  return lax.select(lax.gt(value, 1), 1, lax.select(lax.lt(value, -1), -1, value));
}

/** relu6(x + 3) / 6. jax.nn.hard_sigmoid. */
export function hardSigmoid(x: Operand): Tensor {
  return lax.div(relu6(lax.add(float(x), 3)), 6);
}

/** x hardSigmoid(x), also called hard swish. Howard et al. 2019; jax.nn.hard_silu. */
export function hardSilu(x: Operand): Tensor {
  return lax.mul(float(x), hardSigmoid(x));
}

/** x tanh(softplus(x)). Misra 2019; jax.nn.mish. */
export function mish(x: Operand): Tensor {
  return lax.mul(float(x), lax.tanh(softplus(x)));
}

/** (x + sqrt(x² + b)) / 2, a relu without a corner. Barron 2021; jax.nn.squareplus. */
export function squareplus(x: Operand, b: Operand = 4): Tensor {
  return np.multiply(np.add(x, np.sqrt(np.add(np.square(x), b))), 0.5);
}

/**
 * The first half of an axis (default the last) times the sigmoid of the second. Dauphin et al. 2016; jax.nn.glu. @throws SHAPE,
 * AXIS
 */
export function glu(x: Operand, options: { readonly axis?: number } = {}): Tensor {
  const { axis } = readOptions('nn.glu', options, { axis: -1 });
  const [values, gates] = np.split(x, 2, { axis }) as [Tensor, Tensor];
  return lax.mul(values, sigmoid(gates));
}

export { silu as swish, hardSilu as hardSwish };
