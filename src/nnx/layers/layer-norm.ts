/** LayerNorm and RMSNorm: normalisation of each example by itself. */
import { readOptions } from '../../options.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { constructorOptions, listOf } from './layer.ts';
import { NORM_DEFAULTS, Norm, SCALE_DEFAULTS, normalized } from './norm.ts';
import type { NormCallOptions, NormOptions, ScaleOptions } from './norm.ts';

interface AxesOptions {
  /** The axes to take the moments over; default -1. */
  readonly reductionAxes?: number | readonly number[];
  /** The axes that `scale` and `bias` lie along; default -1. */
  readonly featureAxes?: number | readonly number[];
}

export interface LayerNormOptions extends NormOptions, AxesOptions {}

export interface RMSNormOptions extends ScaleOptions, AxesOptions {}

const AXES: Required<AxesOptions> = { reductionAxes: -1, featureAxes: -1 };

/**
 * `(x - mean) / sqrt(var + epsilon) * scale + bias`, with the moments of each example over `reductionAxes`, in the shape of the
 * input. Ba, Kiros and Hinton 2016, Layer normalization, arXiv:1607.06450. flax.nnx.LayerNorm.
 */
export class LayerNorm extends Norm {
  readonly reductionAxes: readonly number[];
  readonly featureAxes: readonly number[];

  /** `numFeatures` is the product over `featureAxes`. @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(numFeatures: number, options: LayerNormOptions) {
    const choices = constructorOptions('LayerNorm', options, { ...NORM_DEFAULTS, ...AXES });
    super(numFeatures, options, choices);
    this.reductionAxes = listOf(choices.reductionAxes);
    this.featureAxes = listOf(choices.featureAxes);
  }

  /** @throws SHAPE for an input of another number of features, AXIS. */
  forward(x: Operand, options: NormCallOptions = {}): Tensor {
    const { mask } = readOptions<Required<NormCallOptions>>('layerNorm.forward', options, { mask: null });
    return normalized(this, x, { reductionAxes: this.reductionAxes, featureAxes: this.featureAxes, mask });
  }
}

/**
 * `x / sqrt(mean(x²) + epsilon) * scale`, with the mean of each example over `reductionAxes`, in the shape of the input. Zhang
 * and Sennrich 2019, Root mean square layer normalization, arXiv:1910.07467. flax.nnx.RMSNorm.
 */
export class RMSNorm extends Norm {
  readonly reductionAxes: readonly number[];
  readonly featureAxes: readonly number[];

  /** `numFeatures` is the product over `featureAxes`. @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(numFeatures: number, options: RMSNormOptions) {
    const choices = constructorOptions('RMSNorm', options, { ...SCALE_DEFAULTS, ...AXES });
    super(numFeatures, options, { ...NORM_DEFAULTS, ...choices, useBias: false });
    this.reductionAxes = listOf(choices.reductionAxes);
    this.featureAxes = listOf(choices.featureAxes);
  }

  /** @throws SHAPE for an input of another number of features, AXIS. */
  forward(x: Operand, options: NormCallOptions = {}): Tensor {
    const { mask } = readOptions<Required<NormCallOptions>>('rmsNorm.forward', options, { mask: null });
    const { reductionAxes, featureAxes } = this;
    return normalized(this, x, { reductionAxes, featureAxes, mask, centered: false });
  }
}
