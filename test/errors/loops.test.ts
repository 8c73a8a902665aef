/** Loops that go wrong: the whole message each time. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Rngs, grad, jit, lax, makeJaxpr, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

const a = (): Tensor => np.ones([2, 3]);
const unchecked = (value: unknown): never => value as never;

/** The message that the traced function raises. */
const tracing = (f: (x: Tensor) => unknown): string => messageOf(() => makeJaxpr(f)(a()));

class Counter extends Module {
  readonly calls: BatchStat = new BatchStat(0);
}

describe('the carry', () => {
  test('of another type', () => {
    const step = ({ h }: { h: Tensor; n: Tensor }) => ({ h: h.sum(), n: h.sum().astype('int32') });
    expect(tracing((x) => lax.whileLoop(({ n }) => np.less(n, 3), step, { h: x, n: x.sum() }))).toMatchInlineSnapshot(`
      "[CARRY] whileLoop(step): the carry that the body returns must have the type of the carry that it takes:
        carry.h: f32[2,3] -> f32[]
        carry.n: f32[] -> i32[]
        at:  test/errors/loops.test.ts:LINE
        fix: init.h = np.zeros([], { dtype: 'float32' })"
    `);
    expect(tracing((x) => lax.foriLoop(0, 3, (_, h) => h.astype('int32'), x))).toMatchInlineSnapshot(`
      "[CARRY] foriLoop(anonymous): the carry that the body returns must have the type of the carry that it takes:
        carry: f32[2,3] -> i32[2,3]
        at:  test/errors/loops.test.ts:LINE
        fix: init.astype('int32')"
    `);
  });

  test('of another structure', () => {
    expect(tracing((x) => lax.whileLoop(() => true, unchecked((carry: object) => ({ ...carry, extra: x })), { h: x }))).toMatchInlineSnapshot(`
      "[CARRY] whileLoop(anonymous): the carry that the body returns must have the type of the carry that it takes:
        carry.extra: added
        at:  test/errors/loops.test.ts:LINE
        fix: return { ...carry, x }"
    `);
    expect(tracing((x) => lax.scan(unchecked((carry: Tensor) => carry), x, x))).toMatchInlineSnapshot(`
      "[CARRY] scan(anonymous): the body must return [carry, y]
        at:  test/errors/loops.test.ts:LINE
        fix: return [carry, null]"
    `);
  });

  test('that holds one Variable twice', () => {
    const { calls } = new Counter();
    expect(messageOf(() => lax.foriLoop(0, 2, (_, carry) => carry, { calls, again: calls }))).toMatchInlineSnapshot(`
      "[ALIASING] foriLoop(anonymous): one BatchStat is reached at carry.again and at carry.calls
        at:  test/errors/loops.test.ts:LINE
        fix: pass it once, or nnx.clone(model) for one place"
    `);
  });
});

