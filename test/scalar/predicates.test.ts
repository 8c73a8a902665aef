import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { constantExpr, indexExpr, loadExpr } from '../../compiler/scalar/expression.ts';
import type { Expr } from '../../compiler/scalar/expression.ts';
import { add, constant, variable } from '../../compiler/scalar/indices.ts';
import { both, clampedTo, less, masked, within } from '../../compiler/scalar/predicates.ts';
import { evaluateExpr, evaluateIndex } from '../support/expression-evaluator.ts';
import { property } from '../support/property.ts';

const TRUE = constantExpr('bool', 1);
const FALSE = constantExpr('bool', 0);
const i = variable('i', 6);

describe('what ranges decide is not computed', () => {
  test.each<[string, Expr, Expr]>([
    ['an index within its range', within(i, 6), TRUE],
    ['an index beyond', within(add(i, constant(6)), 6), FALSE],
    ['an index before', within(add(i, constant(-6)), 6), FALSE],
    ['constants compared', less(constantExpr('int32', 1), constantExpr('int32', 2)), TRUE],
    ['true and', both(TRUE, FALSE), FALSE],
    ['and false', both(within(i, 3), FALSE), FALSE],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected);
  });

  test('an index that needs no mask is left alone', () => {
    expect(masked(i, within(i, 6), 6)).toBe(i);
    expect(clampedTo(indexExpr(i, 'int32'), 5)).toEqual(indexExpr(i, 'int32'));
  });
});

property(
  'within, and an index masked by it, at every value',
  [fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 9 })],
  (shift, extent) => {
    const index = add(i, constant(shift));
    const inside = within(index, extent);
    for (let value = 0; value < 6; value++) {
      const environment = { variables: new Map([['i', value]]), buffers: [] };
      const expected = value + shift >= 0 && value + shift < extent;
      expect(evaluateExpr(inside, environment) !== 0).toBe(expected);
      expect(evaluateIndex(masked(index, inside, extent), environment)).toBe(expected ? value + shift : 0);
    }
  },
);

property(
  'clampedTo is the nearest value from 0 to the bound',
  [fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 2 ** 31 - 1 })],
  (value, high) => {
    const buffers = [fromNumbers('int32', [], [value]), fromNumbers('uint32', [], [value])];
    const environment = { variables: new Map<string, number>(), buffers };
    const clamped = (dtype: 'int32' | 'uint32', buffer: number): number =>
      evaluateExpr(clampedTo(loadExpr(dtype, buffer, constant(0)), high), environment);
    expect(clamped('int32', 0)).toBe(Math.min(Math.max(value, 0), high));
    expect(clamped('uint32', 1)).toBe(Math.min(value >>> 0, high));
  },
);
