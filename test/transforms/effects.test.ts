/** Jaxprs with effects: what the passes make of them. */
import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { equalJaxprs } from '../../compiler/ir/hash.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { cse } from '../../compiler/optimize/cse.ts';
import { dce } from '../../compiler/optimize/dce.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { copyInputs, takeOutEffects } from '../../compiler/transforms/effects.ts';
import { checkNans } from '../../compiler/transforms/nan-checks.ts';
import { guardEffects, hasEffects, withoutEffects } from '../../compiler/primitives/control/guard.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { float32, int32, jaxprOf } from '../support/jaxprs.ts';

const PRINT = { format: '{0}', mapped: [] };
const scalar = (x: number) => fromNumbers('float32', [], [x]);
const numbers = (jaxpr: Jaxpr, ...inputs: Parameters<typeof evaluate>[1][number][]): number[][] =>
  evaluate(jaxpr, inputs).map(({ data }) => [...data]);

/** Prints its operand twice, and checks it in between. */
const noisy = jaxprOf([float32()], (o, x) => {
  o.debugPrint(o.literal(1, 'bool'), x!, PRINT);
  o.check(o.lt(x!, 0), { message: 'negative' });
  const y = o.mul(x!, 2);
  o.debugPrint(o.literal(1, 'bool'), y, PRINT);
  o.debugPrint(o.literal(1, 'bool'), y, PRINT);
  o.check(o.gt(y, 9), { message: 'large' });
  return y;
});

test('what is read becomes outputs; the flags of checks become the bits of one', () => {
  const { jaxpr, steps } = takeOutEffects(noisy);
  verifyJaxpr(jaxpr);
  expect(hasEffects(jaxpr)).toBe(false);
  expect(steps.map((step) => step.kind)).toEqual(['print', 'check', 'print', 'print', 'check']);
  expect(numbers(jaxpr, scalar(5))).toEqual([[10], [5], [0b10], [10], [10]]);
  expect(numbers(optimize(jaxpr), scalar(-1))).toEqual([[-2], [-1], [0b01], [-2], [-2]]);
});

test('the flags of many checks take an output for every 32', () => {
  const jaxpr = jaxprOf([float32()], (o, x) => {
    for (let i = 0; i < 70; i++) o.check(o.eq(x!, i), { message: `it is ${i}` });
    return x!;
  });
  const { jaxpr: taken, steps } = takeOutEffects(jaxpr);
  expect(steps.slice(30, 34)).toMatchObject([{ output: 0, bit: 30 }, { output: 0, bit: 31 }, { output: 1, bit: 0 }, { output: 1, bit: 1 }]);
  expect([0, 31, 32, 69].map((x) => numbers(taken, scalar(x)).slice(1).flat())).toEqual([
    [1, 0, 0], [2 ** 31, 0, 0], [0, 1, 0], [0, 0, 2 ** 5],
  ]);
});

test('a jaxpr without effects stays itself', () => {
  const jaxpr = jaxprOf([float32()], (o, x) => o.mul(x!, 2));
  expect(takeOutEffects(jaxpr)).toEqual({ jaxpr, steps: [] });
  expect(withoutEffects(jaxpr)).toBe(jaxpr);
});

test('scans stack them, and branches that are not taken give zeros', () => {
  const quiet = jaxprOf([float32()], (o, x) => o.neg(x!));
  const body = jaxprOf([float32(), int32()], (o, c, i) => o.cond(i!, c!, { branches: [quiet, noisy] }) as never);
  const params = { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 1 };
  const jaxpr = jaxprOf([float32(), aval('int32', [3])], (o, x, is) => o.scan(x!, is!, params));
  const { jaxpr: taken, steps } = takeOutEffects(jaxpr);
  verifyJaxpr(taken);
  expect(steps).toMatchObject([{ kind: 'loop', length: 3, body: [{ kind: 'branch', cases: [[], { length: 5 }] }] }]);
  const [last, index, printed, flags] = numbers(taken, scalar(3), fromNumbers('int32', [3], [1, 0, 1]));
  expect([last, index, printed, flags]).toEqual([[-12], [1, 0, 1], [3, 0, -6], [0, 0, 0b01]]);
});

describe('the optimizer', () => {
  test('keeps them, also equal ones, and what contains them', () => {
    for (const pass of [dce, cse]) expect(pass(noisy).equations.map(({ primitive }) => primitive.name)).toEqual(
      noisy.equations.map(({ primitive }) => primitive.name),
    );
    const call = jaxprOf([float32()], (o, x) => {
      o.jit(x!, { name: 'noisy', jaxpr: noisy });
      return x!;
    });
    expect(dce(call).equations).toHaveLength(1);
  });

  test('does not merge an output that is an input with it when the call may fail', () => {
    const copied = copyInputs(jaxprOf([float32()], (_, x) => [x!, x!]));
    expect(copied.outputs.some((output) => copied.inputs.includes(output as never))).toBe(false);
    expect(numbers(copied, scalar(3))).toEqual([[3], [3]]);
  });
});

test('they print, and parse again', () => {
  expect(equalJaxprs(parseJaxpr(printJaxpr(noisy)), noisy)).toBe(true);
});

test('guarded, they follow a flag; stripped, there are none', () => {
  const { jaxpr, steps } = takeOutEffects(guardEffects(noisy));
  expect(steps.map((step) => step.kind)).toEqual(['print', 'check', 'print', 'print', 'check']);
  const flag = (value: number) => fromNumbers('bool', [], [value]);
  const [, when, , flags] = numbers(jaxpr, flag(0), scalar(-1));
  expect([when, flags]).toEqual([[0], [0]]);
  expect(numbers(jaxpr, flag(1), scalar(-1))[3]).toEqual([0b01]);
  expect(numbers(withoutEffects(noisy), scalar(5))).toEqual([[10]]);
});

test('derivatives keep them in the part that is known', () => {
  const { jaxpr } = DERIVATIVE_PASSES.jvp(noisy, [true]);
  const { known, unknown } = DERIVATIVE_PASSES.split(jaxpr, [false, true], [false, true]);
  const count = (of: Jaxpr): number => of.equations.filter(({ primitive }) => primitive.effect).length;
  expect([count(known), count(unknown)]).toEqual([5, 0]);
});

test('the reference throws the message of a check', () => {
  expect(() => evaluate(noisy, [scalar(-1)])).toThrow('[CHECK] negative');
  expect(() => evaluate(checkNans(jaxprOf([float32()], (o, x) => o.log(x!))), [scalar(-1)])).toThrow('[CHECK] log gave NaN');
});

test('checks of NaN leave out what only moves elements', () => {
  const jaxpr = jaxprOf([float32(2, 3)], (o, x) => o.exp(o.reshape(x!, { newSizes: [6] })));
  const checked = checkNans(jaxpr);
  expect(checked.equations.filter(({ primitive }) => primitive.name === 'check').map(({ params }) => params)).toEqual([
    { message: 'exp gave NaN' },
  ]);
});
