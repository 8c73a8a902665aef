import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { range } from '../../compiler/primitives/batching.ts';
import { constantExpr, indexExpr, loadExpr } from '../../compiler/scalar/expression.ts';
import type { Index } from '../../compiler/scalar/indices.ts';
import {
  add, constant, divide, dynamic, flatten, modulo, scale, sum, unflatten, variable,
} from '../../compiler/scalar/indices.ts';
import { sizeOf, stridesOf } from '../../compiler/shape.ts';
import { evaluateIndex } from '../support/expression-evaluator.ts';
import { property } from '../support/property.ts';
import { grouped } from '../support/shapes.ts';

const [a, b, c] = [variable('a', 5), variable('b', 3), variable('c', 4)];

describe('simplification', () => {
  test.each<[string, Index, string]>([
    ['folds constants', add(constant(2), scale(constant(3), 4)), '14'],
    ['drops what is 0', add(a, scale(b, 0)), 'a'],
    ['collects equal terms', add(add(a, b), a), '(a*2+b)'],
    ['orders terms, the constant last', add(constant(1), add(c, a)), '((a+c)+1)'],
    ['distributes a constant', scale(add(a, constant(2)), 3), '(a*3+6)'],
    ['cancels', add(a, scale(a, -1)), '0'],
    ['divides a multiple and a rest below the divisor', divide(add(scale(a, 4), c), 4), 'a'],
    ['takes the rest of a multiple', modulo(add(scale(a, 4), c), 4), 'c'],
    ['divides by a divisor of the multiple', divide(add(scale(a, 4), c), 2), '(a*2+c/2)'],
    ['divides by a multiple of the multiple', divide(add(scale(a, 4), c), 8), 'a/2'],
    ['takes the rest by a multiple of the multiple', modulo(add(scale(a, 4), c), 8), '(a%2*4+c)'],
    ['joins divisions', divide(divide(a, 2), 2), 'a/4'],
    ['joins remainders', modulo(modulo(scale(a, 3), 4), 2), 'a*3%2'],
    ['divides a remainder', divide(modulo(scale(a, 7), 12), 3), 'a*7/3%4'],
    ['divides a remainder by no divisor of its modulus', divide(modulo(scale(a, 7), 5), 3), 'a*7%5/3'],
    ['knows small quotients', divide(a, 5), '0'],
    ['knows small remainders', modulo(a, 5), 'a'],
    ['puts quotient and remainder together', add(scale(divide(a, 2), 2), modulo(a, 2)), 'a'],
    ['knows a variable of one value', add(variable('z', 1), a), 'a'],
    ['moves constants out of divisions', divide(add(a, constant(7)), 3), '((a+1)/3+2)'],
  ])('%s', (_, index, key) => {
    expect(index.key).toBe(key);
  });

  test('reshapes of common factors leave no division', () => {
    const indices = [variable('i', 2), variable('j', 3), variable('k', 4)];
    expect(unflatten(flatten(indices, [2, 3, 4]), [6, 4]).map(({ key }) => key)).toEqual(['(i*3+j)', 'k']);
    const matrix = [variable('r', 6), variable('k', 4)];
    expect(unflatten(flatten(matrix, [6, 4]), [2, 3, 4]).map(({ key }) => key)).toEqual(['r/3', 'r%3', 'k']);
    expect(unflatten(flatten([variable('n', 24)], [24]), [2, 3, 4]).map(({ key }) => key)).toEqual(['n/12', 'n/4%3', 'n%4']);
  });

  test('an array without elements has an index for every axis', () => {
    expect(unflatten(constant(0), [2, 0, 3]).map(({ key }) => key)).toEqual(['0', '0', '0']);
  });

  test('a division by 0 is an error of the compiler', () => {
    expect(() => divide(a, 0)).toThrow('[INTERNAL] an index was divided by 0');
  });
});

describe('dynamic indices', () => {
  const start = loadExpr('int32', 0, constant(0));

  test('know the bounds that they are given', () => {
    expect(dynamic(start, 0, 7)).toMatchObject({ kind: 'dynamic', low: 0, high: 7 });
    expect(modulo(dynamic(start, 0, 7), 8).kind).toBe('dynamic');
  });

  test('vanish when their value is known', () => {
    expect(dynamic(constantExpr('int32', 3), 0, 7).key).toBe('3');
    expect(dynamic(start, 2, 2).key).toBe('2');
    expect(dynamic(indexExpr(add(a, constant(1)), 'int32'), 0, 7).key).toBe('(a+1)');
  });

  test('are equal when their expressions are', () => {
    expect(add(dynamic(start, 0, 7), scale(dynamic(loadExpr('int32', 0, constant(0)), 0, 7), -1)).key).toBe('0');
  });
});