describe('the condition', () => {
  const gives = (cond: (x: Tensor) => unknown): string => tracing((x) => lax.whileLoop(unchecked(cond), (y: Tensor) => y.mul(2), x));

  test('that is no bool scalar', () => {
    expect(gives((x) => np.less(x, 10))).toMatchInlineSnapshot(`
      "[SHAPE] the condition of whileLoop(anonymous) gives bool[2,3], and must give a bool scalar
        at:  test/errors/loops.test.ts:LINE
        fix: lax.whileLoop((x) => np.any(np.less(x, 10)), body, init)"
    `);
    expect(gives((x) => x.sum())).toMatchInlineSnapshot(`
      "[DTYPE] the condition of whileLoop(anonymous) gives f32[], and must give a bool scalar
        at:  test/errors/loops.test.ts:LINE
        fix: lax.whileLoop((n) => np.greater(n, 0), body, init)"
    `);
    expect(gives(() => undefined)).toMatchInlineSnapshot(`
      "[VALUE] the condition of whileLoop(anonymous) returned undefined, and must return a bool scalar
        at:  test/errors/loops.test.ts:LINE
        fix: lax.whileLoop((x) => np.less(x, 10), (x) => x.mul(2), 1)"
    `);
  });

  test('that writes', () => {
    const counter = new Counter();
    const count = (): boolean => {
      counter.calls.value = 1;
      return true;
    };
    expect(messageOf(() => lax.whileLoop(count, (x: Tensor) => x, a()))).toMatchInlineSnapshot(`
      "[STATE_WRITE] the condition of whileLoop(anonymous) wrote a captured BatchStat, and conditions only read
        at:  test/errors/loops.test.ts:LINE
        fix: write it in the body"
    `);
    expect(messageOf(() => lax.whileLoop(count, (carry) => carry, { counter }))).toMatchInlineSnapshot(`
      "[STATE_WRITE] the condition of whileLoop(anonymous) wrote carry.counter.calls, and conditions only read
        at:  test/errors/loops.test.ts:LINE
        fix: write it in the body"
    `);
    expect(messageOf(() => jit((state: object, x: Tensor) => [state, lax.whileLoop(count, (y: Tensor) => y, x)])({ counter }, a()))).toMatchInlineSnapshot(`
      "[STATE_WRITE] the condition of whileLoop(anonymous) wrote args[0].counter.calls, and conditions only read
        at:  test/errors/loops.test.ts:LINE
        fix: write it in the body"
    `);
  });

  test('maxIterations', () => {
    expect(messageOf(() => lax.whileLoop(() => true, (x: Tensor) => x, a(), { maxIterations: -1 }))).toMatchInlineSnapshot(`
      "[VALUE] whileLoop(anonymous): maxIterations is the number -1, and must be a whole number from 0
        at:  test/errors/loops.test.ts:LINE
        fix: lax.whileLoop(cond, body, init, { maxIterations: 100 })"
    `);
  });
});

test('a derivative in reverse through a loop of unknown length', () => {
  const double = (x: Tensor): Tensor => lax.whileLoop((y) => np.less(y, 10), (y) => y.mul(2), x);
  expect(messageOf(() => grad(double)(np.array(1)))).toMatchInlineSnapshot(`
    "[DERIVATIVE] while: reverse-mode differentiation needs a number of iterations that is known beforehand: use lax.foriLoop with static bounds, or lax.scan
      at:  test/errors/loops.test.ts:LINE
      fix: lax.foriLoop(0, 10, (i, x) => body(x), init)"
  `);
});

test('functions that return Promises', () => {
  const load = async (x: Tensor): Promise<Tensor> => Promise.resolve(x);
  expect(messageOf(() => lax.whileLoop(() => true, unchecked(load), a()))).toMatchInlineSnapshot(`
    "[PROMISE] whileLoop(load) returned a Promise: a traced function runs once, synchronously, to record its operations
      at:  test/errors/loops.test.ts:LINE
      fix: await the data before the call, and pass it as an argument"
  `);
  expect(messageOf(() => lax.whileLoop(unchecked(load), (x: Tensor) => x, a()))).toMatchInlineSnapshot(`
    "[PROMISE] the condition of whileLoop(anonymous) returned a Promise: a traced function runs once, synchronously, to record its operations
      at:  test/errors/loops.test.ts:LINE
      fix: await the data before the call, and pass it as an argument"
  `);
  expect(messageOf(() => lax.foriLoop(0, 2, unchecked(load), a()))).toMatchInlineSnapshot(`
    "[PROMISE] foriLoop(load) returned a Promise: a traced function runs once, synchronously, to record its operations
      at:  test/errors/loops.test.ts:LINE
      fix: await the data before the call, and pass it as an argument"
  `);
  expect(messageOf(() => lax.map(load, a()))).toMatchInlineSnapshot(`
    "[PROMISE] map(load) returned a Promise: a traced function runs once, synchronously, to record its operations
      at:  test/errors/loops.test.ts:LINE
      fix: await the data before the call, and pass it as an argument"
  `);
});

test('what is no function', () => {
  expect(messageOf(() => lax.whileLoop(unchecked(true), (x: Tensor) => x, a()))).toMatchInlineSnapshot(`
    "[VALUE] lax.whileLoop: the boolean true is not a function
      at:  test/errors/loops.test.ts:LINE
      fix: lax.whileLoop((x) => np.less(x, 10), (x) => x.mul(2), 1)"
  `);
  expect(messageOf(() => lax.foriLoop(0, 2, unchecked(a()), a()))).toMatchInlineSnapshot(`
    "[VALUE] lax.foriLoop: an object of class Tensor is not a function
      at:  test/errors/loops.test.ts:LINE
      fix: lax.foriLoop(0, 10, (i, x) => x.add(i), 0)"
  `);
});

