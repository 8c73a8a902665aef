import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { range } from '../../compiler/primitives/batching.ts';
import { REDUCTIONS } from '../../compiler/primitives/reduce.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { expectSame } from '../support/arrays.ts';
import { testLaws } from '../support/laws.ts';
import { property } from '../support/property.ts';
import { shapes, someAxes } from '../support/shapes.ts';

function named(name: string): Primitive {
  return REDUCTIONS.find((primitive) => primitive.name === name)!;
}

for (const primitive of REDUCTIONS) {
  const isArg = primitive.name.startsWith('arg');
  const dtype = primitive.samples[0]!.inputs[0]!.dtype;
  const calls = shapes.chain((shape) => someAxes(shape).map((axes) => ({ inputs: [aval(dtype, shape)], params: { axes } })));
  if (isArg) testLaws(primitive);
  else testLaws(primitive, calls);
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('rows, as JAX reduces them', () => {
  const rows = {
    plain: [1, 2, 3, 4],
    nan: [1, nan, 3, 2],
    inf: [1, inf, 3, -inf],
    allNegInf: [-inf, -inf, -inf, -inf],
    oneInf: [0, 0, inf, 1],
    ties: [3, 1, 3, 1],
    withZero: [2, 0, 3, 4],
  };
  const expected: Record<string, Record<keyof typeof rows, number>> = {
    reduce_sum: { plain: 10, nan, inf: nan, allNegInf: -inf, oneInf: inf, ties: 8, withZero: 9 },
    reduce_prod: { plain: 24, nan, inf: -inf, allNegInf: inf, oneInf: nan, ties: 9, withZero: 0 },
    reduce_max: { plain: 4, nan, inf, allNegInf: -inf, oneInf: inf, ties: 3, withZero: 4 },
    reduce_min: { plain: 1, nan, inf: -inf, allNegInf: -inf, oneInf: 0, ties: 1, withZero: 0 },
    argmax: { plain: 3, nan: 1, inf: 1, allNegInf: 0, oneInf: 2, ties: 0, withZero: 3 },
    argmin: { plain: 0, nan: 1, inf: 3, allNegInf: 0, oneInf: 0, ties: 1, withZero: 1 },
  };
  test.each(Object.keys(expected))('%s', (name) => {
    for (const [row, values] of Object.entries(rows)) {
      const [result] = named(name).reference([fromNumbers('float32', [4], values)], { axes: [0] }, evaluate);
      expect([row, result!.data[0]]).toEqual([row, expected[name]![row as keyof typeof rows]]);
    }
  });
});

describe('integers', () => {
  const reduce = (name: string, dtype: 'int32' | 'uint32', values: readonly number[]): number =>
    named(name).reference([fromNumbers(dtype, [values.length], values)], { axes: [0] }, evaluate)[0]!.data[0]!;

  test('wrap', () => {
    expect(reduce('reduce_sum', 'int32', [2147483647, 1])).toBe(-2147483648);
    expect(reduce('reduce_sum', 'uint32', [4294967295, 2])).toBe(1);
    expect(reduce('reduce_prod', 'int32', [65536, 65536, 3])).toBe(0);
    expect(reduce('reduce_prod', 'uint32', [4294967295, 4294967295])).toBe(1);
  });

  test('have the identity of the reduction over nothing', () => {
    expect(reduce('reduce_max', 'int32', [])).toBe(-2147483648);
    expect(reduce('reduce_min', 'uint32', [])).toBe(4294967295);
    expect(reduce('reduce_and', 'uint32', [])).toBe(4294967295);
    expect(reduce('reduce_and', 'int32', [])).toBe(-1);
    expect(reduce('reduce_or', 'int32', [])).toBe(0);
  });

  test('and, or work on bits', () => {
    expect(reduce('reduce_and', 'int32', [-2, 7, 14])).toBe(6);
    expect(reduce('reduce_or', 'uint32', [2147483648, 1])).toBe(2147483649);
  });
});

test('float16 is rounded once, at the end', () => {
  const [sum] = named('reduce_sum').reference([fromNumbers('float16', [3], [2048, 1, 1])], { axes: [0] }, evaluate);
  expectSame(sum!, fromNumbers('float16', [], [2050]));
});

property('the sum over some axes is a sum of sums', [shapes], (shape) => {
  const values = fromNumbers('int32', shape, range(sizeOf(shape)).map((i) => i * 7 - 20));
  const sum = (axes: readonly number[]) => (x: typeof values) => named('reduce_sum').reference([x], { axes }, evaluate)[0]!;
  const all = shape.map((_, axis) => axis);
  expectSame(all.reduce((x) => sum([0])(x), values), sum(all)(values));
});

describe('errors', () => {
  test('an axis outside the rank', () => {
    expect(() => named('reduce_sum').type([aval('float32', [2, 3])], { axes: [2] })).toThrow(
      '[AXIS] reduce_sum: axis 2 is outside rank 2; axes go from -2 to 1\n  fix: axes: [1]',
    );
  });

  test('axes that are not canonical', () => {
    expect(() => named('reduce_sum').type([aval('float32', [2, 3])], { axes: [1, 0] })).toThrow(
      '[AXIS] reduce_sum: axes [1,0] are not ascending and counted from the front\n  fix: [0,1]',
    );
    expect(() => named('reduce_sum').type([aval('float32', [2, 3])], { axes: [-1] })).toThrow('[AXIS]');
  });

  test('a dtype that does not add', () => {
    expect(() => named('reduce_sum').type([aval('bool', [2])], { axes: [0] })).toThrow(
      "[DTYPE] reduce_sum: takes numbers, was given bool\n  fix: x.astype('int32')",
    );
    expect(() => named('reduce_or').type([aval('float32', [2])], { axes: [0] })).toThrow(
      '[DTYPE] reduce_or: takes bool or integers, was given f32\n  fix: np.notEqual(x, 0)',
    );
  });

  test('a position in nothing', () => {
    expect(() => named('argmax').type([aval('float32', [2, 0])], { axes: [1] })).toThrow(
      '[SHAPE] argmax: axis 1 of shape [2,0] is empty, so it has no position to give\n  fix: np.argmax(x, 0)',
    );
  });

  test('several axes of an arg-reduction', () => {
    expect(() => named('argmin').type([aval('float32', [2, 3])], { axes: [0, 1] })).toThrow(
      '[AXIS] argmin: reduces one axis, was given [0,1]\n  fix: np.argmin(x.reshape([6]), 0)',
    );
  });

  test('a wrong number of operands', () => {
    expect(() => named('reduce_sum').type([], { axes: [] })).toThrow('[IR_TYPE] reduce_sum: takes 1 operand, was given 0');
  });
});
