/** Linear: a matrix product over the last axis. */
import type { DType } from '../../../compiler/dtype.ts';
import * as lax from '../../lax/index.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { lecunNormal, zeros } from '../initializers.ts';
import type { Initializer } from '../initializers.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, constructorOptions } from './layer.ts';
import type { LayerOptions } from './layer.ts';

/** The options of layers with a kernel and a bias. */
export interface LinearOptions extends LayerOptions {
  /** Whether there is a `bias`; default true. */
  readonly useBias?: boolean;
  /** Default `lecunNormal()`. */
  readonly kernelInit?: Initializer;
  /** Default `zeros`. */
  readonly biasInit?: Initializer;
}

export const LINEAR_DEFAULTS: Required<Omit<LinearOptions, 'rngs'>> = {
  useBias: true,
  kernelInit: lecunNormal(),
  biasInit: zeros,
  dtype: null,
  paramDtype: 'float32',
};

/** `x @ kernel + bias`, of floats: [..., inFeatures] to [..., outFeatures]. flax.nnx.Linear. */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly dtype: DType | null;
  /** [inFeatures, outFeatures]. */
  readonly kernel: Param;
  /** [outFeatures]. */
  readonly bias: Param | null;

  /** @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(inFeatures: number, outFeatures: number, options: LinearOptions) {
    super();
    const { useBias, kernelInit, biasInit, dtype, paramDtype } = constructorOptions('Linear', options, LINEAR_DEFAULTS);
    const { rngs } = options;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.dtype = dtype;
    this.kernel = new Param(kernelInit(rngs.makeRng('params'), [inFeatures, outFeatures], paramDtype));
    this.bias = useBias ? new Param(biasInit(rngs.makeRng('params'), [outFeatures], paramDtype)) : null;
  }

  /** @throws SHAPE for an input of another number of features. */
  forward(x: Operand): Tensor {
    const given = tensorOf(x);
    checkFeatures(this, given, [-1], this.inFeatures, (features) => `new nnx.Linear(${features}, ${this.outFeatures}, { rngs })`);
    const [input, kernel, bias] = promoteDtype('Linear', [given, this.kernel, this.bias], this.dtype);
    const y = lax.dotGeneral(input, kernel, [[[input.ndim - 1], [0]], [[], []]]);
    return bias === null ? y : y.add(bias);
  }
}
