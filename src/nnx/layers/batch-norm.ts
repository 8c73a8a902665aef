/** BatchNorm: normalisation over all axes but that of the features, with running statistics. */
import { stopGradient } from '../../autodiff/stop-gradient.ts';
import { np } from '../../numpy/index.ts';
import { axisOf } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { BatchStat } from '../variables.ts';
import { constructorOptions, nameOf } from './layer.ts';
import { moments, normalize } from './moments.ts';
import { NORM_DEFAULTS, Norm, prepare } from './norm.ts';
import type { NormCallOptions, NormOptions } from './norm.ts';

export interface BatchNormOptions extends NormOptions {
  /** Whether calls use the running statistics unless they say otherwise; default false. */
  readonly useRunningAverage?: boolean;
  /** The axis of the features; default -1. */
  readonly axis?: number;
  /** How much of the running statistics stays at each call; default 0.99. */
  readonly momentum?: number;
}

export interface BatchNormCallOptions extends NormCallOptions {
  /** Whether this call uses the running statistics and leaves them alone; by default as the layer was made. */
  readonly useRunningAverage?: boolean;
}

const DEFAULTS: Required<Omit<BatchNormOptions, 'rngs'>> = {
  ...NORM_DEFAULTS,
  epsilon: 1e-5,
  useRunningAverage: false,
  axis: -1,
  momentum: 0.99,
};

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias`, with the moments of the batch over all axes but that of the features, which
 * move the running ones to `momentum * old + (1 - momentum) * batch`; or with the running ones. Moments are float32, the variance
 * is the biased one. Ioffe and Szegedy 2015, Batch normalization, arXiv:1502.03167. flax.nnx.BatchNorm.
 */
export class BatchNorm extends Norm {
  static readonly callOptions: readonly string[] = ['useRunningAverage'];
  readonly useRunningAverage: boolean;
  readonly axis: number;
  readonly momentum: number;
  /** The running statistics, float32[numFeatures]. */
  readonly mean: BatchStat;
  readonly var: BatchStat;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(numFeatures: number, options: BatchNormOptions) {
    const choices = constructorOptions('BatchNorm', options, DEFAULTS);
    super(numFeatures, options, choices);
    this.useRunningAverage = choices.useRunningAverage;
    this.axis = choices.axis;
    this.momentum = choices.momentum;
    this.mean = new BatchStat(np.zeros([numFeatures]));
    this.var = new BatchStat(np.ones([numFeatures]));
  }

  /** @throws SHAPE for an input of another number of features, AXIS_NAME outside of the vmap that binds `axisName`. */
  forward(x: Operand, options: BatchNormCallOptions = {}): Tensor {
    const defaults = { useRunningAverage: this.useRunningAverage, mask: null };
    const { useRunningAverage, mask } = readOptions<Required<BatchNormCallOptions>>('batchNorm.forward', options, defaults);
    const { input, affine, along } = prepare(this, x, [this.axis], `axis: ${this.axis}`, [this.mean, this.var]);
    if (useRunningAverage) return normalize(input, along(this.mean.value), along(this.var.value), affine);
    const axis = axisOf(nameOf(this), this.axis, input.ndim);
    const axes = input.shape.flatMap((_, i) => (i === axis ? [] : [i]));
    const { mean, variance } = moments(input, axes, { axisName: this.axisName, useFastVariance: this.useFastVariance, mask });
    move(this.mean, mean, this.momentum);
    move(this.var, variance, this.momentum);
    return normalize(input, mean, variance, affine);
  }
}

function move(running: BatchStat, batch: Tensor, momentum: number): void {
  const share = stopGradient(batch).reshape(running.shape).mul(1 - momentum);
  running.update((old) => old.mul(momentum).add(share));
}
