/** concatenate: arrays one after the other along an axis. */
import { HeddleError } from '../../errors.ts';
import { aval } from '../../ir/jaxpr.ts';
import type { Aval } from '../../ir/jaxpr.ts';
import { blockOffsets, filled, place } from '../../reference/arrays.ts';
import { selectExpr } from '../../scalar/expression.ts';
import type { Expr, Value } from '../../scalar/expression.ts';
import { add, constant } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import { masked, within } from '../../scalar/predicates.ts';
import type { Shape } from '../../shape.ts';
import { showShape } from '../../shape.ts';
import { allInFront, batched } from '../batching.ts';
import { expectAxes, expectSameDtype } from '../checks.ts';
import { transposeWith } from '../linear.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';

type Concatenate = { readonly dimension: number };

/** Where each operand starts along the axis. */
function startsAlong(shapes: readonly Shape[], dimension: number): number[] {
  let end = 0;
  return shapes.map((shape) => {
    const start = end;
    end += shape[dimension]!;
    return start;
  });
}

function joinedShape(shapes: readonly Shape[], dimension: number): number[] {
  const total = shapes.reduce((sum, shape) => sum + shape[dimension]!, 0);
  return shapes[0]!.map((extent, axis) => (axis === dimension ? total : extent));
}

function expectJoinable(inputs: readonly Aval[], dimension: number): void {
  const [first] = inputs;
  if (first === undefined) {
    throw new HeddleError('VALUE', 'concatenate: needs at least one operand', { fix: 'np.concatenate([x, y])' });
  }
  expectSameDtype('concatenate', inputs);
  expectAxes('concatenate', [dimension], first.shape.length);
  for (const { shape } of inputs) {
    const agree = shape.every((extent, axis) => axis === dimension || extent === first.shape[axis]);
    if (agree && shape.length === first.shape.length) continue;
    throw new HeddleError(
      'SHAPE',
      `concatenate: shapes ${inputs.map((input) => showShape(input.shape)).join(' and ')} differ beyond axis ${dimension}`,
      { fix: `np.concatenate([x, y], ${dimension}) of arrays that agree on all other axes` },
    );
  }
}

/** A chain of selects, each operand read under the mask of where it lies. */
function joinedElement(operands: readonly Value[], dimension: number, indices: readonly Index[]): Expr {
  const starts = startsAlong(operands.map(({ aval: { shape } }) => shape), dimension);
  let element: Expr | undefined;
  operands.forEach((operand, i) => {
    const extent = operand.aval.shape[dimension]!;
    if (extent === 0) return;
    const index = add(indices[dimension]!, constant(-starts[i]!));
    const here = within(index, extent);
    const value = operand.at(indices.map((other, axis) => (axis === dimension ? masked(index, here, extent) : other)));
    element = element === undefined ? value : selectExpr(here, value, element);
  });
  return element ?? operands[0]!.at(indices);
}

export const concatenate: Primitive = definePrimitive<Concatenate>({
  name: 'concatenate',
  doc: 'The operands one after the other along an axis.',
  type(inputs, { dimension }) {
    expectJoinable(inputs, dimension);
    const shape = joinedShape(inputs.map((input) => input.shape), dimension);
    return [aval(inputs[0]!.dtype, shape, inputs.every(({ weak }) => weak))];
  },
  reference(inputs, { dimension }) {
    const shapes = inputs.map(({ shape }) => shape);
    const result = filled(inputs[0]!.dtype, joinedShape(shapes, dimension), 0);
    const starts = startsAlong(shapes, dimension);
    inputs.forEach((input, i) => {
      const corner = input.shape.map((_, axis) => (axis === dimension ? starts[i]! : 0));
      place(result, input.data, blockOffsets(result.shape, corner, input.shape));
    });
    return [result];
  },
  lowering: {
    kind: 'element',
    view: false,
    at: (operands, { dimension }) => [(indices) => joinedElement(operands, dimension, indices)],
  },
  jvp: { kind: 'linear' },
  transpose: transposeWith((o, cotangent, inputs, { dimension }) => {
    const shapes = inputs.map((input) => input.aval.shape);
    const starts = startsAlong(shapes, dimension);
    return shapes.map((shape, i) =>
      o.slice(cotangent, {
        startIndices: shape.map((_, axis) => (axis === dimension ? starts[i]! : 0)),
        limitIndices: shape.map((extent, axis) => (axis === dimension ? starts[i]! + extent : extent)),
        strides: shape.map(() => 1),
      }),
    );
  }),
  batch(o, inputs, axes, { dimension }, size) {
    return batched(o.concatenate(...allInFront(o, inputs, axes, size), { dimension: dimension + 1 }), 0);
  },
  samples: [
    { inputs: [aval('float32', [2, 3]), aval('float32', [2, 1])], params: { dimension: 1 } },
    { inputs: [aval('float32', [2]), aval('float32', [0]), aval('float32', [3])], params: { dimension: 0 } },
    { inputs: [aval('int32', [1, 4]), aval('int32', [2, 4]), aval('int32', [3, 4])], params: { dimension: 0 } },
    { inputs: [aval('bool', [3])], params: { dimension: 0 } },
  ],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});
