/** gather: elements along one axis, picked by an array of indices. */
import type { DType, HostArray } from '../../dtype.ts';
import { allocate, isInteger } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval } from '../../ir/jaxpr.ts';
import { hostArray } from '../../reference/arrays.ts';
import { constantExpr, indexExpr, selectExpr } from '../../scalar/expression.ts';
import type { Expr, Value } from '../../scalar/expression.ts';
import { add, constant, dynamic } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import { clampedTo, less, masked, within } from '../../scalar/predicates.ts';
import type { Shape } from '../../shape.ts';
import { showShape, sizeOf } from '../../shape.ts';
import { batched, besideMapped, moveAxis, permute, range } from '../batching.ts';
import { expectAxes, expectCount, expectDtype } from '../checks.ts';
import { transposeFirst } from '../linear.ts';
import { definePrimitive } from '../primitive.ts';
import type { BatchAxis, Batched, Call, Primitive, Sample } from '../primitive.ts';

export type GatherParams = { readonly axis: number; readonly mode: 'fill' | 'clip' };

/** What JAX fills with when an index is out of range. */
const FILL: Readonly<Record<DType, number>> = { float32: NaN, float16: NaN, int32: -(2 ** 31), uint32: 2 ** 32 - 1, bool: 1 };

function gatheredShape(x: Shape, indices: Shape, axis: number): number[] {
  return [...x.slice(0, axis), ...indices, ...x.slice(axis + 1)];
}

function expectGatherable(x: Aval, indices: Aval, { axis, mode }: GatherParams): void {
  expectAxes('gather', [axis], x.shape.length);
  expectDtype('gather', indices, isInteger(indices.dtype), 'integer indices', `i.astype('int32')`);
  if (mode !== 'fill' && mode !== 'clip') {
    throw new HeddleError('VALUE', `gather: mode must be 'fill' or 'clip', it is '${String(mode)}'`, { fix: `mode: 'fill'` });
  }
  if (x.shape[axis] === 0 && sizeOf(indices.shape) > 0) {
    const problem = `axis ${axis} of ${showAval(x)} is empty, so no index of ${showShape(indices.shape)} is in range`;
    throw new HeddleError('SHAPE', `gather: ${problem}`, { fix: 'indices of shape [0]' });
  }
}

function gather(x: HostArray, indices: HostArray, { axis, mode }: GatherParams): HostArray {
  const extent = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const shape = gatheredShape(x.shape, indices.shape, axis);
  const data = allocate(x.dtype, sizeOf(shape));
  let to = 0;
  for (let group = 0; group < outer; group++) {
    for (const index of indices.data) {
      const wrapped = index < 0 ? index + extent : index;
      const clamped = Math.min(Math.max(wrapped, 0), extent - 1);
      const from = (group * extent + clamped) * inner;
      if (clamped === wrapped || mode === 'clip') data.set(x.data.subarray(from, from + inner), to);
      else data.fill(FILL[x.dtype], to, to + inner);
      to += inner;
    }
  }
  return hostArray(x.dtype, shape, data);
}

function gatherElement(x: Value, indices: Value, { axis, mode }: GatherParams, at: readonly Index[]): Expr {
  const { dtype, shape } = x.aval;
  const extent = shape[axis]!;
  const rank = indices.aval.shape.length;
  const index = wrapped(indices.at(at.slice(axis, axis + rank)), extent);
  const element = (position: Index): Expr => x.at([...at.slice(0, axis), position, ...at.slice(axis + rank)]);
  if (mode === 'clip') return element(dynamic(clampedTo(index, extent - 1), 0, extent - 1));
  const position = dynamic(index, -(2 ** 31), 2 ** 32 - 1);
  const inside = within(position, extent);
  return selectExpr(inside, element(masked(position, inside, extent)), constantExpr(dtype, FILL[dtype]));
}

/** Negative indices count from the end. */
function wrapped(index: Expr, extent: number): Expr {
  if (index.dtype === 'uint32') return index;
  const known = dynamic(index, -(2 ** 31), 2 ** 31 - 1);
  if (known.low >= 0) return index;
  return selectExpr(less(index, constantExpr('int32', 0)), indexExpr(add(known, constant(extent)), 'int32'), index);
}

/** Where an index is in range after wrapping, the tangent's element; 0 for a filled one. */
function gatherTangent(o: Builder, tangent: Atom, { inputs: [x, indices], params: { axis, mode } }: Call<GatherParams>): Atom {
  const picked = o.gather(tangent, indices!, { axis, mode: 'clip' });
  if (mode === 'clip') return picked;
  const index = wrapIndices(o, indices!, x!.aval.shape[axis]!);
  const { dtype, shape } = picked.aval;
  const broadcastDimensions = range(indices!.aval.shape.length).map((i) => axis + i);
  const inside = o.broadcastInDim(inRange(o, index, x!.aval.shape[axis]!), { shape, broadcastDimensions });
  return o.selectN(inside, o.full(0, { dtype, shape }), picked);
}

function inRange(o: Builder, index: Atom, extent: number): Atom {
  return o.and(o.ge(index, 0), o.lt(index, extent));
}

function wrapIndices(o: Builder, indices: Atom, extent: number): Atom {
  return o.selectN(o.lt(indices, 0), indices, o.add(indices, extent));
}

/**
 * With both mapped, the mapped axis and the gathered one become a single axis of `size * extent`, and an index that is out of
 * range in its own row becomes one that is out of range there.
 */
