import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { CONTROL } from '../../compiler/primitives/control.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { expectAllSame, expectSame } from '../support/arrays.ts';
import { jaxprOf } from '../support/jaxprs.ts';
import { testLaws } from '../support/laws.ts';

function named(name: string): Primitive {
  return CONTROL.find((primitive) => primitive.name === name)!;
}

// What has no lowering has no reference to hold it against.
CONTROL.filter(({ lowering }) => lowering.kind !== 'none').forEach((primitive) => testLaws(primitive));

const SCALAR = aval('int32', []);
const int = (value: number) => fromNumbers('int32', [], [value]);

describe('scan', () => {
  /** `(k, c, x) => (c + x, c * k)` */
  const body = jaxprOf([SCALAR, SCALAR, SCALAR], (o, k, c, x) => [o.add(c!, x!), o.mul(c!, k!)]);
  const run = (xs: readonly number[], reverse: boolean) =>
    named('scan').reference(
      [int(10), int(1), fromNumbers('int32', [xs.length], xs)],
      { jaxpr: body, length: xs.length, reverse, numConsts: 1, numCarry: 1 },
      evaluate,
    );

  test('carries from the first slice to the last', () => {
    expectAllSame(run([1, 2, 3], false), [int(7), fromNumbers('int32', [3], [10, 20, 40])]);
  });

  test('in reverse, from the last to the first, with ys in the places of their xs', () => {
    expectAllSame(run([1, 2, 3], true), [int(7), fromNumbers('int32', [3], [60, 40, 10])]);
  });

  test('of length 0 gives its initial carries and empty ys', () => {
    expectAllSame(run([], false), [int(1), fromNumbers('int32', [0], [])]);
  });

  const params = { jaxpr: body, length: 3, reverse: false, numConsts: 1, numCarry: 1 };

  test('an xs of another length', () => {
    expect(() => named('scan').type([SCALAR, SCALAR, aval('int32', [4])], params)).toThrow(
      '[SHAPE] scan: xs 0 is i32[4], its leading axis must be the length 3',
    );
  });

  test('operands that the body does not take', () => {
    expect(() => named('scan').type([SCALAR, aval('float32', []), aval('int32', [3])], params)).toThrow(
      '[IR_TYPE] scan: operand 1 is f32[], its jaxpr takes i32[]',
    );
    expect(() => named('scan').type([SCALAR, SCALAR], params)).toThrow(
      '[IR_TYPE] scan: its jaxpr has 3 inputs, was given 2 operands',
    );
  });

  test('a carry that changes its type, each named', () => {
    const changing = jaxprOf([SCALAR, SCALAR], (o, a, b) => [
      o.convertElementType(a!, { newDtype: 'float32', weakType: false }),
      o.reshape(b!, { newSizes: [1] }),
    ]);
    expect(() => named('scan').type([SCALAR, SCALAR], { ...params, jaxpr: changing, numConsts: 0, numCarry: 2 })).toThrow(
      '[CARRY] scan: carry 0 enters as i32[] and leaves as f32[]; carry 1 enters as i32[] and leaves as i32[1]\n' +
        '  fix: return the carry with the shape and dtype it came with',
    );
  });

  test('a length that is none', () => {
    expect(() => named('scan').type([SCALAR, SCALAR, aval('int32', [3])], { ...params, length: -1 })).toThrow(
      '[IR_TYPE] scan: length -1, 1 consts and 1 carries of 3 operands',
    );
  });
});

describe('cond', () => {
  const add = (n: number) => jaxprOf([SCALAR], (o, x) => [o.add(x!, n)]);
  const branches = [add(1), add(10), add(100)];

  test.each([[-5, 8], [0, 8], [1, 17], [2, 107], [9, 107]])('clamps the index %i to its branches', (index, expected) => {
    expectSame(named('cond').reference([int(index), int(7)], { branches }, evaluate)[0]!, int(expected));
  });

  test('an output is weak only where every branch has it weak', () => {
    const weak = jaxprOf([SCALAR], (o) => [o.literal(1, 'int32', true)]);
    expect(named('cond').type([SCALAR, SCALAR], { branches: [weak, weak] })).toEqual([aval('int32', [], true)]);
    expect(named('cond').type([SCALAR, SCALAR], { branches: [weak, add(1)] })).toEqual([aval('int32', [])]);
  });

  test('branches that differ', () => {
    const other = jaxprOf([SCALAR], (o, x) => [o.convertElementType(x!, { newDtype: 'float32', weakType: false })]);
    expect(() => named('cond').type([SCALAR, SCALAR], { branches: [add(1), other] })).toThrow(
      '[BRANCH] cond: branch 0 gives (i32[]), branch 1 gives (f32[])\n  fix: return the same shapes and dtypes from every branch',
    );
  });

  test('no branches, or an index that is none', () => {
    expect(() => named('cond').type([SCALAR], { branches: [] })).toThrow('[VALUE] cond: needs at least one branch');
    expect(() => named('cond').type([aval('bool', []), SCALAR], { branches })).toThrow(
      '[DTYPE] cond: the index of the branch must be i32[], it is bool[]',
    );
  });
});
