import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Params } from '../../compiler/ir/jaxpr.ts';
import { MOVEMENTS } from '../../compiler/primitives/movement.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { variable } from '../../compiler/scalar/indices.ts';
import { sizeOf } from '../../compiler/shape.ts';
import type { Shape } from '../../compiler/shape.ts';
import { expectSame } from '../support/arrays.ts';
import { bufferValue } from '../support/expression-evaluator.ts';
import { testLaws } from '../support/laws.ts';
import type { Calls } from '../support/laws.ts';
import { grouped, perAxis, shapes, shapesWithAxes, someAxes } from '../support/shapes.ts';

function named(name: string): Primitive {
  return MOVEMENTS.find((primitive) => primitive.name === name)!;
}

function withParams(drawn: fc.Arbitrary<readonly number[]>, params: (shape: readonly number[]) => fc.Arbitrary<Params>): Calls {
  return drawn.chain((shape) => params(shape).map((chosen) => ({ inputs: [aval('float32', shape)], params: chosen })));
}

/** Another grouping of the same factors. */
const reshapes: Calls = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }))
  .map(([factors, cuts]) => {
    const from = grouped(factors, cuts.slice(0, 4));
    return { inputs: [aval('float32', from)], params: { newSizes: grouped(factors, cuts.slice(4)).reverse() } };
  });

const transposes = withParams(shapes, (shape) =>
  fc.shuffledSubarray(shape.map((_, axis) => axis), { minLength: shape.length }).map((permutation) => ({ permutation })),
);

const broadcasts: Calls = shapes.chain((shape) =>
  fc.tuple(someAxes(shape), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 })).map(([broadcastDimensions, ones]) => {
    const from = broadcastDimensions.map((axis, i) => (ones[i]! ? 1 : shape[axis]!));
    return { inputs: [aval('float32', from)], params: { shape, broadcastDimensions } };
  }),
);

const slices = withParams(shapes, (shape) =>
  perAxis(shape, (extent) => fc.tuple(fc.nat(extent), fc.nat(extent), fc.integer({ min: 1, max: 3 }))).map((cuts) => ({
    startIndices: cuts.map(([a, b]) => Math.min(a, b)),
    limitIndices: cuts.map(([a, b]) => Math.max(a, b)),
    strides: cuts.map(([, , stride]) => stride),
  })),
);

const amount = fc.integer({ min: -3, max: 3 });
const pads: Calls = shapes.chain((shape) =>
  perAxis(shape, (extent) =>
    fc
      .tuple(amount, amount, fc.nat(2))
      .filter(([low, high, interior]) => low + high + extent + Math.max(extent - 1, 0) * interior >= 0),
  ).map((paddingConfig) => ({ inputs: [aval('float32', shape), aval('float32', [])], params: { paddingConfig } })),
);

const concatenations: Calls = shapesWithAxes.chain((shape) =>
  fc.tuple(fc.nat(shape.length - 1), fc.array(fc.nat(3), { minLength: 1, maxLength: 3 })).map(([dimension, parts]) => ({
    inputs: parts.map((extent) => aval('int32', shape.map((other, axis) => (axis === dimension ? extent : other)))),
    params: { dimension },
  })),
);

const reversals = withParams(shapes, (shape) => someAxes(shape).map((dimensions) => ({ dimensions })));

const numbers = fc.constantFrom<DType>('int32', 'uint32', 'float32', 'float16');
const iotas: Calls = shapesWithAxes.chain((shape) =>
  fc.tuple(fc.nat(shape.length - 1), numbers).map(([dimension, dtype]) => ({ inputs: [], params: { dtype, shape, dimension } })),
);

testLaws(named('reshape'), reshapes);
testLaws(named('transpose'), transposes);
testLaws(named('broadcast_in_dim'), broadcasts);
testLaws(named('slice'), slices);
testLaws(named('pad'), pads);
testLaws(named('concatenate'), concatenations);
testLaws(named('rev'), reversals);
testLaws(named('iota'), iotas);

describe('values', () => {
  /** Of the positive integers in the shape. */
  const apply = (name: string, shape: Shape, params: Params, ...rest: number[]): { shape: Shape; data: number[] } => {
    const x = fromNumbers('int32', shape, Array.from({ length: sizeOf(shape) }, (_, i) => i + 1));
    const others = rest.map((value) => fromNumbers('int32', [], [value]));
    const [result] = named(name).reference([x, ...others], params, evaluate);
    return { shape: result!.shape, data: [...result!.data] };
  };

  test('transpose', () => {
    expect(apply('transpose', [2, 3], { permutation: [1, 0] })).toEqual({ shape: [3, 2], data: [1, 4, 2, 5, 3, 6] });
  });

  test('broadcast_in_dim', () => {
    const params = { shape: [2, 2, 3], broadcastDimensions: [0, 2] };
    expect(apply('broadcast_in_dim', [2, 1], params)).toEqual({ shape: [2, 2, 3], data: [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2] });
  });

  test('slice with steps', () => {
    expect(apply('slice', [7], { startIndices: [1], limitIndices: [6], strides: [2] })).toEqual({ shape: [3], data: [2, 4, 6] });
  });

  test('pad outside, inside, and cropping', () => {
    expect(apply('pad', [3], { paddingConfig: [[1, 2, 1]] }, 0)).toEqual({ shape: [8], data: [0, 1, 0, 2, 0, 3, 0, 0] });
    expect(apply('pad', [4], { paddingConfig: [[-1, -2, 0]] }, 0)).toEqual({ shape: [1], data: [2] });
    expect(apply('pad', [3], { paddingConfig: [[-1, 0, 2]] }, 9)).toEqual({ shape: [6], data: [9, 9, 2, 9, 9, 3] });
    expect(apply('pad', [0], { paddingConfig: [[1, 1, 5]] }, 7)).toEqual({ shape: [2], data: [7, 7] });
  });

  test('rev', () => {
    expect(apply('rev', [2, 3], { dimensions: [1] })).toEqual({ shape: [2, 3], data: [3, 2, 1, 6, 5, 4] });
  });

  test('concatenate', () => {
    const [a, b] = [fromNumbers('int32', [2, 1], [1, 2]), fromNumbers('int32', [2, 2], [3, 4, 5, 6])];
    const [joined] = named('concatenate').reference([a, b], { dimension: 1 }, evaluate);
    expectSame(joined!, fromNumbers('int32', [2, 3], [1, 3, 4, 2, 5, 6]));
  });
});