/** An index expression with what plain arithmetic on whole numbers makes of it. */
interface Plain {
  readonly index: Index;
  readonly value: (variables: ReadonlyMap<string, number>) => number;
}

const leaf: fc.Arbitrary<Plain> = fc.oneof(
  fc.constantFrom(a, b, c).map((v): Plain => ({ index: v, value: (variables) => variables.get(v.name)! })),
  fc.integer({ min: 0, max: 12 }).map((n): Plain => ({ index: constant(n), value: () => n })),
);

const { plain } = fc.letrec<{ plain: Plain }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 5, depthIdentifier: 'index' },
    leaf,
    fc.tuple(tie('plain'), tie('plain')).map(
      ([x, y]): Plain => ({ index: add(x.index, y.index), value: (v) => x.value(v) + y.value(v) }),
    ),
    withNumber(tie('plain'), fc.integer({ min: -3, max: 12 }), (x, n) => ({
      index: scale(x.index, n),
      value: (v) => x.value(v) * n,
    })),
    withNumber(tie('plain'), fc.integer({ min: 1, max: 12 }), (x, n) => ({
      index: divide(x.index, n),
      value: (v) => Math.floor(x.value(v) / n),
    })),
    withNumber(tie('plain'), fc.integer({ min: 1, max: 12 }), (x, n) => ({
      index: modulo(x.index, n),
      value: (v) => x.value(v) - Math.floor(x.value(v) / n) * n,
    })),
  ),
}));

function withNumber(x: fc.Arbitrary<Plain>, n: fc.Arbitrary<number>, make: (x: Plain, n: number) => Plain): fc.Arbitrary<Plain> {
  return fc.tuple(x, n).map(([inner, number]) => make(inner, number));
}

/** Every value of the three variables. */
const ASSIGNMENTS = range(a.size * b.size * c.size).map(
  (n) => new Map([['a', n % a.size], ['b', Math.floor(n / a.size) % b.size], ['c', Math.floor(n / (a.size * b.size))]]),
);

property(
  'a simplified index is the plain value, modulo 2^32, and lies in its range',
  [plain],
  ({ index, value }) => {
    const expected = ASSIGNMENTS.map(value);
    const actual = ASSIGNMENTS.map((variables) => evaluateIndex(index, { variables, buffers: [] }));
    expect(actual).toEqual(expected.map((n) => n >>> 0));
    expect(index.low).toBeLessThanOrEqual(Math.min(...expected));
    expect(index.high).toBeGreaterThanOrEqual(Math.max(...expected));
  },
  500,
);

const factors = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });

/** A shape, and one in which some neighbouring axes are one axis. */
const fineAndCoarse = fc
  .tuple(factors, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
  .map(([fine, joins]) => ({ fine, coarse: grouped(fine, joins) }));

const orders = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });

function through(from: readonly number[], to: readonly number[]): Index[] {
  const indices = from.map((extent, axis) => variable(`i${axis}`, extent));
  return unflatten(flatten(unflatten(flatten(indices, from), to), to), from);
}

property('joining axes and splitting them again, or the reverse, leaves the indices', [fineAndCoarse], ({ fine, coarse }) => {
  for (const [from, to] of [[fine, coarse], [coarse, fine]] as const) {
    expect(through(from, to).map(({ key }) => key)).toEqual(from.map((extent, axis) => (extent === 1 ? '0' : `i${axis}`)));
  }
});

property('a reshape to any shape and back keeps the values', [fineAndCoarse, orders], ({ fine, coarse }, order) => {
  const back = through(fine, order.flatMap((axis) => coarse[axis] ?? []));
  for (const position of range(sizeOf(fine))) {
    const strides = stridesOf(fine);
    const indices = fine.map((extent, axis) => Math.floor(position / strides[axis]!) % extent);
    const variables = new Map(indices.map((value, axis) => [`i${axis}`, value]));
    expect(back.map((index) => evaluateIndex(index, { variables, buffers: [] }))).toEqual(indices);
  }
});

property('flatten and unflatten are row-major', [factors], (shape) => {
  const strides = stridesOf(shape);
  const position = variable('n', sizeOf(shape));
  const indices = unflatten(position, shape);
  for (let n = 0; n < sizeOf(shape); n++) {
    const at = indices.map((index) => evaluateIndex(index, { variables: new Map([['n', n]]), buffers: [] }));
    expect(at.reduce((total, index, axis) => total + index * strides[axis]!, 0)).toBe(n);
  }
});

test('a sum of many is one canonical index', () => {
  expect(sum([c, a, constant(1), a, b]).key).toBe(sum([a, b, constant(1), c, a]).key);
});
