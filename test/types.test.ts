/** Ordinary programs need no casts: what they say here is checked by the compiler, and run. */
import { expect, expectTypeOf, test } from 'vitest';
import { Rngs, evalShape, jit, lax, nnx, np, random, vmap } from '../src/index.ts';
import type { Key, ShapeDtype, State, Tensor } from '../src/index.ts';
import { assertAllClose } from '../src/testing/index.ts';
import { useWgsl } from './support/wgsl.ts';

useWgsl();

const xs = (): Tensor => np.array([1, 2, 3]);

test('keys destructure, with noUncheckedIndexedAccess', async () => {
  const [a, b, c] = random.split(random.key(0), 3);
  expectTypeOf([a, b, c]).toEqualTypeOf<Key[]>();
  const [first, second] = random.split(random.key(0));
  const both = random.split(random.key(0));
  await assertAllClose(first, both[0]);
  await assertAllClose(second, np.slice(both, 1));
  const many: number = [...'ab'].length;
  expectTypeOf(random.split(random.key(0), many)).toEqualTypeOf<Key>();
});

test('elements are read as what they are known to be', async () => {
  const total: number = (await xs().sum().item<number>()) + 1;
  const [head = 0] = await xs().array<number[]>();
  expect([total, head]).toEqual([7, 1]);
  expectTypeOf(await xs().item.call(xs().sum())).toEqualTypeOf<number | boolean>();
});

test('numbers in carries, xs and operands are tensors inside', async () => {
  const [sum, before] = lax.scan((total, x) => [total.add(x), total], 0, xs());
  expectTypeOf([sum, before]).toEqualTypeOf<Tensor[]>();
  await assertAllClose(before, [0, 1, 3]);
  const [{ steps, h }] = lax.scan(({ steps, h }, x) => [{ steps: steps.add(1), h: h.mul(x) }, null], { steps: 0, h: np.ones([]) }, xs());
  await assertAllClose(steps.add(h), 9);
  const chosen = lax.cond(np.scalar(true), (x, [y, z]) => x.add(y).mul(z), (x, [y]) => x.sub(y), 3, [xs(), 2]);
  expectTypeOf(chosen).toEqualTypeOf<Tensor>();
  await assertAllClose(chosen, [8, 10, 12]);
  const numbers = lax.cond(np.scalar(false), () => 1, () => 2);
  expectTypeOf(numbers).toEqualTypeOf<Tensor>();
});

test('tuples, modules and states go through loops with their types', () => {
  const model = new nnx.Linear(3, 3, { rngs: new Rngs(0) });
  const step = (h: Tensor, [key, layer]: readonly [Key, State]): [Tensor, State] => [h.add(random.normal(key, [3])), layer];
  const keys = random.split(random.key(0));
  const stacked = vmap((key: Key) => new nnx.Linear(3, 3, { rngs: new Rngs(key) }).split()[0])(keys);
  const [, layers] = lax.scan(step, xs(), [keys, stacked]);
  expectTypeOf(layers).toEqualTypeOf<State>();
  const [same] = lax.scan((kept, none: null) => [kept, none], model, null, { length: 2 });
  expectTypeOf(same).toEqualTypeOf<nnx.Linear>();
  expect(same).toBe(model);
});

test('transformed functions keep their signatures, and shapes their structure', () => {
  const f = (x: Tensor, { scale }: { scale: number }): { y: Tensor; tag: string; parts: [Tensor, Tensor] } => ({
    y: x.mul(scale),
    tag: 'a',
    parts: [x, x],
  });
  const jitted = jit(f);
  expectTypeOf<Parameters<typeof jitted>>().toEqualTypeOf<Parameters<typeof f>>();
  expectTypeOf(vmap(f)).toEqualTypeOf<typeof f>();
  const { y, tag, parts } = evalShape(jitted, xs(), { scale: 2 });
  expectTypeOf(y).toEqualTypeOf<ShapeDtype>();
  expectTypeOf(tag).toEqualTypeOf<string>();
  expect([`${y}`, tag, `${parts[1]}`]).toEqual(['float32[3]', 'a', 'float32[3]']);
});