test('bounds', () => {
  const over = (lower: unknown, upper: unknown): string =>
    messageOf(() => lax.foriLoop(unchecked(lower), unchecked(upper), (_, x: Tensor) => x, a()));
  expect(over(0, 2.5)).toMatchInlineSnapshot(`
    "[DTYPE] foriLoop(anonymous): the upper bound is 2.5, and must be an integer scalar
      at:  test/errors/loops.test.ts:LINE
      fix: lax.foriLoop(0, n.astype('int32'), body, init), or a whole number"
  `);
  expect(over(0, np.ones([]))).toMatchInlineSnapshot(`
    "[DTYPE] foriLoop(anonymous): the upper bound is f32[], and must be an integer scalar
      at:  test/errors/loops.test.ts:LINE
      fix: lax.foriLoop(0, n.astype('int32'), body, init), or a whole number"
  `);
  expect(over(np.arange(2), 3)).toMatchInlineSnapshot(`
    "[SHAPE] foriLoop(anonymous): the lower bound is i32[2], and must be an integer scalar
      at:  test/errors/loops.test.ts:LINE
      fix: lax.foriLoop(0, n.astype('int32'), body, init), or a whole number"
  `);
  expect(over(np.zeros([], { dtype: 'uint32' }), np.zeros([], { dtype: 'int32' }))).toMatchInlineSnapshot(`
    "[DTYPE] foriLoop(anonymous): the bounds are u32[] and i32[], and must be of one dtype
      at:  test/errors/loops.test.ts:LINE
      fix: upper.astype('uint32')"
  `);
  expect(over('0', 3)).toMatchInlineSnapshot(`
    "[PYTREE] the string 0 is not a tensor
      at:  test/errors/loops.test.ts:LINE
      fix: Number(value)"
  `);
});

