/** Cotangents of the operands of a convolution. Both are convolutions, with JAX's parameters. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { Shape } from '../../shape.ts';
import { sizeOf } from '../../shape.ts';
import type { ConvDimensions, ConvParams } from '../operations.ts';
import type { WindowAxis } from '../windows/geometry.ts';
import { adjointPadding, countWindows, dilated } from '../windows/geometry.ts';
import { into, outOf } from './batch.ts';
import { spatialAxes } from './dimensions.ts';

/** The spec with its first two axes in the other's role. */
function exchanged([first, second, ...spatial]: readonly number[]): number[] {
  return [second!, first!, ...spatial];
}

/** The result's cotangent, spread by the strides, convolved with the reversed kernel whose features have changed roles. */
export function cotangentOfInput(o: Builder, cotangent: Atom, lhs: Shape, kernel: Atom, params: ConvParams): Atom {
  const { dimensionNumbers: [lhsSpec, rhsSpec, outSpec], featureGroupCount, batchGroupCount } = params;
  const groups = featureGroupCount * batchGroupCount;
  const weights = groups === 1 ? kernel : into(o, outOfGroups(o, kernel, rhsSpec[0]!, groups), 0, rhsSpec[1]!, 1);
  const axes = spatialAxes(lhs, kernel.aval.shape, params);
  const product = o.convGeneralDilated(cotangent, o.rev(weights, { dimensions: ascending(rhsSpec.slice(2)) }), {
    windowStrides: params.lhsDilation,
    padding: axes.map(adjointPadding),
    lhsDilation: params.windowStrides,
    rhsDilation: params.rhsDilation,
    dimensionNumbers: [outSpec, exchanged(rhsSpec), lhsSpec],
    featureGroupCount: groups,
    batchGroupCount: 1,
  });
  if (batchGroupCount === 1) return product;
  return into(o, outOfGroups(o, product, lhsSpec[1]!, groups), 0, lhsSpec[0]!, 1);
}

/** The input convolved with the result's cotangent: what was batch is what is summed over. */
export function cotangentOfKernel(o: Builder, cotangent: Atom, input: Atom, rhs: Shape, params: ConvParams): Atom {
  if (sizeOf(cotangent.aval.shape) === 0) return o.full(0, { dtype: cotangent.aval.dtype, shape: rhs });
  const [lhsSpec, rhsSpec, outSpec] = params.dimensionNumbers;
  const dimensionNumbers: ConvDimensions = [exchanged(lhsSpec), exchanged(outSpec), exchanged(rhsSpec)];
  return o.convGeneralDilated(input, cotangent, {
    windowStrides: params.rhsDilation,
    padding: spatialAxes(input.aval.shape, rhs, params).map(paddingForKernel),
    lhsDilation: params.lhsDilation,
    rhsDilation: params.windowStrides,
    dimensionNumbers,
    featureGroupCount: params.batchGroupCount,
    batchGroupCount: params.featureGroupCount,
  });
}

/** The groups within an axis, as the first axis. */
function outOfGroups(o: Builder, x: Atom, axis: number, groups: number): Atom {
  return outOf(o, x, axis, 1, groups);
}

function ascending(axes: readonly number[]): number[] {
  return [...axes].sort((a, b) => a - b);
}

function paddingForKernel(axis: WindowAxis): readonly [number, number] {
  const [low] = axis.padding;
  const missing = dilated(countWindows(axis), axis.stride) - dilated(axis.extent, axis.baseDilation);
  return [low, missing + dilated(axis.window, axis.windowDilation) - low - 1];
}
