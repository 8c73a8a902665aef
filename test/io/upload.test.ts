/** Where elements go, counted by the device: prefetched data are there before they are used. */
import { expect, test } from 'vitest';
import { cpu, jit, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { prefetch } from '../../src/io/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

test('prefetched items are uploaded ahead, once, and without a program', async () => {
  const sum = jit((x: Tensor, y: Tensor) => np.sum(x).add(y));
  const items = (): { x: Tensor; y: Tensor; name: string }[] =>
    [0, 1, 2, 3].map((i) => ({ x: np.array([i, i]), y: np.array(i), name: `item ${i}` }));
  await sum.compile(items()[0]!.x, items()[0]!.y);
  wgsl.reset();
  const writes: number[] = [];
  const sums: number[] = [];
  for await (const { x, y, name } of prefetch(items(), wgsl.device, { size: 2 })) {
    const { writes: before, dispatches } = wgsl.counts;
    expect(name).toBe(`item ${sums.length}`);
    expect(dispatches).toBe(sums.length);
    const result = sum(x, y);
    writes.push(wgsl.counts.writes - before);
    sums.push(await result.item<number>());
  }
  expect(sums).toEqual([0, 3, 6, 9]);
  expect(writes).toEqual([0, 0, 0, 0]);
  expect(wgsl.counts.writes).toBe(8);
});

test('to() copies from the host and from another device, at once', async () => {
  const twice = jit((x: Tensor) => x.mul(2));
  const elsewhere = withDevice(cpu, () => twice(np.array([1, 2])));
  expect(elsewhere.device).toBe(cpu);
  await twice.compile(np.array([1, 2]));
  wgsl.reset();
  for (const x of [elsewhere, np.array([2, 4])]) {
    const moved = await x.to(wgsl.device);
    const { writes } = wgsl.counts;
    expect(await twice(moved).array()).toEqual([4, 8]);
    expect(wgsl.counts.writes).toBe(writes);
    expect(await (await twice(moved).to(wgsl.device)).array()).toEqual([4, 8]);
  }
  expect(wgsl.counts.writes).toBe(2);
});
