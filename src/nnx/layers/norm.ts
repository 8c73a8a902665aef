/** What the normalising layers share: their options, their parameters, and one way through moments and normalisation. */
import type { DType } from '../../../compiler/dtype.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import { axesOf } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import { typeName } from '../../trace/printing.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { ones, zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, nameOf } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { meanSquare, moments, normalize } from './moments.ts';
import type { Affine } from './moments.ts';

export interface ScaleOptions extends LayerOptions {
  /** Added to the variance; default 1e-6, of BatchNorm 1e-5. */
  readonly epsilon?: number;
  /** Whether there is a `scale`; default true. */
  readonly useScale?: boolean;
  /** Default `ones`. */
  readonly scaleInit?: Initializer;
  /** An axis mapped by `vmap(f, { axisName })`, over which the moments are taken as well; default null, none. */
  readonly axisName?: string | null;
  /** Whether the variance is E[x²] - E[x]², in one pass, or the mean of squared differences, which rounds less; default true. */
  readonly useFastVariance?: boolean;
}

export interface NormOptions extends ScaleOptions {
  /** Whether there is a `bias`; default true. */
  readonly useBias?: boolean;
  /** Default `zeros`. */
  readonly biasInit?: Initializer;
}

export interface NormCallOptions {
  /** Which elements count for the moments: bool, broadcasts to the input; default all. */
  readonly mask?: Operand | null;
}

export const SCALE_DEFAULTS: Required<Omit<ScaleOptions, 'rngs'>> = {
  epsilon: 1e-6,
  useScale: true,
  scaleInit: ones,
  axisName: null,
  useFastVariance: true,
  dtype: null,
  paramDtype: 'float32',
};

export const NORM_DEFAULTS: Required<Omit<NormOptions, 'rngs'>> = { ...SCALE_DEFAULTS, useBias: true, biasInit: zeros };

/** The base of the normalising layers: `scale`, drawn first, and `bias`, both [numFeatures]. */
export abstract class Norm extends Module {
  readonly numFeatures: number;
  readonly epsilon: number;
  readonly axisName: string | null;
  readonly useFastVariance: boolean;
  readonly dtype: DType | null;
  readonly scale: Param | null;
  readonly bias: Param | null;

  constructor(numFeatures: number, { rngs }: LayerOptions, choices: Required<Omit<NormOptions, 'rngs'>>) {
    super();
    this.numFeatures = numFeatures;
    this.epsilon = choices.epsilon;
    this.axisName = choices.axisName;
    this.useFastVariance = choices.useFastVariance;
    this.dtype = choices.dtype;
    const param = (init: Initializer): Param => new Param(init(rngs.makeRng('params'), [numFeatures], choices.paramDtype));
    this.scale = choices.useScale ? param(choices.scaleInit) : null;
    this.bias = choices.useBias ? param(choices.biasInit) : null;
  }
}

/** Operands of a normalising layer in the dtype that it computes in. */
export interface Prepared {
  readonly input: Tensor;
  readonly affine: Affine;
  /** Values along the features, shaped to broadcast against the input. */
  readonly along: (values: Tensor) => Tensor;
}

/** `option` is what chose the axes of the features. @throws SHAPE unless they have the layer's number of features. */
export function prepare(
  layer: Norm,
  x: Operand,
  features: readonly number[],
  option: string,
  others: readonly Operand[] = [],
): Prepared {
  const given = tensorOf(x);
  const name = typeName(layer.constructor);
  const usual = features.length === 1 && features[0] === -1;
  checkFeatures(layer, given, features, layer.numFeatures, (...found) => {
    return `new nnx.${name}(${sizeOf(found)}, { ${usual ? '' : `${option}, `}rngs })`;
  });
  const [input, scale, bias] = promoteDtype(name, [given, layer.scale, layer.bias, ...others], layer.dtype);
  const axes = axesOf(nameOf(layer), features, given.ndim);
  const shape = given.shape.map((extent, axis) => (axes.includes(axis) ? extent : 1));
  const along = (values: Tensor): Tensor => values.reshape(shape);
  const affine = { scale: scale && along(scale), bias: bias && along(bias), epsilon: layer.epsilon };
  return { input, affine, along };
}

/** Where a layer takes its moments, and what it does with them. */
export interface Way {
  readonly reductionAxes: readonly number[];
  readonly featureAxes: readonly number[];
  readonly mask: Operand | null;
  /** Whether the mean is taken off; else the variance is the mean of squares. Default true. */
  readonly centered?: boolean;
}

/** The input, normalised by its own moments over the reduction axes. @throws SHAPE, AXIS */
export function normalized(layer: Norm, x: Operand, { reductionAxes, featureAxes, mask, centered = true }: Way): Tensor {
  const { input, affine } = prepare(layer, x, featureAxes, `featureAxes: [${featureAxes.join(', ')}]`);
  const axes = axesOf(nameOf(layer), reductionAxes, input.ndim, (axis) => `{ reductionAxes: ${axis} }`);
  const options = { axisName: layer.axisName, useFastVariance: layer.useFastVariance, mask };
  if (!centered) return normalize(input, null, meanSquare(input, axes, options), affine);
  const { mean, variance } = moments(input, axes, options);
  return normalize(input, mean, variance, affine);
}
