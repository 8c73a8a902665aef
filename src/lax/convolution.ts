/** Convolutions, which are cross-correlations, as everywhere in machine learning: kernels are not reversed. */
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import type { ConvDimensions } from '../../compiler/primitives/operations.ts';
import { dilated } from '../../compiler/primitives/windows/geometry.ts';
import { readOptions } from '../options.ts';
import { apply } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { defaultLayout, dimensionsOf, featuresLast } from './conv-dimensions.ts';
import type { ConvLayout } from './conv-dimensions.ts';
import { rev, transpose } from './movement.ts';
import { sameType } from './operands.ts';
import type { LaxOperand } from './operands.ts';
import { noPadding, paddingOf } from './padding.ts';
import type { Padding } from './padding.ts';

export type { ConvLayout, Padding };

export interface ConvOptions {
  /** From one element of the input to the next, one entry per spatial axis, with zeros in between; default 1. */
  readonly lhsDilation?: readonly number[] | null;
  /** From one element of a window to the next; default 1. */
  readonly rhsDilation?: readonly number[] | null;
  /** Default features after the batch: `['NCHW', 'OIHW', 'NCHW']`. */
  readonly dimensionNumbers?: ConvLayout | null;
  /** Into how many groups the features are divided, each of which has its part of the kernel; default 1. */
  readonly featureGroupCount?: number;
  /** Into how many groups the batch is divided, each of which has its part of the kernel; default 1. */
  readonly batchGroupCount?: number;
}

const NO_OPTIONS: Required<ConvOptions> = {
  lhsDilation: null,
  rhsDilation: null,
  dimensionNumbers: null,
  featureGroupCount: 1,
  batchGroupCount: 1,
};

/**
 * The convolution of an input, `[batch, features, ...spatial]`, with a kernel, `[out features, in features / groups, ...spatial]`
 * (or as `dimensionNumbers` say): each element of the result is the sum of products of the kernel with what its window covers.
 * Windows move by `windowStrides`. jax.lax.conv_general_dilated.
 *
 * @throws SHAPE when ranks, features or groups do not fit, DTYPE when the dtypes differ, VALUE for strides or dilations below 1.
 */
export function convGeneralDilated(
  lhs: LaxOperand,
  rhs: LaxOperand,
  windowStrides: readonly number[],
  padding: Padding,
  options: ConvOptions = {},
): Tensor {
  const call = 'lax.convGeneralDilated';
  const choices = readOptions<Required<ConvOptions>>(call, options, NO_OPTIONS);
  const [input, kernel] = operandsOf(call, lhs, rhs);
  const ones = new Array<number>(kernel.aval.shape.length - 2).fill(1);
  const lhsDilation = choices.lhsDilation ?? ones;
  const rhsDilation = choices.rhsDilation ?? ones;
  const ranks = [input.aval.shape.length, kernel.aval.shape.length] as const;
  const dimensionNumbers = dimensionsOf(call, choices.dimensionNumbers ?? defaultLayout(ranks[1] - 2), ranks);
  if (typeof padding === 'string' && lhsDilation.some((step) => step !== 1)) {
    throw userError('VALUE', `${call}: padding '${padding}' says nothing of an input dilated by [${lhsDilation.join(',')}]`, {
      fix: `lax.convTranspose(x, kernel, [${lhsDilation.join(', ')}], '${padding}')`,
    });
  }
  const axes = windowAxes(input, kernel, windowStrides, rhsDilation, dimensionNumbers);
  return apply('conv_general_dilated', [input, kernel], {
    windowStrides,
    padding: paddingOf(call, padding, axes),
    lhsDilation,
    rhsDilation,
    dimensionNumbers,
    featureGroupCount: choices.featureGroupCount,
    batchGroupCount: choices.batchGroupCount,
  });
}

/** `convGeneralDilated` of [batch, features, ...spatial] with [out features, in features, ...spatial]. jax.lax.conv. */
export function conv(lhs: LaxOperand, rhs: LaxOperand, windowStrides: readonly number[], padding: Padding): Tensor {
  return convGeneralDilated(lhs, rhs, windowStrides, padding);
}

