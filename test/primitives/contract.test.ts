import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { CONTRACTIONS } from '../../compiler/primitives/contract.ts';
import type { DimensionNumbers } from '../../compiler/primitives/operations.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { expectSame } from '../support/arrays.ts';
import { testLaws } from '../support/laws.ts';

const dotGeneral = CONTRACTIONS[0]!;

/** Axes with a role each, laid out in some order on both sides. */
const extents = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 });
const places = fc.infiniteStream(fc.nat(5));
const calls = fc.tuple(extents, extents, extents, extents, places).map(([batch, contract, lhsFree, rhsFree, order]) => {
  const lhs = laidOut(batch, contract, lhsFree, order);
  const rhs = laidOut(batch, contract, rhsFree, order);
  const dimensionNumbers: DimensionNumbers = [[lhs.contract, rhs.contract], [lhs.batch, rhs.batch]];
  return { inputs: [aval('float32', lhs.shape), aval('float32', rhs.shape)], params: { dimensionNumbers } };
});

function laidOut(batch: readonly number[], contract: readonly number[], free: readonly number[], order: Iterator<number>): {
  shape: number[];
  batch: number[];
  contract: number[];
} {
  const places: string[] = [];
  const roles = { batch, contract, free };
  for (const [role, members] of Object.entries(roles)) {
    members.forEach((_, i) => places.splice(order.next().value % (places.length + 1), 0, `${role}${i}`));
  }
  const position = (role: string, members: readonly number[]): number[] => members.map((_, i) => places.indexOf(`${role}${i}`));
  const shape = places.map((place) => roles[place.slice(0, -1) as keyof typeof roles][Number(place.at(-1))]!);
  return { shape, batch: position('batch', batch), contract: position('contract', contract) };
}

testLaws(dotGeneral, calls);

const MATMUL: DimensionNumbers = [[[1], [0]], [[], []]];

describe('values', () => {
  test('a matrix product', () => {
    const [lhs, rhs] = [fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6]), fromNumbers('float32', [3, 2], [1, 0, 0, 1, 2, 3])];
    const [product] = dotGeneral.reference([lhs, rhs], { dimensionNumbers: MATMUL }, evaluate);
    expectSame(product!, fromNumbers('float32', [2, 2], [7, 11, 16, 23]));
  });

  test('integers wrap', () => {
    const x = fromNumbers('int32', [1, 2], [65537, 2147483647]);
    const y = fromNumbers('int32', [2, 1], [65537, 2]);
    const [product] = dotGeneral.reference([x, y], { dimensionNumbers: MATMUL }, evaluate);
    expectSame(product!, fromNumbers('int32', [1, 1], [(65537 * 65537 + 2147483647 * 2) % 2 ** 32]));
  });

  test('several contracting axes in another order, several batch axes', () => {
    const inputs = [aval('float32', [2, 3, 4, 5]), aval('float32', [5, 2, 3, 4])];
    const dimensionNumbers: DimensionNumbers = [[[3, 1], [0, 2]], [[0, 2], [1, 3]]];
    expect(dotGeneral.type(inputs, { dimensionNumbers })).toEqual([aval('float32', [2, 4])]);
  });
});

describe('errors', () => {
  const type = (lhs: readonly number[], rhs: readonly number[], dimensionNumbers: DimensionNumbers): (() => unknown) =>
    () => dotGeneral.type([aval('float32', lhs), aval('float32', rhs)], { dimensionNumbers });

  test('extents that differ', () => {
    expect(type([2, 3], [4, 5], MATMUL)).toThrow(
      '[SHAPE] dot_general: f32[2,3] and f32[4,5] do not fit: contracting axis 1 of the first is 3, axis 0 of the second is 4\n' +
        '  fix: np.matmul(x, np.swapaxes(y, -1, -2)) if an operand lies the other way round',
    );
    expect(type([2, 3], [3, 3], [[[1], [1]], [[0], [0]]])).toThrow('batch axis 0 of the first is 2, axis 0 of the second is 3');
  });

  test('dtypes that differ', () => {
    expect(() => dotGeneral.type([aval('float32', [2, 2]), aval('int32', [2, 2])], { dimensionNumbers: MATMUL })).toThrow(
      "[DTYPE] dot_general: operands f32[2,2] and i32[2,2] have different dtypes\n  fix: y.astype('float32')",
    );
    expect(() => dotGeneral.type([aval('bool', [2, 2]), aval('bool', [2, 2])], { dimensionNumbers: MATMUL })).toThrow(
      "[DTYPE] dot_general: takes numbers, was given bool\n  fix: x.astype('int32')",
    );
  });

  test('axes that do not pair', () => {
    expect(type([2, 3], [3, 2], [[[0, 1], [0]], [[], []]])).toThrow(
      '[AXIS] dot_general: 2 contracting axes of lhs are paired with 1 of rhs',
    );
    expect(type([2, 3], [3, 2], [[[0], [1]], [[0], [1]]])).toThrow('[AXIS] dot_general: axis 0 of lhs [2,3] is named twice');
    expect(type([2, 3], [3, 2], [[[-1], [0]], [[], []]])).toThrow(
      '[AXIS] dot_general: axis -1 of lhs [2,3] must be counted from the front',
    );
    expect(type([2, 3], [3, 2], [[[2], [0]], [[], []]])).toThrow('[AXIS] dot_general: axis 2 is outside rank 2');
  });
});
