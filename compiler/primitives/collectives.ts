/**
 * Collectives: operations across a mapped axis that has a name. They stand for something only until the axis is mapped: the
 * batch rule of each, called for the axis of its name, replaces it by operations along that axis. Other axes are one more
 * dimension of the operand.
 */
import type { DType } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { aval } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { batched, insertAt, mappedAt, moveAxis, range } from './batching.ts';
import { expectCount, expectDtype, soleOperand } from './checks.ts';
import { nonlinear } from './derivatives.ts';
import { transposeFirst } from './linear.ts';
import { definePrimitive } from './primitive.ts';
import type { BatchAxis, BatchRule, Batched, JvpRule, Lowering, PartialRule } from './primitive.ts';
import type { Primitive, Sample, TransposeRule } from './primitive.ts';

type Named = { readonly axisName: string; readonly axisSize: number };

const UNBOUND: Lowering<Named> = { kind: 'none', reason: 'vmap replaces it where it maps the axis' };

function unbound(name: string, { axisName }: Named): never {
  throw new HeddleError('INTERNAL', `${name}: no axis ${axisName} was mapped before it was to be computed`);
}

/** `resolve` for the axis of this name, where the operand may be unmapped; `keep` for every other. */
function across<P extends Named>(
  resolve: (o: Builder, x: Atom, mapped: BatchAxis, params: P) => Atom,
  keep: (o: Builder, x: Atom, mapped: number, params: P) => Batched,
): BatchRule<P> {
  return (o, [x], [mapped], params, _size, batch) =>
    batch.axisName === params.axisName ? batched(resolve(o, x!, mapped!, params), null) : keep(o, x!, mapped!, params);
}

const ALONG: Named = { axisName: 'i', axisSize: 3 };

interface Reduction {
  readonly name: string;
  readonly doc: string;
  readonly accepts: (dtype: DType) => boolean;
  readonly jvp: JvpRule<Named>;
  readonly transpose: TransposeRule<Named>;
  /** Along the mapped axis, or of the same value in every place of it. */
  resolve(o: Builder, x: Atom, mapped: BatchAxis, params: Named): Atom;
}

function reduction(row: Reduction): Primitive {
  const primitive: Primitive = definePrimitive<Named>({
    name: row.name,
    doc: row.doc,
    type(inputs) {
      const operand = soleOperand(row.name, inputs);
      expectDtype(row.name, operand, row.accepts(operand.dtype), 'numbers', `x.astype('int32')`);
      return [operand];
    },
    reference: (_, params) => unbound(row.name, params),
    lowering: UNBOUND,
    jvp: row.jvp,
    transpose: row.transpose,
    batch: across(row.resolve, (o, x, mapped, params) => batched(o.bind(primitive, [x], params)[0]!, mapped)),
    samples: [
      { inputs: [aval('float32', [])], params: ALONG },
      { inputs: [aval('int32', [2, 4])], params: ALONG },
    ],
    domain: { low: -4, high: 4 },
    tolerance: 0,
  });
  return primitive;
}

/** As of a maximum over elements: the mean of the tangents in all places that attain it. JAX has no derivative here. */
const extremumTangent: PartialRule<Named> = (o, tangent, { inputs: [x], outputs: [y], params }) => {
  const weights = o.convertElementType(o.eq(x!, y!), { newDtype: x!.aval.dtype, weakType: false });
  return o.div(o.psum(o.mul(tangent, weights), params), o.psum(weights, params));
};

const psum = reduction({
  name: 'psum',
  doc: 'The sum over the mapped axis of a name, in every place of it.',
  accepts: (dtype) => dtype !== 'bool',
  jvp: { kind: 'linear' },
  // As in JAX: every place has a result, so the cotangents of all of them add up in every place.
  transpose: transposeFirst((o, cotangent, _, params) => o.psum(cotangent, params)),
  resolve: (o, x, mapped, { axisSize }) => (mapped === null ? o.mul(x, axisSize) : o.reduceSum(x, { axes: [mapped] })),
});

const pmax = reduction({
  name: 'pmax',
  doc: 'The maximum over the mapped axis of a name, in every place of it; NaN if any is.',
  accepts: () => true,
  jvp: { kind: 'partials', partials: [extremumTangent] },
  transpose: nonlinear('a maximum is not linear'),
  resolve: (o, x, mapped) => (mapped === null ? x : o.reduceMax(x, { axes: [mapped] })),
});

const pmin = reduction({
  name: 'pmin',
  doc: 'The minimum over the mapped axis of a name, in every place of it; NaN if any is.',
  accepts: () => true,
  jvp: { kind: 'partials', partials: [extremumTangent] },
  transpose: nonlinear('a minimum is not linear'),
  resolve: (o, x, mapped) => (mapped === null ? x : o.reduceMin(x, { axes: [mapped] })),
});

