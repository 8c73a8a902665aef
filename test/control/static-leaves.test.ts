/** Leaves of a carry that are no tensors stay what they are, or it is an error; numbers become literals. */
import { expect, test } from 'vitest';
import { lax, makeJaxpr, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const run = (init: unknown, body: (carry: never) => unknown): unknown =>
  lax.scan((carry: unknown) => [body(carry as never), null] as const, init, null, { length: 2 })[0];
const ones = (): Tensor => np.ones([2]);

test('a static leaf is the same in every step', async () => {
  const grow = (x: Tensor): Tensor => x.add(1);
  const last = run({ f: grow, x: ones() }, ({ f, x }: { f: typeof grow; x: Tensor }) => ({ f, x: f(x) })) as { f: unknown; x: Tensor };
  expect(last.f).toBe(grow);
  await assertAllClose(last.x, np.full([2], 3));
});

test.each([
  ['changes', { tag: 'a', x: 1 }, () => ({ tag: 'b', x: 1 }), 'carry.tag: the string a -> the string b'],
  ['becomes a tensor', { tag: 'a', x: 1 }, () => ({ tag: np.ones([2]), x: 1 }), 'carry.tag: the string a -> float32[2]'],
  ['was a tensor', { tag: 2.5, x: 1 }, () => ({ tag: 'a', x: 1 }), 'carry.tag: the number 2.5 -> the string a'],
])('a static leaf that %s', (_, init, body, difference) => {
  expect(() => run(init, body)).toThrow(difference);
});

test('the keys of a Map in another order', () => {
  const init = new Map([['a', 1], ['b', 2]]);
  expect(() => run(init, () => new Map([['b', 1], ['a', 2]]))).toThrow('carry: keys in the order "a", "b" -> "b", "a"');
});

test('a number in a traced carry is a literal of the jaxpr, not something captured', () => {
  const sum = (xs: Tensor): unknown => lax.scan((total: Tensor, x: Tensor) => [total.add(x), null] as const, 0, xs)[0];
  const { consts, jaxpr } = makeJaxpr(sum)(ones());
  expect([consts.length, jaxpr.consts.length]).toEqual([0, 0]);
});
