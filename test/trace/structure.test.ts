/** What may not change inside a trace: static fields, submodules, and which Variables a module holds. The message has the path. */
import { expect, test } from 'vitest';
import { Module, Param, State, jit, lax, makeJaxpr, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { messageOf } from '../support/messages.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

class Box extends Module {
  w: Param = new Param(1);
  options: { scale: number } = { scale: 2 };
}

class Pair extends Module {
  a: Box = new Box();
  b: Box = new Box();
}

const changes: readonly [string, (pair: Pair) => void, string][] = [
  ['a static field', ({ a }) => void Object.assign(a, { rate: 0.1 }), 'args[0].a.rate: added'],
  ['a static object, in place', ({ b }) => void b.options.scale++, 'args[0].b.options: {scale: 2} -> {scale: 3}'],
  ['a new submodule', ({ a }) => void Object.assign(a, { more: new Box() }), 'args[0].a.more: added'],
  ['another Variable', ({ a }) => void (a.w = new Param(5)), 'args[0].a.w: another Param'],
  ['submodules that change places', (pair) => void ([pair.a, pair.b] = [pair.b, pair.a]), 'args[0].a.w: another Param\n  args[0].b.w: another Param'],
  ['a stored tracer', ({ a }) => void Object.assign(a, { cache: a.w.value.add(1) }), '[PYTREE] a/cache is Tracer('],
];

test.each(changes)('%s', (_, change, line) => {
  const body = (pair: Pair): Tensor => {
    change(pair);
    return pair.a.w.value;
  };
  for (const run of [jit(body), makeJaxpr(body), vmap(body, { axisSize: 2, inAxes: null, outAxes: null })]) {
    expect(messageOf(() => run(new Pair()))).toContain(line);
  }
});

test('in branches and loops', () => {
  const grow = (box: Box): Tensor => {
    box.options = { scale: 3 };
    return box.w.value;
  };
  const keep = ({ w }: Box): Tensor => w.value;
  expect(messageOf(() => lax.cond(np.array(true), grow, keep, new Box()))).toContain(
    '[STRUCTURE] cond(grow): the structure of an argument changed while it was traced:\n  operands[0].options: {scale: 2} -> {scale: 3}',
  );
  const carried = (box: Box) => [box, grow(box)] as const;
  expect(messageOf(() => lax.scan(carried, new Box(), null, { length: 2 }))).toContain('carry.options: {scale: 2} -> {scale: 3}');
  const mapped = (carry: null, box: Box) => [carry, grow(box)] as const;
  const stacked = Object.assign(new Box(), { w: new Param(np.ones([2])) });
  expect(messageOf(() => lax.scan(mapped, null, stacked))).toContain('xs.options: {scale: 2} -> {scale: 3}');
});

test('update writes values inside a trace, and creates nothing there', async () => {
  const box = new Box();
  const write = jit((x: Tensor) => box.update(new State([['w', new Param(x)]])));
  write(np.array(7));
  await assertAllClose(box.w.value, 7);
  const create = jit((x: Tensor) => box.update(new State([['v', new Param(x)]])));
  expect(messageOf(() => create(np.array(7)))).toContain("[STRUCTURE] update: Box has no Variable 'v', and a trace may not add one");
});

test('what a function does before it throws is not looked at: its own error arrives', () => {
  const error = new RangeError('on purpose');
  const fail = jit((pair: Pair) => {
    pair.a = new Box();
    throw error;
  });
  expect(() => fail(new Pair())).toThrow(error);
});
