import { describe, expect, test } from 'vitest';
import { block, filled, fromNumbers, hostArray, leading, offsets, pick, place } from '../../compiler/reference/arrays.ts';
import { sizeOf, stridesOf } from '../../compiler/shape.ts';
import { expectSame } from '../support/arrays.ts';
import { property } from '../support/property.ts';
import { shapes } from '../support/shapes.ts';

property('offsets with an array\'s own strides are the positions in order', [shapes], (shape) => {
  expect([...offsets(shape, stridesOf(shape))]).toEqual(Array.from({ length: sizeOf(shape) }, (_, i) => i));
});

describe('offsets', () => {
  test('of a transposed, reversed and repeated walk', () => {
    expect([...offsets([3, 2], [1, 3])]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...offsets([3], [-1], 2)]).toEqual([2, 1, 0]);
    expect([...offsets([2, 2], [0, 1])]).toEqual([0, 1, 0, 1]);
    expect([...offsets([], [], 4)]).toEqual([4]);
    expect([...offsets([2, 0], [1, 1])]).toEqual([]);
  });
});

describe('arrays', () => {
  const matrix = fromNumbers('int32', [2, 3], [1, 2, 3, 4, 5, 6]);

  test('values are rounded to their dtype', () => {
    expect([...fromNumbers('int32', [2], [2147483648, -1.5]).data]).toEqual([-2147483648, -1]);
    expect([...fromNumbers('float16', [2], [2049, 70000]).data]).toEqual([2048, Infinity]);
    expect([...filled('bool', [2], 5).data]).toEqual([1, 1]);
  });

  test('pick, place, block and leading', () => {
    expectSame(pick(matrix, [2], Int32Array.of(5, 0)), fromNumbers('int32', [2], [6, 1]));
    const target = filled('int32', [4], 0);
    place(target, matrix.data.subarray(0, 2), Int32Array.of(3, 1));
    expectSame(target, fromNumbers('int32', [4], [0, 2, 0, 1]));
    expectSame(block(matrix, [0, 1], [2, 2]), fromNumbers('int32', [2, 2], [2, 3, 5, 6]));
    expectSame(leading(matrix, 1), fromNumbers('int32', [3], [4, 5, 6]));
  });

  test('a shape that does not fit its data is an error of the compiler', () => {
    expect(() => hostArray('int32', [4], new Int32Array(3))).toThrow('[INTERNAL] a host array of shape [4] was given 3 elements');
  });
});
