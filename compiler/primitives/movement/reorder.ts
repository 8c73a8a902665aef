/** Movements that keep every element: reshape, transpose, rev; and broadcast_in_dim, which repeats them. */
import { HeddleError } from '../../errors.ts';
import { aval } from '../../ir/jaxpr.ts';
import { hostArray, offsets, pick } from '../../reference/arrays.ts';
import { add, constant, flatten, scale, unflatten } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import type { Shape } from '../../shape.ts';
import { sameShape, showShape, sizeOf, stridesOf } from '../../shape.ts';
import { batchSole, batched, besideMapped, moveAxis, range } from '../batching.ts';
import { expectAxes, expectExtents, expectPerAxis, soleOperand } from '../checks.ts';
import { transposeFirst } from '../linear.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';

const MOVED = { low: -8, high: 8 };

export const reshape: Primitive = definePrimitive<{ readonly newSizes: readonly number[] }>({
  name: 'reshape',
  doc: 'The same elements in row-major order, in another shape.',
  type(inputs, { newSizes }) {
    const operand = soleOperand('reshape', inputs);
    expectExtents('reshape', 'newSizes', newSizes);
    const [from, to] = [sizeOf(operand.shape), sizeOf(newSizes)];
    if (from !== to) {
      const problem = `${showShape(operand.shape)} has ${from} elements, ${showShape(newSizes)} has ${to}`;
      throw new HeddleError('SHAPE', `reshape: ${problem}`, { fix: `x.reshape([${from}])` });
    }
    return [{ ...operand, shape: newSizes }];
  },
  reference: ([x], { newSizes }) => [hostArray(x!.dtype, newSizes, x!.data)],
  lowering: {
    kind: 'element',
    view: true,
    at: ([x], _, [output]) => [(indices) => x!.at(unflatten(flatten(indices, output!.shape), x!.aval.shape))],
  },
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, { shape }) => o.reshape(cotangent, { newSizes: shape })),
  batch: batchSole((o, x, mapped, { newSizes }) => {
    const inFront = moveAxis(o, x, mapped, 0);
    return batched(o.reshape(inFront, { newSizes: [x.aval.shape[mapped]!, ...newSizes] }), 0);
  }),
  samples: [
    { inputs: [aval('float32', [2, 6])], params: { newSizes: [3, 4] } },
    { inputs: [aval('int32', [2, 3, 5])], params: { newSizes: [6, 5] } },
    { inputs: [aval('float32', [30])], params: { newSizes: [5, 1, 2, 3] } },
    { inputs: [aval('bool', [1, 1])], params: { newSizes: [] } },
    { inputs: [aval('uint32', [2, 0])], params: { newSizes: [0, 3] } },
  ],
  domain: MOVED,
  tolerance: 0,
});

function inverse(permutation: readonly number[]): number[] {
  return permutation.map((_, axis) => permutation.indexOf(axis));
}

export const transpose: Primitive = definePrimitive<{ readonly permutation: readonly number[] }>({
  name: 'transpose',
  doc: 'The axes in another order: axis i of the output is axis permutation[i] of the operand.',
  type(inputs, { permutation }) {
    const operand = soleOperand('transpose', inputs);
    expectPerAxis('transpose', 'permutation', permutation, operand.shape);
    if (!sameShape([...permutation].sort((a, b) => a - b), range(operand.shape.length))) {
      const problem = `${showShape(permutation)} is no permutation of the axes of ${showShape(operand.shape)}`;
      throw new HeddleError('AXIS', `transpose: ${problem}`, {
        fix: `permutation: ${showShape(range(operand.shape.length).reverse())}`,
      });
    }
    return [{ ...operand, shape: permutation.map((axis) => operand.shape[axis]!) }];
  },
  reference([x], { permutation }) {
    const strides = stridesOf(x!.shape);
    const shape = permutation.map((axis) => x!.shape[axis]!);
    return [pick(x!, shape, offsets(shape, permutation.map((axis) => strides[axis]!)))];
  },
  lowering: {
    kind: 'element',
    view: true,
    at: ([x], { permutation }) => [(indices) => x!.at(inverse(permutation).map((from) => indices[from]!))],
  },
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, _, { permutation }) => o.transpose(cotangent, { permutation: inverse(permutation) })),
  batch: batchSole((o, x, mapped, { permutation }) => {
    const moved = permutation.map((axis) => besideMapped(axis, mapped));
    return batched(o.transpose(x, { permutation: [mapped, ...moved] }), 0);
  }),
  samples: [
    { inputs: [aval('float32', [3, 4])], params: { permutation: [1, 0] } },
    { inputs: [aval('int32', [2, 3, 5])], params: { permutation: [2, 0, 1] } },
    { inputs: [aval('bool', [2, 3, 1, 4])], params: { permutation: [3, 1, 0, 2] } },
    { inputs: [aval('uint32', [])], params: { permutation: [] } },
  ],
  domain: MOVED,
  tolerance: 0,
});

type Broadcast = { readonly shape: readonly number[]; readonly broadcastDimensions: readonly number[] };

