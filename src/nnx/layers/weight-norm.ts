/** WeightNorm: a layer whose kernels are directions, with lengths of their own. */
import type { DType } from '../../../compiler/dtype.ts';
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { asDType, axesOf } from '../../numpy/operands.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { pathContains, toPredicate } from '../filters.ts';
import type { Filter, VariablePredicate } from '../filters.ts';
import { ones } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { constructorOptions, listOf, nameOf } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { at, nested, paramsOf, withValues } from './reparametrized.ts';
import type { Nested, WrappedLayer } from './reparametrized.ts';

export interface WeightNormOptions extends LayerOptions {
  /** The axes that keep a length each; default -1, the outputs. null: one length for the whole kernel. */
  readonly featureAxes?: number | readonly number[] | null;
  /** Whether the lengths are learned, else 1; default true. */
  readonly useScale?: boolean;
  /** Default `ones`. */
  readonly scaleInit?: Initializer;
  /** Added to the squared length; default 1e-12. */
  readonly epsilon?: number;
  /** Which Params are normalised; default those of a path with `kernel`. */
  readonly variableFilter?: Filter;
}

const DEFAULTS: Required<Omit<WeightNormOptions, 'rngs'>> = {
  featureAxes: -1,
  useScale: true,
  scaleInit: ones,
  epsilon: 1e-12,
  variableFilter: pathContains('kernel'),
  dtype: null,
  paramDtype: 'float32',
};

/**
 * Calls `layer_instance` with each kernel divided by its length along all axes but the features', times a scale. Salimans and
 * Kingma 2016, Weight normalization, arXiv:1602.07868. flax.nnx.WeightNorm, but that the scales are Params, and that the layer's
 * own kernel stays as it is.
 */
export class WeightNorm<L extends WrappedLayer> extends Module {
  readonly layer_instance: L;
  readonly featureAxes: readonly number[];
  readonly epsilon: number;
  readonly variableFilter: VariablePredicate;
  readonly dtype: DType | null;
  /** By the path of the kernel in the layer; null without `useScale`. */
  readonly scales: Nested<Param> | null;

  /** @throws RNG without `rngs`, VALUE for an unknown option, AXIS. */
  constructor(layer: L, options: WeightNormOptions) {
    super();
    const choices = constructorOptions('WeightNorm', options, DEFAULTS);
    this.layer_instance = layer;
    this.featureAxes = choices.featureAxes === null ? [] : listOf(choices.featureAxes);
    this.epsilon = choices.epsilon;
    this.variableFilter = toPredicate(choices.variableFilter);
    this.dtype = choices.dtype;
    const scaleOf = (param: Param): Param => {
      const shape = axesOf('new nnx.WeightNorm', this.featureAxes, param.shape.length).map((axis) => param.shape[axis]!);
      return new Param(choices.scaleInit(options.rngs.makeRng('params'), shape, choices.paramDtype));
    };
    this.scales = choices.useScale ? nested(normalizedParams(this).map(([path, param]) => [path, scaleOf(param)])) : null;
  }

  /** What the layer gives for these arguments, with its kernels normalised. */
  forward(...args: Parameters<L['forward']>): ReturnType<L['forward']> {
    const values = normalizedParams(this).map(([path, param]) => [param, lengthened(this, path, param)] as const);
    return withValues(values, () => this.layer_instance.forward(...(args as never[]))) as ReturnType<L['forward']>;
  }
}

function normalizedParams({ layer_instance: layer, variableFilter }: WeightNorm<WrappedLayer>): (readonly [string, Param])[] {
  return paramsOf(layer).filter(([path, param]) => variableFilter(path, param));
}

function lengthened(layer: WeightNorm<WrappedLayer>, path: string, param: Param): Tensor {
  const given = layer.scales === null ? null : at(layer.scales, path);
  const [kernel, scale] = promoteDtype('WeightNorm', [param, given], layer.dtype);
  const features = axesOf(nameOf(layer), layer.featureAxes, kernel.ndim);
  const axis = kernel.shape.flatMap((_, i) => (features.includes(i) ? [] : [i]));
  const direction = kernel.mul(lax.rsqrt(np.sum(np.square(kernel), { axis, keepdims: true }).add(layer.epsilon)));
  const shape = kernel.shape.map((extent, i) => (features.includes(i) ? extent : 1));
  return asDType(scale === null ? direction : direction.mul(scale.reshape(shape)), kernel.dtype);
}
