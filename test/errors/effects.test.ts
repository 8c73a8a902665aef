/** debug and disableJit: whole messages. */
import { expect, test } from 'vitest';
import { cpu, debug, disableJit, jit, lax, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf, messageOfAsync } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

test('a check that fails', async () => {
  const f = jit((x: Tensor) => {
    debug.errorIf(np.less(x, 0), 'x is negative');
    return lax.scan((c: Tensor) => {
      debug.errorIf(np.greater(c, 3), 'c is too large');
      return [c.add(1), null];
    }, x, null, { length: 5 })[0];
  });
  expect(await messageOfAsync(() => on(() => f(np.array(-1))).data())).toMatchInlineSnapshot(`
    "[CHECK] x is negative
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}', x) // before this line, to see the values"
  `);
  expect(await messageOfAsync(() => on(() => f(np.array(2))).data())).toMatchInlineSnapshot(`
    "[CHECK] c is too large (step 2)
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}', x) // before this line, to see the values"
  `);
  const root = debug.checkNans((x: Tensor) => np.sqrt(x).add(1));
  expect(await messageOfAsync(() => on(() => root(np.array(-1))).data())).toMatchInlineSnapshot(`
    "[CHECK] sqrt gave NaN
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}', x) // before this line, to see the values"
  `);
  const failed = on(() => f(np.array(-1)));
  expect(messageOf(() => on(() => f(failed)))).toMatchInlineSnapshot(`
    "[CHECK] an input of anonymous is the result of a call that failed
      at:  test/errors/effects.test.ts:LINE"
  `);
});

test('outside of traces', () => {
  expect(messageOf(() => debug.errorIf(true, 'it is wrong'))).toMatchInlineSnapshot(`
    "[CHECK] it is wrong
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}', x) // before this line, to see the values"
  `);
  expect(messageOf(() => debug.errorIf(np.array([1, 2]), 'it is wrong'))).toMatchInlineSnapshot(`
    "[DTYPE] debug.errorIf: the predicate is f32[2], and must be bool
      at:  test/errors/effects.test.ts:LINE
      fix: debug.errorIf(np.less(x, 0), 'x is negative')"
  `);
  expect(messageOf(() => debug.errorIf(true, undefined as never))).toMatchInlineSnapshot(`
    "[VALUE] debug.errorIf: the message is undefined, and must be a string
      at:  test/errors/effects.test.ts:LINE
      fix: debug.errorIf(np.less(x, 0), 'x is negative')"
  `);
});

test('in a loop of unknown length', () => {
  const grow = (f: (x: Tensor) => void) => () =>
    on(() => lax.whileLoop((x: Tensor) => np.less(x, 9), (x: Tensor) => (f(x), x.mul(2)), np.array(1)));
  expect(messageOf(grow((x) => debug.print('{}', x)))).toMatchInlineSnapshot(`
    "[UNSUPPORTED] debug.print inside of while, whose number of steps is not known before it runs
      at:  test/errors/effects.test.ts:LINE
      fix: lax.foriLoop(0, 10, body, init), or lax.scan(body, init, xs)"
  `);
  expect(messageOf(grow((x) => debug.errorIf(np.greater(x, 5), 'large')))).toMatchInlineSnapshot(`
    "[UNSUPPORTED] a check inside of while, whose number of steps is not known before it runs
      at:  test/errors/effects.test.ts:LINE
      fix: lax.foriLoop(0, 10, body, init), or lax.scan(body, init, xs)"
  `);
  const inner = jit((x: Tensor) => debug.print('{}', x));
  expect(messageOf(grow((x) => inner(x)))).toMatchInlineSnapshot(`
    "[UNSUPPORTED] debug.print inside of while, whose number of steps is not known before it runs
      at:  test/errors/effects.test.ts:LINE
      fix: lax.foriLoop(0, 10, body, init), or lax.scan(body, init, xs)"
  `);
});

test('formats', () => {
  expect(messageOf(() => debug.print('{} {}', 1))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "{} {}" has 2 places for 1 value
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('{}', 1, 2))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "{}" has 1 place for 2 values
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('{x}', { y: 1 }))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "{x}" names x, and the values are y
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('{} {x}', { x: 1 }))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "{} {x}" has a place without a name, and the values are in an object
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('{x}', 1))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "{x}" names x, and the values are not in an object
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('}'))).toMatchInlineSnapshot(`
    "[VALUE] debug.print: the format "}" has a single }, which stands for itself when it is doubled
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })"
  `);
  expect(messageOf(() => debug.print('{} {}', 1, [2] as never))).toMatchInlineSnapshot(`
    "[PYTREE] debug.print: an object of class Array is not a tensor
      at:  test/errors/effects.test.ts:LINE
      fix: debug.print('{}', x)"
  `);
});

test('disableJit', () => {
  expect(messageOf(() => disableJit(async () => np.ones([2])))).toMatchInlineSnapshot(`
    "[PROMISE] disableJit() was given a function that returns a Promise, and programs run step by step only until it returns
      at:  test/errors/effects.test.ts:LINE
      fix: const y = disableJit(() => f(x)); await y.data()"
  `);
  const grown = (): unknown => lax.scan((c: Tensor) => [np.concatenate([c, c]), null], np.ones([1]), null, { length: 2 });
  expect(messageOf(() => disableJit(grown))).toMatchInlineSnapshot(`
    "[CARRY] scan(anonymous): the carry that the body returns must have the type of the carry that it takes:
      carry: f32[1] -> f32[2]
      at:  test/errors/effects.test.ts:LINE
      fix: return [{ ...carry, x }, y]"
  `);
});
