/**
 * The derivatives of maxima and minima of windows: of the elements that a window covers, the first that attains its extremum is
 * selected. Both recompute which it is, so that nothing but the operand is kept for them.
 */
import type { HostArray } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import type { Atom, Aval } from '../../ir/jaxpr.ts';
import { filled } from '../../reference/arrays.ts';
import type { Shape } from '../../shape.ts';
import { sameShape, sizeOf } from '../../shape.ts';
import { allInFront, batched, range } from '../batching.ts';
import { expectCount, expectDtype, expectSameDtype } from '../checks.ts';
import { transposeWith } from '../linear.ts';
import type { WindowParams } from '../operations.ts';
import { definePrimitive } from '../primitive.ts';
import type { BatchRule, JvpRule, Primitive, Sample, TransposeRule } from '../primitive.ts';
import { MAXIMUM, MINIMUM } from '../reduce/fold.ts';
import { covered, covering, expectWindows, windowAxes, windowsShape, withAxis } from './pooling.ts';
import { selectedOffsets } from './reference.ts';

/** `ge` selects the first maximum, `le` the first minimum. */
export type Selection = WindowParams & { readonly selectPrim: 'ge' | 'le' };

const EXTREMA = {
  ge: { fold: MAXIMUM, choose: 'argmax', better: (a: number, b: number) => a > b },
  le: { fold: MINIMUM, choose: 'argmin', better: (a: number, b: number) => a < b },
} as const;

function expectSelection(name: string, inputs: readonly Aval[], params: Selection, shapeOf: (operand: Shape) => Shape): Aval {
  expectCount(name, inputs, 2);
  const [given, operand] = [inputs[0]!, inputs[1]!];
  expectDtype(name, operand, operand.dtype !== 'bool', 'numbers', `x.astype('int32')`);
  expectSameDtype(name, inputs);
  expectWindows(name, operand.shape, params);
  if (sameShape(given.shape, shapeOf(operand.shape))) return operand;
  throw new HeddleError('SHAPE', `${name}: ${showAval(given)} is not of the shape that goes with ${showAval(operand)}`, {
    fix: `np.zeros([${shapeOf(operand.shape).join(', ')}])`,
  });
}

/** Which element each window selects: its flat place in the window. That of padding may come first if all others are infinite. */
function selectedPlaces(o: Builder, operand: Atom, params: Selection): Atom {
  const { fold, choose } = EXTREMA[params.selectPrim];
  const shape = windowsShape(operand.aval.shape, params);
  const windows = covered(o, operand, params, fold.identity(operand.aval.dtype));
  const rows = o.reshape(windows, { newSizes: [...shape, sizeOf(params.windowDimensions)] });
  return o[choose](rows, { axes: [shape.length] });
}

/** The sum over the last axes of `x`, after the first `rank`, of what stands at the flat places `at` of them. */
function sumAtPlaces(o: Builder, x: Atom, at: Atom, rank: number): Atom {
  const { dtype, shape } = x.aval;
  const last = range(shape.length).slice(rank);
  const extents = last.map((axis) => shape[axis]!);
  const numbers = o.reshape(o.iota({ dtype: 'int32', shape: [sizeOf(extents)], dimension: 0 }), { newSizes: extents });
  const places = o.broadcastInDim(numbers, { shape, broadcastDimensions: last });
  return o.reduceSum(o.selectN(o.eq(places, at), o.full(0, { dtype, shape }), x), { axes: last });
}

function composeGather(o: Builder, tangents: Atom, operand: Atom, params: Selection): Atom {
  const places = selectedPlaces(o, operand, params);
  const windows = covered(o, tangents, params, 0);
  const rank = places.aval.shape.length;
  const at = o.broadcastInDim(places, { shape: windows.aval.shape, broadcastDimensions: range(rank) });
  return sumAtPlaces(o, windows, at, rank);
}

function composeScatter(o: Builder, source: Atom, operand: Atom, params: Selection): Atom {
  const { shape } = operand.aval;
  const at = covering(o, selectedPlaces(o, operand, params), shape, params, -1);
  return sumAtPlaces(o, covering(o, source, shape, params, 0), at, shape.length);
}

function offsetsIn({ shape, data }: HostArray, params: Selection): Int32Array {
  return selectedOffsets({ shape, data }, windowAxes(shape, params), EXTREMA[params.selectPrim].better);
}