export function batchGather(o: Builder, inputs: readonly Atom[], axes: readonly BatchAxis[], params: GatherParams): Batched {
  const [x, indices] = [inputs[0]!, inputs[1]!];
  const [mapped, indicesMapped] = [axes[0]!, axes[1]!];
  const { axis, mode } = params;
  const rank = indices.aval.shape.length;
  if (mapped === null) return batched(o.gather(x, indices, params), indicesMapped === null ? null : axis + indicesMapped);
  if (indicesMapped === null) {
    const moved = besideMapped(axis, mapped);
    return batched(o.gather(x, indices, { axis: moved, mode }), mapped < moved ? mapped : mapped + rank - 1);
  }
  const flat = flattenRows(o, moveAxis(o, x, mapped, 0), axis + 1);
  const extent = x.aval.shape[besideMapped(axis, mapped)]!;
  const rows = rowIndices(o, moveAxis(o, indices, indicesMapped, 0), extent, mode);
  const picked = o.gather(flat, rows, { axis: 0, mode: 'fill' });
  const order = [0, ...range(axis).map((i) => rank + i), ...range(rank - 1).map((i) => 1 + i)];
  const permutation = [...order, ...range(picked.aval.shape.length).slice(order.length)];
  return batched(permute(o, picked, permutation), 0);
}

/** Axes 0 and `axis` as one axis in front. */
function flattenRows(o: Builder, x: Atom, axis: number): Atom {
  const beside = moveAxis(o, x, axis, 1);
  const [rows, extent, ...rest] = beside.aval.shape;
  return o.reshape(beside, { newSizes: [rows! * extent!, ...rest] });
}

/** Indices into the rows of a flattened array; the first axis of `indices` counts the rows. */
function rowIndices(o: Builder, indices: Atom, extent: number, mode: 'fill' | 'clip'): Atom {
  const { dtype, shape } = indices.aval;
  const index = wrapIndices(o, indices, extent);
  const row = o.mul(o.iota({ dtype, shape, dimension: 0 }), extent);
  if (mode === 'clip') return o.add(o.clamp(0, index, extent - 1), row);
  return o.selectN(inRange(o, index, extent), o.full(shape[0]! * extent, indices.aval), o.add(index, row));
}

/** A sum over the indices that picked an element: a comparison with every position, because there is no scatter yet. */
function scatterAdd(o: Builder, cotangent: Atom, { dtype, shape }: Aval, { axis, mode }: GatherParams, indices: Atom): Atom {
  const extent = shape[axis]!;
  const rank = indices.aval.shape.length;
  const joint = [...shape.slice(0, axis + 1), ...indices.aval.shape, ...shape.slice(axis + 1)];
  const axes = range(rank).map((i) => axis + 1 + i);
  const index = wrapIndices(o, indices, extent);
  const target = mode === 'clip' ? o.clamp(0, index, extent - 1) : index;
  const positions = o.iota({ dtype: indices.aval.dtype, shape: joint, dimension: axis });
  const hit = o.eq(positions, o.broadcastInDim(target, { shape: joint, broadcastDimensions: axes }));
  const broadcastDimensions = range(joint.length).filter((i) => i !== axis);
  const spread = o.broadcastInDim(cotangent, { shape: joint, broadcastDimensions });
  return o.reduceSum(o.selectN(hit, o.full(0, { dtype, shape: joint }), spread), { axes });
}

function sample(
  x: Shape,
  indices: Shape,
  params: GatherParams,
  dtypes: readonly [DType, DType] = ['float32', 'int32'],
): Sample<GatherParams> {
  return { inputs: [aval(dtypes[0], x), aval(dtypes[1], indices)], params };
}

export const gatherPrimitive: Primitive = definePrimitive<GatherParams>({
  name: 'gather',
  doc: 'Elements along one axis. Negative indices count from the end; out of range is NaN (fill) or the nearest element (clip).',
  type(inputs, params) {
    expectCount('gather', inputs, 2);
    const [x, indices] = [inputs[0]!, inputs[1]!];
    expectGatherable(x, indices, params);
    return [{ ...x, shape: gatheredShape(x.shape, indices.shape, params.axis) }];
  },
  reference: ([x, indices], params) => [gather(x!, indices!, params)],
  lowering: {
    kind: 'element',
    view: false,
    at: ([x, indices], params) => [(at) => gatherElement(x!, indices!, params, at)],
  },
  jvp: { kind: 'partials', partials: [gatherTangent, null] },
  transpose: transposeFirst((o, cotangent, x, params, [indices]) => scatterAdd(o, cotangent, x, params, indices!)),
  batch: batchGather,
  samples: [
    sample([5], [4], { axis: 0, mode: 'fill' }),
    sample([5, 3], [2, 2], { axis: 0, mode: 'clip' }),
    sample([2, 6, 3], [5], { axis: 1, mode: 'fill' }),
    sample([4, 3], [], { axis: 1, mode: 'fill' }, ['int32', 'int32']),
    sample([4], [6], { axis: 0, mode: 'fill' }, ['uint32', 'uint32']),
    sample([4], [6], { axis: 0, mode: 'clip' }, ['bool', 'uint32']),
    sample([1], [3], { axis: 0, mode: 'fill' }, ['bool', 'int32']),
  ],
  domain: [{ low: -4, high: 4 }, { low: -8, high: 8 }],
  tolerance: 0,
});