type Gather = Named & {
  /** Where the mapped axis goes: a new dimension, or if `tiled` in front of the elements of this one. */
  readonly allGatherDimension: number;
  readonly tiled: boolean;
};

function gatheredShape(shape: readonly number[], { axisSize, allGatherDimension, tiled }: Gather): number[] {
  if (!tiled) return insertAt(shape, allGatherDimension, axisSize);
  return shape.map((extent, axis) => (axis === allGatherDimension ? extent * axisSize : extent));
}

/** Of what was gathered in all places, the part that came from this one. */
function ownPart(o: Builder, gathered: Atom, shape: readonly number[], params: Gather): Atom {
  const { axisName, axisSize, allGatherDimension: dimension, tiled } = params;
  const extent = tiled ? shape[dimension]! : 1;
  const start = o.mul(o.axisIndex({ axisName, axisSize }), extent);
  const sliceSizes = gathered.aval.shape.map((size, axis) => (axis === dimension ? extent : size));
  const starts = range(sliceSizes.length).map((axis) => (axis === dimension ? start : o.literal(0, 'int32')));
  return o.reshape(o.dynamicSlice(gathered, ...starts, { sliceSizes }), { newSizes: shape });
}

const gatherSample = (shape: readonly number[], allGatherDimension: number, tiled: boolean): Sample<Gather> => ({
  inputs: [aval('float32', shape)],
  params: { ...ALONG, allGatherDimension, tiled },
});

const allGather: Primitive = definePrimitive<Gather>({
  name: 'all_gather',
  doc: 'The values of all places of the mapped axis of a name, in every place of it.',
  type(inputs, params) {
    const operand = soleOperand('all_gather', inputs);
    const { allGatherDimension, tiled } = params;
    const last = operand.shape.length - (tiled ? 1 : 0);
    if (!Number.isInteger(allGatherDimension) || allGatherDimension < 0 || allGatherDimension > last) {
      const problem = `${tiled ? 'tiles' : 'makes'} axis ${allGatherDimension} of an operand of rank ${operand.shape.length}`;
      throw new HeddleError('AXIS', `all_gather: ${problem}`, { fix: 'lax.allGather(x, name, { axis: 0 })' });
    }
    return [{ ...operand, shape: gatheredShape(operand.shape, params) }];
  },
  reference: (_, params) => unbound('all_gather', params),
  lowering: UNBOUND,
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, { shape }, params) => {
    const { axisName, axisSize } = params;
    return ownPart(o, o.psum(cotangent, { axisName, axisSize }), shape, params);
  }),
  batch: across<Gather>(
    (o, x, mapped, params) => {
      const { axisSize, allGatherDimension, tiled } = params;
      const gathered = mappedAt(o, x, mapped, axisSize, allGatherDimension);
      if (!tiled) return gathered;
      const { shape } = gathered.aval;
      const [own] = shape.slice(allGatherDimension + 1);
      const newSizes = [...shape.slice(0, allGatherDimension), axisSize * own!, ...shape.slice(allGatherDimension + 2)];
      return o.reshape(gathered, { newSizes });
    },
    (o, x, mapped, params) => {
      const inFront = moveAxis(o, x, mapped, 0);
      const outputs = o.bind(allGather, [inFront], { ...params, allGatherDimension: params.allGatherDimension + 1 });
      return batched(outputs[0]!, 0);
    },
  ),
  samples: [
    gatherSample([], 0, false),
    gatherSample([2, 4], 1, false),
    gatherSample([2, 4], 2, false),
    gatherSample([2, 4], 1, true),
  ],
  domain: { low: -4, high: 4 },
  tolerance: 0,
});

const axisIndex: Primitive = definePrimitive<Named>({
  name: 'axis_index',
  doc: 'The int32 position along the mapped axis of a name.',
  type(inputs) {
    expectCount('axis_index', inputs, 0);
    return [aval('int32', [])];
  },
  reference: (_, params) => unbound('axis_index', params),
  lowering: UNBOUND,
  jvp: { kind: 'zero', reason: 'a position is an integer' },
  transpose: nonlinear('a position is an integer'),
  // It has no operands, so it is called for the axis of its name only.
  batch: (o, _inputs, _axes, { axisSize }) => batched(o.iota({ dtype: 'int32', shape: [axisSize], dimension: 0 }), 0),
  samples: [{ inputs: [], params: ALONG }],
  domain: { low: 0, high: 0 },
  tolerance: 0,
});

export const COLLECTIVES: readonly Primitive[] = [psum, pmax, pmin, allGather, axisIndex];
