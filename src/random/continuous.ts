/**
 * Continuous distributions, each made of uniform floats as JAX makes it. `dtype` is float32 (default) or float16. @throws DTYPE,
 * SHAPE
 */
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import type { Key } from './key.ts';
import { uniform, within } from './uniform.ts';
import type { FloatOptions, SampleShape } from './uniform.ts';

/** The standard normal distribution, through the inverse of its distribution function. jax.random.normal. */
export function normal(key: Key | Variable, shape: SampleShape = [], options: FloatOptions = {}): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.normal', options, { dtype: 'float32' });
  const sample = uniform(key, shape, { dtype, minval: -1 + np.finfo(dtype).epsneg, maxval: 1 });
  return lax.mul(lax.erfInv(sample), Math.SQRT2);
}

/**
 * The standard normal distribution within (lower, upper), which are numbers or tensors that broadcast to `shape` (default: their
 * own common one). jax.random.truncated_normal.
 */
export function truncatedNormal(
  key: Key | Variable,
  lower: Operand,
  upper: Operand,
  shape: SampleShape = np.broadcastShapes(shapeOfOperand(lower), shapeOfOperand(upper)),
  options: FloatOptions = {},
): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.truncatedNormal', options, { dtype: 'float32' });
  const [low, high] = [asDType(lower, dtype), asDType(upper, dtype)];
  const [minval, maxval] = [lax.erf(lax.div(low, Math.SQRT2)), lax.erf(lax.div(high, Math.SQRT2))];
  const sample = lax.mul(lax.erfInv(uniform(key, shape, { dtype, minval, maxval })), Math.SQRT2);
  // Rounding may reach a bound, which does not belong to the interval.
  return np.clip(sample, lax.nextafter(low, Infinity), lax.nextafter(high, -Infinity));
}

/** The exponential distribution of rate 1. jax.random.exponential. */
export function exponential(key: Key | Variable, shape: SampleShape = [], options: FloatOptions = {}): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.exponential', options, { dtype: 'float32' });
  return lax.neg(lax.log1p(lax.neg(uniform(key, shape, { dtype }))));
}

/** The standard Gumbel distribution. jax.random.gumbel. */
export function gumbel(key: Key | Variable, shape: SampleShape = [], options: FloatOptions = {}): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.gumbel', options, { dtype: 'float32' });
  const sample = uniform(key, shape, { dtype, minval: np.finfo(dtype).tiny, maxval: 1 });
  return lax.neg(lax.log(lax.neg(lax.log(sample))));
}

/** The standard Laplace distribution. jax.random.laplace. */
export function laplace(key: Key | Variable, shape: SampleShape = [], options: FloatOptions = {}): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.laplace', options, { dtype: 'float32' });
  const sample = uniform(key, shape, { dtype, minval: -1 + np.finfo(dtype).epsneg, maxval: 1 });
  return lax.mul(lax.sign(sample), lax.log1p(lax.neg(lax.abs(sample))));
}

/** The standard logistic distribution. jax.random.logistic. */
export function logistic(key: Key | Variable, shape: SampleShape = [], options: FloatOptions = {}): Tensor {
  const { dtype } = readOptions<Required<FloatOptions>>('random.logistic', options, { dtype: 'float32' });
  const sample = uniform(key, shape, { dtype });
  // The interval is a step wider below, so that a sample of 0 gives no infinity.
  return lax.log(lax.div(lax.add(sample, np.finfo(dtype).eps), lax.sub(1, sample)));
}

export interface CategoricalOptions {
  /** The axis of the classes; default the last. */
  readonly axis?: number;
  /** The shape of the result, which ends in the other axes of the logits; by default it is these. */
  readonly shape?: readonly number[];
}

interface CategoricalChoices {
  readonly axis: number;
  readonly shape: readonly number[] | undefined;
}

/** int32 classes drawn with probabilities softmax(logits), by the Gumbel maximum. jax.random.categorical. @throws AXIS, SHAPE */
export function categorical(key: Key | Variable, logits: Operand, options: CategoricalOptions = {}): Tensor {
  const { axis, shape } = readOptions<CategoricalChoices>('random.categorical', options, { axis: -1, shape: undefined });
  const scores = np.moveaxis(logits, axis, -1);
  const classes = scores.shape.at(-1) ?? 1;
  const noise = gumbel(key, [...(shape ?? scores.shape.slice(0, -1)), classes]);
  return np.argmax(np.add(noise, within(scores, noise.shape)), -1);
}

function shapeOfOperand(operand: Operand): readonly number[] {
  return typeof operand === 'number' ? [] : tensorOf(operand).shape;
}
