/** slice: a block of an array, with steps. */
import { HeddleError } from '../../errors.ts';
import { aval } from '../../ir/jaxpr.ts';
import { offsets, pick } from '../../reference/arrays.ts';
import { add, constant, scale } from '../../scalar/indices.ts';
import type { Shape } from '../../shape.ts';
import { showShape, stridesOf } from '../../shape.ts';
import { batchSole, batched, insertAt } from '../batching.ts';
import { expectPerAxis, soleOperand } from '../checks.ts';
import { transposeFirst } from '../linear.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';

type Slice = {
  readonly startIndices: readonly number[];
  readonly limitIndices: readonly number[];
  readonly strides: readonly number[];
};

function slicedShape({ startIndices, limitIndices, strides }: Slice): number[] {
  return startIndices.map((start, axis) => Math.ceil((limitIndices[axis]! - start) / strides[axis]!));
}

function expectBlock(shape: Shape, { startIndices, limitIndices, strides }: Slice): void {
  expectPerAxis('slice', 'startIndices', startIndices, shape);
  expectPerAxis('slice', 'limitIndices', limitIndices, shape);
  expectPerAxis('slice', 'strides', strides, shape);
  shape.forEach((extent, axis) => {
    const [start, limit, stride] = [startIndices[axis]!, limitIndices[axis]!, strides[axis]!];
    const whole = [start, limit, stride].every(Number.isInteger);
    if (whole && 0 <= start && start <= limit && limit <= extent && stride >= 1) return;
    throw new HeddleError(
      'SHAPE',
      `slice: axis ${axis} of shape ${showShape(shape)} has no slice from ${start} to ${limit} in steps of ${stride}`,
      { fix: `0 <= start <= limit <= ${extent} and a step from 1` },
    );
  });
}

export const slice: Primitive = definePrimitive<Slice>({
  name: 'slice',
  doc: 'The elements from startIndices to before limitIndices, in steps of strides.',
  type(inputs, params) {
    const operand = soleOperand('slice', inputs);
    expectBlock(operand.shape, params);
    return [{ ...operand, shape: slicedShape(params) }];
  },
  reference([x], params) {
    const shape = slicedShape(params);
    const from = stridesOf(x!.shape);
    const start = params.startIndices.reduce((sum, index, axis) => sum + index * from[axis]!, 0);
    return [pick(x!, shape, offsets(shape, from.map((stride, axis) => stride * params.strides[axis]!), start))];
  },
  lowering: {
    kind: 'element',
    view: true,
    at: ([x], { startIndices, strides }) => [
      (indices) => x!.at(indices.map((index, axis) => add(scale(index, strides[axis]!), constant(startIndices[axis]!)))),
    ],
  },
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, { dtype, shape }, { startIndices, strides }) => {
    const paddingConfig = shape.map((extent, axis): [number, number, number] => {
      const taken = cotangent.aval.shape[axis]!;
      const spanned = taken === 0 ? 0 : (taken - 1) * strides[axis]! + 1;
      return [startIndices[axis]!, extent - startIndices[axis]! - spanned, strides[axis]! - 1];
    });
    return o.pad(cotangent, o.literal(0, dtype), { paddingConfig });
  }),
  batch: batchSole((o, x, mapped, { startIndices, limitIndices, strides }) => {
    const output = o.slice(x, {
      startIndices: insertAt(startIndices, mapped, 0),
      limitIndices: insertAt(limitIndices, mapped, x.aval.shape[mapped]!),
      strides: insertAt(strides, mapped, 1),
    });
    return batched(output, mapped);
  }),
  samples: [
    { inputs: [aval('float32', [7])], params: { startIndices: [1], limitIndices: [6], strides: [2] } },
    { inputs: [aval('int32', [4, 5])], params: { startIndices: [0, 2], limitIndices: [3, 5], strides: [1, 1] } },
    { inputs: [aval('bool', [2, 9])], params: { startIndices: [1, 0], limitIndices: [2, 9], strides: [1, 4] } },
    { inputs: [aval('uint32', [3])], params: { startIndices: [2], limitIndices: [2], strides: [1] } },
  ],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});
