/** The row of while: types, the reference, vmap. */
import { describe, expect, test } from 'vitest';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { expectAllSame } from '../support/arrays.ts';
import { jaxprOf } from '../support/jaxprs.ts';
import { testLaws, vmapIsLoop } from '../support/laws.ts';

const WHILE = findPrimitive('while')!;
const INT = aval('int32', []);
const int = (value: number) => fromNumbers('int32', [], [value]);

testLaws(WHILE);

/** `(n, k, i, x) => while (i < n) { i, x = i + 1, x * k }` */
const below = jaxprOf([INT, INT, INT], (o, n, i) => o.lt(i!, n!));
const power = jaxprOf([INT, INT, INT], (o, k, i, x) => [o.add(i!, 1), o.mul(x!, k!)]);
const params = { condJaxpr: below, bodyJaxpr: power, condConsts: 1, bodyConsts: 1, maxIterations: null };
const types = [INT, INT, INT, INT];

function whileOf(given: object = {}): Jaxpr {
  return jaxprOf(types, (o, ...inputs) => o.while(...inputs, { ...params, ...given }) as readonly Atom[]);
}

describe('the reference', () => {
  const run = (n: number, maxIterations: number | null = null) =>
    evaluate(whileOf({ maxIterations }), [int(n), int(3), int(0), int(1)]);

  test('runs while the condition holds', () => expectAllSame(run(4), [int(4), int(81)]));
  test('may run no iteration at all', () => expectAllSame(run(0), [int(0), int(1)]));
  test('stops after maxIterations', () => expectAllSame(run(10, 3), [int(3), int(27)]));
  test('runs no iteration where none is allowed', () => expectAllSame(run(10, 0), [int(0), int(1)]));
});

test('is printed as JAX prints it, and parses back', () => {
  const text = printJaxpr(whileOf());
  expect(text).toContain('while[');
  expect(text).toContain('body_consts=1');
  expect(text).toContain('max_iterations=None');
  const parsed = parseJaxpr(text);
  verifyJaxpr(parsed);
  expect(printJaxpr(parsed)).toBe(text);
});

describe('errors', () => {
  test('a condition that gives no bool scalar', () => {
    const condJaxpr = jaxprOf([INT, INT, INT], (o, n, i) => o.sub(n!, i!));
    expect(() => WHILE.type(types, { ...params, condJaxpr })).toThrow(
      '[DTYPE] while: its condition gives (i32[]), not one bool[]\n  fix: lax.whileLoop((x) => np.all(x.lt(1)), body, init)',
    );
  });

  test('carries that change their types, each named', () => {
    const bodyJaxpr = jaxprOf([INT, INT, INT], (o, k, i) => [
      o.reshape(i!, { newSizes: [1] }),
      o.convertElementType(k!, { newDtype: 'float32', weakType: false }),
    ]);
    expect(() => WHILE.type(types, { ...params, bodyJaxpr })).toThrow(
      '[CARRY] while: carry 0 enters as i32[] and leaves as i32[1]; carry 1 enters as i32[] and leaves as f32[]\n' +
        '  fix: return the carry with the shape and dtype it came with',
    );
  });

  test('a body that gives another number of carries', () => {
    const bodyJaxpr = jaxprOf([INT, INT, INT], (_, k) => [k!]);
    expect(() => WHILE.type(types, { ...params, bodyJaxpr })).toThrow('[IR_TYPE] while: its body gives 1 values for 2 carries');
  });

  test('operands that the jaxprs do not take', () => {
    expect(() => WHILE.type([INT, INT, INT, aval('float32', [])], params)).toThrow(
      '[IR_TYPE] while: operand 2 is f32[], its jaxpr takes i32[]',
    );
  });

  test('more consts than operands, and a bound that is none', () => {
    const problem = (given: object) => () => WHILE.type(types, { ...params, ...given });
    expect(problem({ bodyConsts: 4 })).toThrow('[IR_TYPE] while: 1 and 4 consts of 4 operands, at most null iterations');
    expect(problem({ maxIterations: -1 })).toThrow('[IR_TYPE] while: 1 and 1 consts of 4 operands, at most -1 iterations');
  });
});

describe('vmap', () => {
  const rows = (...values: number[]) => fromNumbers('int32', [values.length], values);

  test('one loop for all lanes while the condition depends on nothing mapped', () => {
    const mapped = batchJaxpr(whileOf(), 3, [null, 0, null, null]);
    expect(mapped.outAxes).toEqual([null, 0]);
    vmapIsLoop(whileOf(), [int(4), rows(1, 2, 3), int(0), int(1)], [null, 0, null, null], 3);
  });

  test('lanes stop one by one where the condition is mapped', () => {
    const inputs = [rows(0, 2, 5), int(2), int(0), int(1)];
    expect(batchJaxpr(whileOf(), 3, [0, null, null, null]).outAxes).toEqual([0, 0]);
    vmapIsLoop(whileOf(), inputs, [0, null, null, null], 3);
    vmapIsLoop(whileOf({ maxIterations: 3 }), inputs, [0, null, null, null], 3);
  });

  test('a carry becomes mapped through the body, and the condition through the carry', () => {
    const condJaxpr = jaxprOf([INT, INT, INT, INT], (o, n, a) => o.lt(a!, n!));
    const bodyJaxpr = jaxprOf([INT, INT, INT, INT], (o, k, a, b, c) => [o.add(a!, o.max(b!, 1)), o.add(b!, c!), o.add(c!, k!)]);
    const jaxpr = jaxprOf([INT, INT, INT, INT, INT], (o, ...inputs) => {
      return o.while(...inputs, { ...params, condJaxpr, bodyJaxpr }) as readonly Atom[];
    });
    expect(batchJaxpr(jaxpr, 2, [null, 0, null, null, null]).outAxes).toEqual([0, 0, 0]);
    vmapIsLoop(jaxpr, [int(9), rows(0, 3), int(0), int(1), int(0)], [null, 0, null, null, null], 2);
  });
});