function gather(tangents: HostArray, operand: HostArray, params: Selection): HostArray {
  const result = filled(tangents.dtype, windowsShape(operand.shape, params), 0);
  offsetsIn(operand, params).forEach((offset, window) => {
    if (offset >= 0) result.data[window] = tangents.data[offset]!;
  });
  return result;
}

function scatter(source: HostArray, operand: HostArray, params: Selection): HostArray {
  const result = filled(source.dtype, operand.shape, 0);
  offsetsIn(operand, params).forEach((offset, window) => {
    if (offset >= 0) result.data[offset]! += source.data[window]!;
  });
  return result;
}

const SAMPLES: readonly { readonly operand: Shape; readonly params: Selection }[] = [
  {
    operand: [2, 4, 3],
    params: {
      selectPrim: 'ge', windowDimensions: [1, 2, 3], windowStrides: [1, 2, 1], padding: [[0, 0], [0, 0], [1, 1]],
      baseDilation: [1, 1, 1], windowDilation: [1, 1, 1],
    },
  },
  {
    operand: [4],
    params: {
      selectPrim: 'le', windowDimensions: [2], windowStrides: [1], padding: [[1, 0]], baseDilation: [2], windowDilation: [2],
    },
  },
];

function samplesOf(shapeOf: (operand: Shape, params: Selection) => Shape): readonly Sample<Selection>[] {
  return SAMPLES.map(({ operand, params }) => ({
    inputs: [aval('float32', shapeOf(operand, params)), aval('float32', operand)],
    params,
  }));
}

type Bind = (o: Builder, given: Atom, operand: Atom, params: Selection) => Atom;

function inFront(bind: Bind): BatchRule<Selection> {
  return (o, inputs, axes, params, size) => {
    const [given, operand] = allInFront(o, inputs, axes, size);
    return batched(bind(o, given!, operand!, withAxis(params, 0)), 0);
  };
}

/** Which element is selected does not change with the operand, but where it jumps. */
function linearInFirst(bind: Bind): JvpRule<Selection> {
  return {
    kind: 'partials',
    partials: [(o, tangent, { inputs: [, operand], params }) => bind(o, tangent, operand!, params), null],
  };
}

function transposeOfFirst(bind: Bind): TransposeRule<Selection> {
  const rule = transposeWith<Selection>((o, cotangent, [, operand], params) => {
    return [bind(o, cotangent, operand as Atom, params), null];
  });
  return { ...rule, linearIn: [true, false] };
}

const bindGather: Bind = (o, given, operand, params) => o.selectAndGatherAdd(given, operand, params);
const bindScatter: Bind = (o, given, operand, params) => o.selectAndScatterAdd(given, operand, params);

const SHARED = { domain: { low: -8, high: 8 }, tolerance: 1e-6 };

const selectAndGatherAdd = definePrimitive<Selection>({
  name: 'select_and_gather_add',
  doc: 'From each window of the second operand the place of its first extremum; of the first operand the element there.',
  type(inputs, params) {
    const operand = expectSelection('select_and_gather_add', inputs, params, (shape) => shape);
    return [{ ...operand, weak: inputs[0]!.weak, shape: windowsShape(operand.shape, params) }];
  },
  reference: ([tangents, operand], params) => [gather(tangents!, operand!, params)],
  lowering: { kind: 'composite', write: (o, [tangents, operand], params) => [composeGather(o, tangents!, operand!, params)] },
  jvp: linearInFirst(bindGather),
  transpose: transposeOfFirst(bindScatter),
  batch: inFront(bindGather),
  samples: samplesOf((operand) => operand),
  ...SHARED,
});

const selectAndScatterAdd = definePrimitive<Selection>({
  name: 'select_and_scatter_add',
  doc: 'Adds each element of the first operand to the place of the first extremum of its window of the second.',
  type(inputs, params) {
    const operand = expectSelection('select_and_scatter_add', inputs, params, (shape) => windowsShape(shape, params));
    return [{ ...operand, weak: inputs[0]!.weak }];
  },
  reference: ([source, operand], params) => [scatter(source!, operand!, params)],
  lowering: { kind: 'composite', write: (o, [source, operand], params) => [composeScatter(o, source!, operand!, params)] },
  jvp: linearInFirst(bindScatter),
  transpose: transposeOfFirst(bindGather),
  batch: inFront(bindScatter),
  samples: samplesOf((operand, params) => windowsShape(operand, params)),
  ...SHARED,
});

export const SELECTIONS: readonly Primitive[] = [selectAndGatherAdd, selectAndScatterAdd];
