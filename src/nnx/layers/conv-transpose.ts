/** ConvTranspose: the convolution that a Conv of the same strides undoes in shape. */
import type { DType } from '../../../compiler/dtype.ts';
import * as lax from '../../lax/index.ts';
import { fail } from '../../numpy/operands.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import type { Param } from '../variables.ts';
import { KERNEL_DEFAULTS, applyKernel, parameters, windowOf } from './kernel.ts';
import type { KernelMask, KernelOptions, KernelSize } from './kernel.ts';
import { constructorOptions, nameOf } from './layer.ts';
import { pairs, perAxis } from './windows.ts';
import type { Amounts } from './windows.ts';

/** `SAME` multiplies extents by the strides; `CIRCULAR` does, too, and goes on at the other end; or amounts. */
export type ConvTransposePadding = 'SAME' | 'VALID' | 'CIRCULAR' | Amounts;

export interface ConvTransposeOptions extends KernelOptions {
  /** Default SAME. */
  readonly padding?: ConvTransposePadding;
  /** Whether the kernel is that of a Conv from outFeatures to inFeatures, of which this is the transpose; default false. */
  readonly transposeKernel?: boolean;
}

const DEFAULTS: Required<Omit<ConvTransposeOptions, 'rngs'>> = { ...KERNEL_DEFAULTS, padding: 'SAME', transposeKernel: false };

/** `lax.convTranspose` of [...batch, ...spatial, inFeatures], plus bias. flax.nnx.ConvTranspose. */
export class ConvTranspose extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: KernelSize;
  readonly strides: readonly number[];
  readonly padding: ConvTransposePadding;
  readonly kernelDilation: readonly number[];
  readonly transposeKernel: boolean;
  readonly dtype: DType | null;
  /** [...kernelSize, inFeatures, outFeatures], or with `transposeKernel` [...kernelSize, outFeatures, inFeatures]. */
  readonly kernel: Param;
  /** [outFeatures]. */
  readonly bias: Param | null;
  readonly mask: KernelMask | null;

  /** @throws VALUE for numbers below 1, SHAPE for a mask of another shape than the kernel, RNG and VALUE as `Linear`. */
  constructor(inFeatures: number, outFeatures: number, kernelSize: KernelSize, options: ConvTransposeOptions) {
    super();
    const call = 'new nnx.ConvTranspose';
    const choices = constructorOptions('ConvTranspose', options, DEFAULTS);
    const window = windowOf(call, kernelSize);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.kernelSize = kernelSize;
    this.strides = perAxis(call, 'strides', choices.strides, window.length);
    this.padding = choices.padding;
    this.kernelDilation = perAxis(call, 'kernelDilation', choices.kernelDilation, window.length);
    this.transposeKernel = choices.transposeKernel;
    this.dtype = choices.dtype;
    const shape = [...window, ...(this.transposeKernel ? [outFeatures, inFeatures] : [inFeatures, outFeatures])];
    ({ kernel: this.kernel, bias: this.bias, mask: this.mask } = parameters(call, shape, outFeatures, choices, options.rngs));
  }

  /** @throws SHAPE for an input of other features, of too few axes, or of more than a kernel of one number may mean. */
  forward(x: Operand): Tensor {
    const { strides, kernelDilation: rhsDilation, transposeKernel } = this;
    return applyKernel(this, 'ConvTranspose', x, (batch, kernel) => {
      const y = lax.convTranspose(batch, kernel, strides, amountsOf(this), { rhsDilation, transposeKernel });
      return this.padding === 'CIRCULAR' ? folded(y, batch, strides, transposeKernel) : y;
    });
  }
}

function amountsOf(layer: ConvTranspose): 'SAME' | 'VALID' | readonly (readonly [number, number])[] {
  const { padding } = layer;
  if (padding === 'CIRCULAR') return 'VALID';
  if (padding === 'SAME' || padding === 'VALID') return padding;
  if (typeof padding !== 'string') return pairs(nameOf(layer), padding, layer.strides.length);
  const problem = `there is no padding ${JSON.stringify(padding)}; it is 'SAME', 'VALID', 'CIRCULAR' or amounts`;
  return fail('VALUE', `${nameOf(layer)}: ${problem}`, `{ padding: 'SAME' }`);
}

/**
 * What reaches beyond the extents, which are those of the input times the strides, added at the other end: y is padded to whole
 * periods, so that the input begins with one, and the periods are summed. When an odd number of elements is missing, the one more
 * lies before, or, as in the convolution that is transposed, after.
 */
function folded(y: Tensor, x: Tensor, strides: readonly number[], transposeKernel: boolean): Tensor {
  return strides.reduce((sofar, stride, i) => {
    const axis = i + 1;
    const period = x.shape[axis]! * stride;
    const extent = sofar.shape[axis]!;
    const missing = (2 * period - ((extent - period) % (2 * period))) % (2 * period);
    const [less, more] = [Math.floor(missing / 2), Math.ceil(missing / 2)];
    const amounts = transposeKernel ? ([less, more, 0] as const) : ([more, less, 0] as const);
    const whole = lax.pad(sofar, 0, sofar.shape.map((_, other) => (other === axis ? amounts : ([0, 0, 0] as const))));
    const periods = [...sofar.shape.slice(0, axis), (extent + missing) / period, period, ...sofar.shape.slice(axis + 1)];
    return whole.reshape(periods).sum(axis);
  }, y);
}
