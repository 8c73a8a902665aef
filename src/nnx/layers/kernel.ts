/** What Conv and ConvTranspose have in common: a kernel with extents along the spatial axes of an input with features last. */
import type { DType } from '../../../compiler/dtype.ts';
import { sameShape, showShape } from '../../../compiler/shape.ts';
import { fail } from '../../numpy/operands.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Variable } from '../../trace/variable.ts';
import type { Module } from '../module.ts';
import type { KeySource } from '../rngs.ts';
import { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { checkFeatures, nameOf } from './layer.ts';
import { LINEAR_DEFAULTS } from './linear.ts';
import type { LinearOptions } from './linear.ts';
import { expectSpatial, inOneBatch, perAxis } from './windows.ts';
import type { PerAxis } from './windows.ts';

/** What a kernel is multiplied by: data, which is neither trained nor a statistic. */
export class KernelMask extends Variable {
  declare readonly __kind: 'KernelMask';
}

export interface KernelOptions extends LinearOptions {
  /** From one window to the next; default 1. */
  readonly strides?: PerAxis;
  /** From one element of a window to the next; default 1. */
  readonly kernelDilation?: PerAxis;
  /** What the kernel is multiplied by at every call, of its shape; default null. */
  readonly mask?: Tensor | null;
}

type KernelChoices = Required<Omit<KernelOptions, 'rngs'>>;

export const KERNEL_DEFAULTS: KernelChoices = { ...LINEAR_DEFAULTS, strides: 1, kernelDilation: 1, mask: null };

/** The extents of a kernel. One number is that of a kernel of one spatial axis. */
export type KernelSize = number | readonly number[];

interface Parameters {
  readonly kernel: Param;
  readonly bias: Param | null;
  readonly mask: KernelMask | null;
}

export interface Kernelled extends Module, Parameters {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: KernelSize;
  readonly dtype: DType | null;
}

/** The extents, one for each spatial axis. @throws VALUE for extents that are not whole numbers from 1. */
export function windowOf(call: string, kernelSize: KernelSize): readonly number[] {
  return perAxis(call, 'kernelSize', kernelSize, typeof kernelSize === 'number' ? 1 : kernelSize.length);
}

/** The parameters of a kernel of that shape and of a bias of that many features. @throws SHAPE for a mask of another shape. */
export function parameters(
  call: string,
  shape: readonly number[],
  outFeatures: number,
  { kernelInit, biasInit, paramDtype, useBias, mask }: KernelChoices,
  rngs: KeySource,
): Parameters {
  if (mask !== null && !sameShape(mask.shape, shape)) {
    const problem = `${call}: the mask ${mask.describe()} has not the shape of the kernel, ${showShape(shape)}`;
    fail('SHAPE', problem, `{ mask: np.ones(${showShape(shape)}) }`);
  }
  return {
    kernel: new Param(kernelInit(rngs.makeRng('params'), shape, paramDtype)),
    bias: useBias ? new Param(biasInit(rngs.makeRng('params'), [outFeatures], paramDtype)) : null,
    mask: mask === null ? null : new KernelMask(mask),
  };
}

/**
 * `convolve` applied to an input with one batch axis and to the masked kernel, in the dtype of the layer; then the bias. The
 * result has as many batch axes as there were.
 *
 * @throws SHAPE for an input of other features, of too few axes, or of more than a kernel of one number may mean.
 */
export function applyKernel(
  layer: Kernelled,
  type: string,
  x: Operand,
  convolve: (x: Tensor, kernel: Tensor) => Tensor,
): Tensor {
  const given = tensorOf(x);
  const { inFeatures, outFeatures, kernelSize } = layer;
  const window = typeof kernelSize === 'number' ? [kernelSize] : kernelSize;
  const remade = (features: number, size: readonly number[]): string =>
    `new nnx.${type}(${features}, ${outFeatures}, [${size.join(', ')}], { rngs })`;
  checkFeatures(layer, given, [-1], [inFeatures], (features) => remade(features!, window));
  expectSpatial(nameOf(layer), given, window, `x.reshape([${[...window.map(() => 1), inFeatures].join(', ')}])`);
  if (typeof kernelSize === 'number' && given.ndim > 3) {
    const problem = `kernelSize ${kernelSize} is that of one spatial axis`;
    const found = `${given.describe()} has more than [batch, axis, features]`;
    fail('SHAPE', `${nameOf(layer)}: ${problem}, and ${found}`, remade(inFeatures, [kernelSize, kernelSize]));
  }
  const masked = layer.mask === null ? layer.kernel : layer.kernel.value.mul(layer.mask);
  const [input, kernel, bias] = promoteDtype(type, [given, masked, layer.bias], layer.dtype);
  return inOneBatch(input, window.length, (batch) => {
    const y = convolve(batch, kernel);
    return bias === null ? y : y.add(bias);
  });
}
