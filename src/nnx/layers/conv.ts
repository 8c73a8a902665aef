/** Conv: a kernel moved over the spatial axes of an input with features last. */
import type { DType } from '../../../compiler/dtype.ts';
import { featuresLast } from '../../lax/conv-dimensions.ts';
import * as lax from '../../lax/index.ts';
import { fail } from '../../numpy/operands.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { Module } from '../module.ts';
import type { Param } from '../variables.ts';
import { KERNEL_DEFAULTS, applyKernel, parameters, windowOf } from './kernel.ts';
import type { KernelMask, KernelOptions, KernelSize } from './kernel.ts';
import { constructorOptions, nameOf } from './layer.ts';
import { continued } from './periodic.ts';
import { pairs, perAxis } from './windows.ts';
import type { Amounts, PerAxis } from './windows.ts';

/**
 * `SAME` and `VALID` as in lax; `CIRCULAR` goes on at the other end and `REFLECT` goes back; `CAUSAL`, of one spatial axis, pads
 * before it only; or amounts.
 */
export type ConvPadding = 'SAME' | 'VALID' | 'CIRCULAR' | 'REFLECT' | 'CAUSAL' | Amounts;

export interface ConvOptions extends KernelOptions {
  /** Default SAME. */
  readonly padding?: ConvPadding;
  /** From one element of the input to the next, with zeros in between; default 1. */
  readonly inputDilation?: PerAxis;
  /** Into how many groups the features are divided, each of which has its part of the kernel; default 1. */
  readonly featureGroupCount?: number;
}

const DEFAULTS: Required<Omit<ConvOptions, 'rngs'>> = {
  ...KERNEL_DEFAULTS,
  padding: 'SAME',
  inputDilation: 1,
  featureGroupCount: 1,
};

/**
 * The convolution of [...batch, ...spatial, inFeatures] with a kernel of extents `kernelSize`, plus bias: [...batch, ...spatial,
 * outFeatures]. flax.nnx.Conv.
 */
export class Conv extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernelSize: KernelSize;
  readonly strides: readonly number[];
  readonly padding: ConvPadding;
  readonly inputDilation: readonly number[];
  readonly kernelDilation: readonly number[];
  readonly featureGroupCount: number;
  readonly dtype: DType | null;
  /** [...kernelSize, inFeatures / groups, outFeatures]. */
  readonly kernel: Param;
  /** [outFeatures]. */
  readonly bias: Param | null;
  readonly mask: KernelMask | null;

  /** @throws VALUE for groups that divide no features and numbers below 1, SHAPE for a mask, RNG and VALUE as `Linear`. */
  constructor(inFeatures: number, outFeatures: number, kernelSize: KernelSize, options: ConvOptions) {
    super();
    const call = 'new nnx.Conv';
    const choices = constructorOptions('Conv', options, DEFAULTS);
    const window = windowOf(call, kernelSize);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.kernelSize = kernelSize;
    this.strides = perAxis(call, 'strides', choices.strides, window.length);
    this.padding = choices.padding;
    this.inputDilation = perAxis(call, 'inputDilation', choices.inputDilation, window.length);
    this.kernelDilation = perAxis(call, 'kernelDilation', choices.kernelDilation, window.length);
    this.featureGroupCount = choices.featureGroupCount;
    this.dtype = choices.dtype;
    checkGroups(call, this);
    const shape = [...window, inFeatures / this.featureGroupCount, outFeatures];
    ({ kernel: this.kernel, bias: this.bias, mask: this.mask } = parameters(call, shape, outFeatures, choices, options.rngs));
  }

  /** @throws SHAPE for an input of other features, of too few axes, or of more than a kernel of one number may mean. */
  forward(x: Operand): Tensor {
    return applyKernel(this, 'Conv', x, (batch, kernel) => {
      const { inside, padding } = padded(this, batch);
      return lax.convGeneralDilated(inside, kernel, this.strides, padding, {
        lhsDilation: this.inputDilation,
        rhsDilation: this.kernelDilation,
        dimensionNumbers: featuresLast(this.strides.length),
        featureGroupCount: this.featureGroupCount,
      });
    });
  }
}

function checkGroups(call: string, { inFeatures, outFeatures, featureGroupCount: groups }: Conv): void {
  const divides = (count: number): boolean => inFeatures % count === 0 && outFeatures % count === 0;
  if (Number.isInteger(groups) && groups >= 1 && divides(groups)) return;
  let fitting = Math.max(1, Math.trunc(groups) || 1);
  while (!divides(fitting)) fitting--;
  const problem = `${call}: ${inFeatures} input and ${outFeatures} output features cannot be divided in ${groups} groups`;
  fail('VALUE', problem, `{ featureGroupCount: ${fitting} }`);
}

/** The input, continued where the padding says so, and what lax is to pad. */
function padded(layer: Conv, x: Tensor): { readonly inside: Tensor; readonly padding: lax.Padding } {
  const { padding, kernelDilation } = layer;
  const reach = windowOf('Conv', layer.kernelSize).map((extent, i) => (extent - 1) * kernelDilation[i]!);
  switch (padding) {
    case 'SAME':
    case 'VALID':
      return { inside: x, padding };
    case 'CIRCULAR':
    case 'REFLECT': {
      const mode = padding === 'CIRCULAR' ? 'wrap' : 'reflect';
      const amounts = reach.map((length) => [Math.floor(length / 2), Math.ceil(length / 2)] as const);
      return { inside: amounts.reduce((sofar, pair, i) => continued(sofar, i + 1, pair, mode), x), padding: 'VALID' };
    }
    case 'CAUSAL': {
      if (reach.length === 1) return { inside: x, padding: [[reach[0]!, 0]] };
      const problem = `padding 'CAUSAL' is that of one spatial axis, the kernel has ${reach.length}`;
      return fail('VALUE', `${nameOf(layer)}: ${problem}`, `{ padding: 'SAME' }`);
    }
    default:
      return { inside: x, padding: pairs(nameOf(layer), padding, reach.length) };
  }
}
