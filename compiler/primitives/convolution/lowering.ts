/**
 * A convolution is a contraction: of windows of the input, which are a view, with the kernel, over the positions in a window and
 * the features. Groups are its batch.
 */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { sameShape } from '../../shape.ts';
import { besideMapped, permute, range } from '../batching.ts';
import type { ConvParams } from '../operations.ts';
import { windowsOf } from '../windows/geometry.ts';
import { convShape, spatialAxes } from './dimensions.ts';
import { hasPhases, inPhases, kernelInPhases } from './phases.ts';

export function asContraction(o: Builder, [lhs, rhs]: readonly Atom[], params: ConvParams): readonly Atom[] {
  const { dimensionNumbers: [lhsSpec, rhsSpec, outSpec], featureGroupCount, batchGroupCount } = params;
  const [from, by] = [lhs!.aval.shape, rhs!.aval.shape];
  const axes = spatialAxes(from, by, params);
  const groups = featureGroupCount * batchGroupCount;
  const input = grouped(o, lhs!, lhsSpec, batchGroupCount > 1 ? lhsSpec[0]! : lhsSpec[1]!, groups);
  const kernel = kernelInPhases(o, grouped(o, rhs!, rhsSpec, rhsSpec[0]!, groups), axes);
  const [batch, features, ...spatial] = input.spec;
  const [, inFeatures, ...positions] = kernel.spec;
  const along = axes.map((axis) => (hasPhases(axis) ? inPhases(axis).undilated : axis));
  const windows = windowsOf(o, input.atom, spatial, along, 0);
  // Features are innermost, because they are neighbours in memory more often than positions are.
  const rank = input.atom.aval.shape.length;
  const contracting = [[...positions.map((_, i) => rank + i), features!], [...positions, inFeatures!]] as const;
  const product = o.dotGeneral(windows, kernel.atom, { dimensionNumbers: [contracting, [input.group, kernel.group]] });

  // The product has the group, the input's batch and spatial axes in their order, the phases, the output features.
  const rows = [batch!, ...spatial].sort((a, b) => a - b);
  const placeOf = (axis: number): number => input.group.length + rows.indexOf(axis);
  const phased = range(axes.length).filter((i) => hasPhases(axes[i]!));
  const phaseOf = (i: number): number[] => (phased.includes(i) ? [placeOf(rows.at(-1)!) + 1 + phased.indexOf(i)] : []);
  const outFeatures = [...range(input.group.length), product.aval.shape.length - 1];
  const places = [[placeOf(batch!)], outFeatures, ...spatial.map((axis, i) => [placeOf(axis), ...phaseOf(i)])];
  const inOrder = range(outSpec.length).map((axis) => places[outSpec.indexOf(axis)]!);
  const laidOut = permute(o, product, inOrder.flat());
  const newSizes = inOrder.map((parts) => parts.reduce((size, place) => size * product.aval.shape[place]!, 1));
  const joined = sameShape(newSizes, laidOut.aval.shape) ? laidOut : o.reshape(laidOut, { newSizes });
  return [cropped(o, joined, convShape(from, by, params))];
}

/** An operand whose groups have an axis of their own, before that in which they were; and where the axes of its spec are now. */
export interface Grouped {
  readonly atom: Atom;
  readonly group: readonly number[];
  readonly spec: readonly number[];
}

function grouped(o: Builder, x: Atom, spec: readonly number[], axis: number, groups: number): Grouped {
  if (groups === 1) return { atom: x, group: [], spec };
  const newSizes = x.aval.shape.flatMap((extent, i) => (i === axis ? [groups, extent / groups] : [extent]));
  return { atom: o.reshape(x, { newSizes }), group: [axis], spec: spec.map((other) => besideMapped(other, axis)) };
}

/** The first elements along each axis. */
function cropped(o: Builder, x: Atom, shape: readonly number[]): Atom {
  if (sameShape(x.aval.shape, shape)) return x;
  return o.slice(x, { startIndices: shape.map(() => 0), limitIndices: shape, strides: shape.map(() => 1) });
}
