/** The numbers of normalising layers: means and variances over axes, and the normalisation by them. */
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { asDType } from '../../numpy/operands.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';

/** Mean and variance, with extent 1 on the axes that they were taken over. */
export interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

export interface MomentsOptions {
  /** A mapped axis to take the mean over as well, or null. */
  readonly axisName: string | null;
  /** Whether the variance is E[x²] - E[x]², in one pass over x, or the mean of the squared differences from the mean. */
  readonly useFastVariance: boolean;
  /** Which elements count: broadcasts to x; null for all. */
  readonly mask: Operand | null;
}

/** The moments of x over these axes, in float32 also of float16; NaN where nothing counts. */
export function moments(x: Tensor, axes: readonly number[], options: MomentsOptions): Moments {
  const wide = asDType(x, 'float32');
  const mean = average(wide, axes, options);
  if (!options.useFastVariance) return { mean, variance: average(np.square(wide.sub(mean)), axes, options) };
  // Rounding may take the difference below zero.
  return { mean, variance: np.maximum(average(np.square(wide), axes, options).sub(np.square(mean)), 0) };
}

/** The variance about zero: the mean of x², in float32. */
export function meanSquare(x: Tensor, axes: readonly number[], options: MomentsOptions): Tensor {
  return average(np.square(asDType(x, 'float32')), axes, options);
}

function average(x: Tensor, axis: readonly number[], { axisName, mask }: MomentsOptions): Tensor {
  const options = { axis, keepdims: true };
  const mean = mask === null ? np.mean(x, options) : masked(x, asDType(mask, 'bool'), options);
  return axisName === null ? mean : lax.pmean(mean, axisName);
}

function masked(x: Tensor, mask: Tensor, options: { readonly axis: readonly number[]; readonly keepdims: boolean }): Tensor {
  const counted = np.sum(np.broadcastTo(mask, x.shape), { ...options, dtype: x.dtype });
  return np.sum(np.where(mask, x, 0), options).div(counted);
}

/** What comes after the normalisation; both tensors broadcast to the input. */
export interface Affine {
  readonly scale: Tensor | null;
  readonly bias: Tensor | null;
  readonly epsilon: number;
}

/** `(x - mean) / sqrt(variance + epsilon) * scale + bias`, in the dtype of x; a mean of null is zero. */
export function normalize(x: Tensor, mean: Tensor | null, variance: Tensor, { scale, bias, epsilon }: Affine): Tensor {
  const inverse = lax.rsqrt(variance.add(epsilon));
  const y = (mean === null ? x : x.sub(mean)).mul(scale === null ? inverse : inverse.mul(scale));
  return asDType(bias === null ? y : y.add(bias), x.dtype);
}
