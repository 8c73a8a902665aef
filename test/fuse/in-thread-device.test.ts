/** Scans within threads, on the device: how much is dispatched, and what is computed. */
import { expect, test } from 'vitest';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { grad, inspect, jit, lax, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { laneLocal } from '../support/lane-local.ts';
import { noise } from '../support/kernels.ts';
import { expectFromDevice, onDevice } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

const [STEPS, WIDTH] = [512, 4096];

function integrate(xs: Tensor, reverse: boolean): [Tensor, Tensor] {
  const step = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
    const next = h.mul(0.9).add(x.mul(0.1));
    return [next, next];
  };
  return lax.scan(step, np.zeros([WIDTH]), xs, { reverse });
}

test.each([false, true])('a leaky integrator is one dispatch (reverse: %s)', async (reverse) => {
  const values = noise(STEPS * WIDTH);
  const xs = np.array(values).reshape([STEPS, WIDTH]);
  const f = jit((x: Tensor) => integrate(x, reverse));
  await f.compile(xs);
  await xs.data();
  wgsl.reset();
  const [last, all] = f(xs);
  expect([wgsl.counts.dispatches, wgsl.counts.submits]).toEqual([1, 1]);
  const found = await all.data();

  const lane = 77;
  const expected: number[] = [];
  for (let t = 0, h = 0; t < STEPS; t++) {
    h = h * 0.9 + values[(reverse ? STEPS - 1 - t : t) * WIDTH + lane]! * 0.1;
    expected.push(h);
  }
  const column = Array.from({ length: STEPS }, (_, t) => found[(reverse ? STEPS - 1 - t : t) * WIDTH + lane]!);
  column.forEach((value, t) => expect(value).toBeCloseTo(expected[t]!, 5));
  expect((await last.data())[lane]).toBe(column.at(-1));
});

test('its gradient is one dispatch of all steps backwards', async () => {
  const loss = (xs: Tensor): Tensor => integrate(xs, false)[1].sum();
  const xs = np.ones([STEPS, WIDTH]);
  expect(inspect(grad(loss))(xs).lowerings.map(({ chosen }) => chosen)).toEqual(['in-thread']);
  const f = jit(grad(loss));
  await f.compile(xs);
  await xs.data();
  wgsl.reset();
  const gradient = f(xs);
  expect([wgsl.counts.dispatches, wgsl.counts.submits]).toEqual([1, 1]);
  const found = await gradient.data();
  for (const t of [0, STEPS - 2, STEPS - 1]) expect(found[t * WIDTH + 5]).toBeCloseTo(1 - 0.9 ** (STEPS - t), 5);
});

test('under vmap a scan is still one dispatch', async () => {
  const sums = (xs: Tensor): Tensor => lax.scan((h: Tensor, x: Tensor) => [h.add(x), h.mul(x)] as const, np.zeros([4]), xs)[1];
  const f = jit(vmap(sums, { inAxes: 1, outAxes: 1 }));
  const xs = np.arange(60).astype('float32').reshape([5, 3, 4]);
  await f.compile(xs);
  await xs.data();
  wgsl.reset();
  const found = await f(xs).data();
  expect(wgsl.counts.dispatches).toBe(1);
  const expected: number[] = [];
  for (let i = 0; i < 60; i++) {
    let h = 0;
    for (let earlier = i % 12; earlier < i; earlier += 12) h += earlier;
    expected.push(h * i);
  }
  expect([...found]).toEqual(expected);
});

test('in a branch, and in a loop of dispatches', async () => {
  const decay = (h: Tensor): Tensor => lax.scan((c: Tensor) => [c.mul(0.5), null] as const, h, null, { length: 3 })[0];
  const choose = jit((i: Tensor, h: Tensor) => lax.cond(i.greater(0), decay, (other: Tensor) => other.neg(), h));
  const one = np.array([1, 2, 3, 4]).astype('float32');
  expect([...await choose(np.array(1), one).data()]).toEqual([0.125, 0.25, 0.375, 0.5]);
  expect([...await choose(np.array(0), one).data()]).toEqual([-1, -2, -3, -4]);

  const turned = (h: Tensor): readonly [Tensor, null] => [np.flip(decay(h)), null];
  const nested = jit((h: Tensor) => lax.scan(turned, h, null, { length: 3 })[0]);
  expect([...await nested(one.mul(512)).data()]).toEqual([4, 3, 2, 1]);
});

test('inspect says how the loops run', () => {
  const inspection = inspect((xs: Tensor) => integrate(xs, false))(np.zeros([STEPS, WIDTH]));
  expect(inspection.lowerings.map(({ primitive, chosen }) => [primitive, chosen])).toEqual([['scan', 'in-thread']]);
  expect(inspection.lowerings[0]!.source).toMatch(/^test\/fuse\/in-thread-device\.test\.ts:\d+:\d+$/);
  const reason = `each element of [${WIDTH}] depends on the carries at its own index only`;
  expect(inspection.toString()).toContain(`scan in-thread: ${reason}`);
});

property('random scans within threads', [laneLocal], async ({ jaxpr, inputs }) => {
  expectFromDevice(await onDevice(jaxpr, inputs), evaluate(jaxpr, inputs));
}, 20);
