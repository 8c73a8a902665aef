/** PReLU: a rectifier with a slope that is learned. */
import type { DType } from '../../../compiler/dtype.ts';
import { np } from '../../numpy/index.ts';
import { asDType, floatTensor } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { readLayerOptions } from './layer.ts';
import type { LayerOptions } from './layer.ts';

export type PReLUOptions = Omit<LayerOptions, 'rngs'>;

/**
 * x where it is not negative, else `negative_slope * x`, in the shape of the input and, unless `dtype` is given, in its dtype.
 * He et al. 2015, Delving deep into rectifiers, arXiv:1502.01852. flax.nnx.PReLU.
 */
export class PReLU extends Module {
  readonly dtype: DType | null;
  /** One number, for all elements. */
  readonly negative_slope: Param;

  constructor(negativeSlopeInit: number = 0.01, options: PReLUOptions = {}) {
    super();
    const defaults: Required<PReLUOptions> = { dtype: null, paramDtype: 'float32' };
    const { dtype, paramDtype } = readLayerOptions('new nnx.PReLU', options, defaults);
    this.dtype = dtype;
    this.negative_slope = new Param(np.full([], negativeSlopeInit, { dtype: paramDtype }));
  }

  forward(x: Operand): Tensor {
    const given = floatTensor(x);
    const [input, slope] =
      this.dtype === null
        ? [given, asDType(this.negative_slope, given.dtype)]
        : promoteDtype('PReLU', [tensorOf(x), this.negative_slope], this.dtype);
    return np.where(np.greaterEqual(input, 0), input, input.mul(slope));
  }
}
