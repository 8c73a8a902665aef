/** Functions over a whole axis: distributions, standard scores, one-hot rows. @throws AXIS for an axis that x does not have. */
import * as lax from '../lax/index.ts';
import type { DType } from '../../compiler/dtype.ts';
import { np } from '../numpy/index.ts';
import type { Axes, ReduceOptions } from '../numpy/api.ts';
import { axisOf, fail } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { describeValue, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';

export interface SoftmaxOptions {
  /** The axes over which the result sums to 1; default the last. */
  readonly axis?: Axes;
}

/** exp(x) over its sum along an axis; the largest x is taken off first, so that nothing overflows. jax.nn.softmax. */
export function softmax(x: Operand, options: SoftmaxOptions = {}): Tensor {
  const { axis } = readOptions<Required<SoftmaxOptions>>('nn.softmax', options, { axis: -1 });
  const weights = np.exp(shifted(x, axis));
  return np.divide(weights, np.sum(weights, { axis, keepdims: true }));
}

/** The logarithm of softmax, without its division. jax.nn.log_softmax. */
export function logSoftmax(x: Operand, options: SoftmaxOptions = {}): Tensor {
  const { axis } = readOptions<Required<SoftmaxOptions>>('nn.logSoftmax', options, { axis: -1 });
  const differences = shifted(x, axis);
  return np.subtract(differences, np.log(np.sum(np.exp(differences), { axis, keepdims: true })));
}

/** log(sum(exp(x))) over the given axes, by default all, without overflow. jax.nn.logsumexp. */
export function logsumexp(x: Operand, options: ReduceOptions = {}): Tensor {
  const { axis, keepdims } = readOptions<Required<ReduceOptions>>('nn.logsumexp', options, { axis: null, keepdims: false });
  const largest = np.max(x, { axis, keepdims: true });
  // An infinite maximum taken off would leave NaN; then nothing is, and exp gives what is right.
  const offset = np.where(np.isfinite(largest), largest, 0);
  const total = np.add(np.log(np.sum(np.exp(np.subtract(x, offset)), { axis, keepdims: true })), offset);
  return keepdims ? total : np.squeeze(total, axis);
}

export interface StandardizeOptions {
  /** Default the last axis. */
  readonly axis?: Axes;
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/** (x - mean) / sqrt(variance + epsilon) over an axis. jax.nn.standardize. */
export function standardize(x: Operand, options: StandardizeOptions = {}): Tensor {
  const { axis, epsilon } = readOptions<Required<StandardizeOptions>>('nn.standardize', options, { axis: -1, epsilon: 1e-5 });
  const centered = np.subtract(x, np.mean(x, { axis, keepdims: true }));
  const variance = np.mean(np.square(centered), { axis, keepdims: true });
  return np.multiply(centered, lax.rsqrt(lax.add(variance, epsilon)));
}

export interface OneHotOptions {
  /** Default float32. */
  readonly dtype?: DType;
  /** Where the axis of classes goes; default the end. */
  readonly axis?: number;
}

/**
 * 1 at the class that x names, 0 beside it: a new axis of extent `numClasses`. An x outside the classes gives zeros.
 * jax.nn.one_hot.
 */
export function oneHot(x: Operand, numClasses: number, options: OneHotOptions = {}): Tensor {
  const { dtype, axis } = readOptions<Required<OneHotOptions>>('nn.oneHot', options, { dtype: 'float32', axis: -1 });
  if (!Number.isInteger(numClasses) || numClasses < 0) {
    fail('VALUE', `nn.oneHot: ${describeValue(numClasses)} is not a number of classes`, 'nn.oneHot(x, 10)');
  }
  const tensor = tensorOf(x);
  const along = axisOf('nn.oneHot', axis, tensor.ndim + 1);
  const shape = Array.from({ length: tensor.ndim + 1 }, (_, i) => (i === along ? numClasses : 1));
  return np.astype(np.equal(np.expandDims(tensor, along), np.reshape(np.arange(numClasses), shape)), dtype);
}

/** x less its largest element along the axis. */
function shifted(x: Operand, axis: Axes): Tensor {
  return np.subtract(x, np.max(x, { axis, keepdims: true }));
}