describe('map', () => {
  test('xs', () => {
    expect(messageOf(() => lax.map(([x, { y }]) => x.add(y), [a(), { y: np.ones([3]) }]))).toMatchInlineSnapshot(`
      "[SHAPE] map(anonymous): the leading axes of xs must all be 2:
        xs[0]: float32[2,3]
        xs[1].y: float32[3]
        at:  test/errors/loops.test.ts:LINE
        fix: lax.map(f, xs) with xs of one leading size"
    `);
    expect(messageOf(() => lax.map((x) => x, { x: 1 }))).toMatchInlineSnapshot(`
      "[SHAPE] map(anonymous): xs.x is the scalar int32[]; xs are sliced along their leading axis
        at:  test/errors/loops.test.ts:LINE
        fix: put it into the carry, or capture it"
    `);
    expect(messageOf(() => lax.map((x) => x, null))).toMatchInlineSnapshot(`
      "[VALUE] map(anonymous): the number of steps is not known: xs has no tensors
        at:  test/errors/loops.test.ts:LINE
        fix: lax.map(f, np.arange(10))"
    `);
  });

  test('batchSize', () => {
    expect(messageOf(() => lax.map((x) => x, a(), { batchSize: 0 }))).toMatchInlineSnapshot(`
      "[VALUE] map(anonymous): batchSize is the number 0, and must be a whole number from 1
        at:  test/errors/loops.test.ts:LINE
        fix: lax.map(f, xs, { batchSize: 32 })"
    `);
    const counter = new Counter();
    const keep = (x: Tensor): Tensor => (counter.calls.value = x.sum());
    expect(messageOf(() => lax.map(keep, a(), { batchSize: 2 }))).toMatchInlineSnapshot(`
      "[STATE_WRITE] map(keep): a value that depends on the slice was written to a captured BatchStat (f32[])
        at:  test/errors/loops.test.ts:LINE
        fix: lax.map(f, xs) without batchSize, or put it into xs"
    `);
    const rngs = new Rngs(0);
    expect(messageOf(() => lax.map(() => rngs.makeRng(), a(), { batchSize: 2 }))).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' was drawn inside map(anonymous), which does not map it: every element would get the same key
        at:  test/errors/loops.test.ts:LINE
        fix: vmap((rngs, x) => f(rngs, x))(rngs.split(n), x), or new Rngs(0, { broadcast: true })"
    `);
  });
});

test('options of scan', () => {
  const step = (carry: null, x: Tensor) => [carry, x] as const;
  const scan = (options: object): string => messageOf(() => lax.scan(step, null, a(), options));
  expect(scan({ unroll: 0 })).toMatchInlineSnapshot(`
    "[VALUE] scan(step): unroll is the number 0, and must be a whole number from 1, or true
      at:  test/errors/loops.test.ts:LINE
      fix: lax.scan(f, init, xs, { unroll: 4 })"
  `);
  expect(scan({ unroll: 1.5 })).toMatchInlineSnapshot(`
    "[VALUE] scan(step): unroll is the number 1.5, and must be a whole number from 1, or true
      at:  test/errors/loops.test.ts:LINE
      fix: lax.scan(f, init, xs, { unroll: 4 })"
  `);
  expect(scan({ checkpoint: 'dots' })).toMatchInlineSnapshot(`
    "[VALUE] checkpoint: 'dots' is no policy; there are nothingSaveable, everythingSaveable, dotsSaveable, dotsWithNoBatchDimsSaveable and saveOnlyTheseNames(...)
      at:  test/errors/loops.test.ts:LINE
      fix: lax.scan(f, init, xs, { checkpoint: true })"
  `);
  expect(scan({ length: 3 })).toMatchInlineSnapshot(`
    "[SHAPE] scan(step): the leading axes of xs must all be 3:
      xs: float32[2,3]
      at:  test/errors/loops.test.ts:LINE
      fix: lax.scan(f, init, xs) with xs of one leading size"
  `);
});

test('state that changes its type', () => {
  const counter = new Counter();
  const grow = (): void => {
    counter.calls.value = np.ones([2]);
  };
  const inLoop = (x: Tensor): Tensor => lax.foriLoop(0, 2, (_, y: Tensor) => (grow(), y), x);
  expect(messageOf(() => inLoop(a()))).toMatchInlineSnapshot(`
    "[CARRY] foriLoop(anonymous): the carry that the body returns must have the type of the carry that it takes:
      a captured BatchStat: f32[] -> f32[2]
      at:  test/errors/loops.test.ts:LINE
      fix: new BatchStat(np.zeros([2], { dtype: 'float32' }))"
  `);
  expect(messageOf(() => jit((state: object, x: Tensor) => [state, inLoop(x)])({ counter }, a()))).toMatchInlineSnapshot(`
    "[CARRY] foriLoop(anonymous): the carry that the body returns must have the type of the carry that it takes:
      args[0].counter.calls: f32[] -> f32[2]
      at:  test/errors/loops.test.ts:LINE
      fix: new BatchStat(np.zeros([2], { dtype: 'float32' }))"
  `);
  const inBranch = (): void => lax.cond(np.array(true), grow, () => undefined);
  expect(messageOf(() => jit((state: object) => [state, inBranch()])({ counter }))).toMatchInlineSnapshot(`
    "[BRANCH] cond: args[0].counter.calls is f32[] after cond(branch 0) and f32[2] after cond(grow)
      at:  test/errors/loops.test.ts:LINE
      fix: variable.value = x.reshape([2])"
  `);
});

test('state that a map inside another function cannot keep is named by the argument it belongs to', () => {
  const counter = new Counter();
  const keep = vmap((x: Tensor) => (counter.calls.value = x.sum()));
  expect(messageOf(() => jit((state: object, x: Tensor) => [state, keep(x)])({ counter }, a()))).toMatchInlineSnapshot(`
    "[STATE_WRITE] vmap(anonymous): a value that depends on the mapped axis was written to args[0].counter.calls (f32[]), which is not mapped
      at:  test/errors/loops.test.ts:LINE
      fix: map it (inAxes 0 for its argument), or write its mean over the axis outside vmap"
  `);
});