describe('views leave no arithmetic behind', () => {
  const loaded = (name: string, input: Aval, params: Params): string => {
    const primitive = named(name);
    if (primitive.lowering.kind !== 'element') throw new Error('not an element');
    const outputs = primitive.type([input], params);
    const indices = outputs[0]!.shape.map((extent, axis) => variable('ijk'[axis]!, extent));
    const expr = primitive.lowering.at([bufferValue(input, 0)], params, outputs)[0]!(indices);
    return expr.kind === 'load' ? expr.index.key : expr.kind;
  };

  test.each<[string, Aval, Params, string]>([
    ['reshape', aval('float32', [6, 4]), { newSizes: [2, 3, 4] }, '((i*12+j*4)+k)'],
    ['reshape', aval('float32', [24]), { newSizes: [1, 24] }, 'j'],
    ['transpose', aval('float32', [3, 4]), { permutation: [1, 0] }, '(i+j*4)'],
    ['broadcast_in_dim', aval('float32', [1, 4]), { shape: [3, 4], broadcastDimensions: [0, 1] }, 'j'],
    ['slice', aval('float32', [9]), { startIndices: [2], limitIndices: [8], strides: [3] }, '(i*3+2)'],
    ['rev', aval('float32', [5]), { dimensions: [0] }, '(i*-1+4)'],
  ])('%s of %o by %o', (name, input, params, key) => {
    expect(loaded(name, input, params)).toBe(key);
  });
});

describe('errors', () => {
  const x = aval('float32', [2, 3]);
  const cases: [string, Aval[], Params, string][] = [
    ['reshape', [x], { newSizes: [4] }, '[SHAPE] reshape: [2,3] has 6 elements, [4] has 4\n  fix: x.reshape([6])'],
    [
      'reshape',
      [x],
      { newSizes: [-1, 6] },
      '[SHAPE] reshape: newSizes [-1,6] must be whole numbers from 0\n  fix: newSizes: [0,6]',
    ],
    [
      'transpose',
      [x],
      { permutation: [0, 0] },
      '[AXIS] transpose: [0,0] is no permutation of the axes of [2,3]\n  fix: permutation: [1,0]',
    ],
    [
      'transpose',
      [x],
      { permutation: [0] },
      '[SHAPE] transpose: permutation has 1 entries, and an operand of shape [2,3] has rank 2',
    ],
    [
      'broadcast_in_dim',
      [x],
      { shape: [2, 4], broadcastDimensions: [0, 1] },
      '[SHAPE] broadcast_in_dim: [2,3] does not broadcast to [2,4]: axis 1 is 3 and becomes axis 1, which is 4',
    ],
    [
      'broadcast_in_dim',
      [x],
      { shape: [3, 2], broadcastDimensions: [1, 0] },
      '[AXIS] broadcast_in_dim: axes [1,0] are not ascending and counted from the front',
    ],
    [
      'slice',
      [x],
      { startIndices: [0, 2], limitIndices: [2, 4], strides: [1, 1] },
      '[SHAPE] slice: axis 1 of shape [2,3] has no slice from 2 to 4 in steps of 1\n' +
        '  fix: 0 <= start <= limit <= 3 and a step from 1',
    ],
    [
      'pad',
      [x, aval('float32', [])],
      { paddingConfig: [[0, 0, 0], [-2, -2, 0]] },
      '[SHAPE] pad: axis 1 of shape [2,3] cannot be padded by [low -2, high -2, interior 0]',
    ],
    [
      'pad',
      [x, aval('int32', [])],
      { paddingConfig: [[0, 0, 0], [0, 0, 0]] },
      '[DTYPE] pad: operands f32[2,3] and i32[] have different dtypes',
    ],
    ['pad', [x, x], { paddingConfig: [[0, 0, 0], [0, 0, 0]] }, '[SHAPE] pad: the value must be a scalar, it is f32[2,3]'],
    [
      'concatenate',
      [x, aval('float32', [3, 2])],
      { dimension: 0 },
      '[SHAPE] concatenate: shapes [2,3] and [3,2] differ beyond axis 0',
    ],
    ['concatenate', [], { dimension: 0 }, '[VALUE] concatenate: needs at least one operand\n  fix: np.concatenate([x, y])'],
    ['concatenate', [x, aval('int32', [2, 3])], { dimension: 0 }, '[DTYPE] concatenate'],
    ['rev', [x], { dimensions: [2] }, '[AXIS] rev: axis 2 is outside rank 2'],
    ['iota', [], { dtype: 'bool', shape: [3], dimension: 0 }, '[DTYPE] iota: takes a dtype of numbers, was given bool'],
    ['iota', [], { dtype: 'int32', shape: [], dimension: 0 }, '[AXIS] iota: axis 0 is outside rank 0'],
  ];
  test.each(cases)('%s of %o by %o', (name, inputs, params, message) => {
    expect(() => named(name).type(inputs, params)).toThrow(message);
  });
});