export interface ConvTransposeOptions {
  /** From one element of a window to the next; default 1. */
  readonly rhsDilation?: readonly number[] | null;
  /** Default features last: `['NHWC', 'HWIO', 'NHWC']`. */
  readonly dimensionNumbers?: ConvLayout | null;
  /** Reverse the kernel and exchange its features, so that this is the transpose of the convolution with it; default false. */
  readonly transposeKernel?: boolean;
}

/**
 * The convolution whose input is dilated by `strides`: the gradient of a convolution of these strides with respect to its input,
 * up to the orientation of the kernel. `SAME` multiplies spatial extents by the strides. jax.lax.conv_transpose.
 *
 * @throws as `convGeneralDilated`
 */
export function convTranspose(
  lhs: LaxOperand,
  rhs: LaxOperand,
  strides: readonly number[],
  padding: 'SAME' | 'VALID' | readonly (readonly [number, number])[],
  options: ConvTransposeOptions = {},
): Tensor {
  const call = 'lax.convTranspose';
  const choices = readOptions<Required<ConvTransposeOptions>>(call, options, {
    rhsDilation: null,
    dimensionNumbers: null,
    transposeKernel: false,
  });
  const [input, kernel] = operandsOf(call, lhs, rhs);
  const { shape } = kernel.aval;
  const layout = choices.dimensionNumbers ?? featuresLast(shape.length - 2);
  const [, [outAxis, inAxis, ...spatial]] = dimensionsOf(call, layout, [input.aval.shape.length, shape.length]);
  const rhsDilation = choices.rhsDilation ?? spatial.map(() => 1);
  const amounts = (word: 'SAME' | 'VALID'): [number, number][] =>
    spatial.map((axis, i) => transposedPadding(call, word, dilated(shape[axis]!, rhsDilation[i] ?? 1), strides[i] ?? 1));
  const exchanged = shape.map((_, axis) => (axis === outAxis ? inAxis! : axis === inAxis ? outAxis! : axis));
  const weights = choices.transposeKernel ? transpose(rev(kernel, [...spatial].sort((a, b) => a - b)), exchanged) : kernel;
  const pads = typeof padding === 'string' ? amounts(padding) : padding;
  return convGeneralDilated(input, weights, spatial.map(() => 1), pads, {
    lhsDilation: strides,
    rhsDilation,
    dimensionNumbers: layout,
  });
}

/** The padding of the dilated input under which a convolution of that stride, padded as it says, gives back the extent. */
function transposedPadding(call: string, padding: 'SAME' | 'VALID', window: number, stride: number): [number, number] {
  switch (padding) {
    case 'SAME': {
      const total = window + stride - 2;
      const low = stride > window - 1 ? window - 1 : Math.ceil(total / 2);
      return [low, total - low];
    }
    case 'VALID':
      return [window - 1, stride - 1 + Math.max(window - stride, 0)];
    default:
      throw noPadding(call, padding, `'SAME', 'VALID'`);
  }
}

function operandsOf(call: string, lhs: LaxOperand, rhs: LaxOperand): readonly [Tensor | Literal, Tensor | Literal] {
  const operands = sameType([lhs, rhs]);
  const [input, kernel] = operands.map(({ aval: { shape } }) => shape.length);
  if (input === kernel && input! >= 2) return operands;
  const problem = `the input has rank ${input} and the kernel ${kernel}; both have two axes besides the spatial ones`;
  throw userError('SHAPE', `${call}: ${problem}`, {
    fix: input! > kernel! ? 'np.expandDims(kernel, 0)' : 'np.expandDims(x, 0)',
  });
}

function windowAxes(
  { aval: { shape } }: Tensor | Literal,
  { aval: { shape: kernel } }: Tensor | Literal,
  strides: readonly number[],
  dilation: readonly number[],
  [lhsSpec, rhsSpec]: ConvDimensions,
): { extent: number; window: number; stride: number; windowDilation: number }[] {
  return lhsSpec.slice(2).map((axis, i) => ({
    extent: shape[axis]!,
    window: kernel[rhsSpec[i + 2]!]!,
    stride: strides[i] ?? 1,
    windowDilation: dilation[i] ?? 1,
  }));
}