function expectBroadcast(from: Shape, { shape, broadcastDimensions }: Broadcast): void {
  expectExtents('broadcast_in_dim', 'shape', shape);
  expectPerAxis('broadcast_in_dim', 'broadcastDimensions', broadcastDimensions, from);
  expectAxes('broadcast_in_dim', broadcastDimensions, shape.length);
  broadcastDimensions.forEach((to, axis) => {
    if (from[axis] === 1 || from[axis] === shape[to]) return;
    throw new HeddleError(
      'SHAPE',
      `broadcast_in_dim: ${showShape(from)} does not broadcast to ${showShape(shape)}: ` +
        `axis ${axis} is ${from[axis]} and becomes axis ${to}, which is ${shape[to]}`,
      { fix: 'np.broadcastTo(x, shape) with each axis equal or 1' },
    );
  });
}

/** The axes along which elements repeat: new ones, and those that were 1. */
function repeated(from: Shape, { shape, broadcastDimensions }: Broadcast): number[] {
  return range(shape.length).filter((axis) => {
    const source = broadcastDimensions.indexOf(axis);
    return source === -1 || (from[source] === 1 && shape[axis] !== 1);
  });
}

export const broadcastInDim: Primitive = definePrimitive<Broadcast>({
  name: 'broadcast_in_dim',
  doc: 'Repeats elements along new axes and axes of extent 1: axis i of the operand becomes axis broadcastDimensions[i].',
  type(inputs, params) {
    const operand = soleOperand('broadcast_in_dim', inputs);
    expectBroadcast(operand.shape, params);
    return [{ ...operand, shape: params.shape }];
  },
  reference([x], { shape, broadcastDimensions }) {
    const from = stridesOf(x!.shape);
    const strides = shape.map(() => 0);
    broadcastDimensions.forEach((to, axis) => (strides[to] = x!.shape[axis] === 1 ? 0 : from[axis]!));
    return [pick(x!, shape, offsets(shape, strides))];
  },
  lowering: {
    kind: 'element',
    view: true,
    at: ([x], { broadcastDimensions }) => [
      (indices) => x!.at(broadcastDimensions.map((to, axis) => (x!.aval.shape[axis] === 1 ? constant(0) : indices[to]!))),
    ],
  },
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, { shape }, params) => {
    const summed = o.reduceSum(cotangent, { axes: repeated(shape, params) });
    return sameShape(summed.aval.shape, shape) ? summed : o.reshape(summed, { newSizes: shape });
  }),
  batch: batchSole((o, x, mapped, { shape, broadcastDimensions }) => {
    const inFront = moveAxis(o, x, mapped, 0);
    const output = o.broadcastInDim(inFront, {
      shape: [x.aval.shape[mapped]!, ...shape],
      broadcastDimensions: [0, ...broadcastDimensions.map((axis) => axis + 1)],
    });
    return batched(output, 0);
  }),
  samples: [
    { inputs: [aval('float32', [])], params: { shape: [2, 3], broadcastDimensions: [] } },
    { inputs: [aval('float32', [3])], params: { shape: [2, 3], broadcastDimensions: [1] } },
    { inputs: [aval('int32', [2, 1])], params: { shape: [2, 4, 3], broadcastDimensions: [0, 2] } },
    { inputs: [aval('bool', [3])], params: { shape: [3, 2], broadcastDimensions: [0] } },
    { inputs: [aval('uint32', [1])], params: { shape: [0], broadcastDimensions: [0] } },
  ],
  domain: MOVED,
  tolerance: 0,
});

export const rev: Primitive = definePrimitive<{ readonly dimensions: readonly number[] }>({
  name: 'rev',
  doc: 'The elements in reverse order along some axes.',
  type(inputs, { dimensions }) {
    const operand = soleOperand('rev', inputs);
    expectAxes('rev', dimensions, operand.shape.length);
    return [operand];
  },
  reference([x], { dimensions }) {
    const strides = stridesOf(x!.shape);
    const start = dimensions.reduce((sum, axis) => sum + (x!.shape[axis]! - 1) * strides[axis]!, 0);
    const reversed = strides.map((stride, axis) => (dimensions.includes(axis) ? -stride : stride));
    return [pick(x!, x!.shape, offsets(x!.shape, reversed, start))];
  },
  lowering: {
    kind: 'element',
    view: true,
    at: ([x], { dimensions }) => [
      (indices) => {
        const fromEnd = (index: Index, axis: number): Index => add(scale(index, -1), constant(x!.aval.shape[axis]! - 1));
        return x!.at(indices.map((index, axis) => (dimensions.includes(axis) ? fromEnd(index, axis) : index)));
      },
    ],
  },
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, _, { dimensions }) => o.rev(cotangent, { dimensions })),
  batch: batchSole((o, x, mapped, { dimensions }) =>
    batched(o.rev(x, { dimensions: dimensions.map((axis) => besideMapped(axis, mapped)) }), mapped),
  ),
  samples: [
    { inputs: [aval('float32', [5])], params: { dimensions: [0] } },
    { inputs: [aval('int32', [2, 3, 4])], params: { dimensions: [0, 2] } },
    { inputs: [aval('bool', [2, 3])], params: { dimensions: [] } },
  ],
  domain: MOVED,
  tolerance: 0,
});
