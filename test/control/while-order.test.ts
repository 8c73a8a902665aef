/** A loop that the host drives takes its turn: what is called, written and read after it, without an await, comes after it. */
import { expect, test } from 'vitest';
import { BatchStat, inspect, jit, lax, np, sync } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

/** Turns x round and halves it until its largest element is at most 1: no kernel can do that alone. */
const settle = (x: Tensor): Tensor => lax.whileLoop((y) => np.greater(np.max(y), 1), (y) => np.flip(y).mul(0.5), x);
const settled = jit(settle);
const twice = jit((x: Tensor): Tensor => x.mul(2));

test('calls, writes and reads after a loop see what it computes', async () => {
  const v = new BatchStat(np.array([0, 0, 0]));
  const y = settled(np.array([40, 3, 8]));
  const z = twice(y);
  v.value = z;
  const read = v.value.array();
  v.value = settled(v.value);
  const later = v.value.array();
  expect([await read, await later]).toEqual([[1.25, 0.09375, 0.25], [0.125, 0.046875, 0.625]]);
  await assertAllClose(y, [0.625, 0.046875, 0.125]);
});

test('state written by a call with such a loop', async () => {
  const total = new BatchStat(np.array([64, 1, 2]));
  const shrink = jit((): void => {
    total.value = settle(total.value);
  });
  shrink();
  const read = total.value.array();
  total.value = total.value.add(1);
  shrink();
  expect(await read).toEqual([1, 0.015625, 0.03125]);
  await assertAllClose(total.value, [0.515625, 0.5078125, 1]);
});

test('two loops in one call, one of them in a branch', async () => {
  const call = jit((pick: Tensor, x: Tensor): Tensor => {
    const first = settle(x).mul(8);
    return lax.cond(pick, settle, (y: Tensor) => y.neg(), first);
  });
  await assertAllClose(call(np.array(true), np.array([40, 3, 8])), [0.125, 0.046875, 0.625]);
  await assertAllClose(call(np.array(false), np.array([40, 3, 8])), [-5, -0.375, -1]);
});

test('a thousand iterations need at most 12 readbacks, and no compile after the first call', async () => {
  const count = jit((x: Tensor, n: Tensor): Tensor =>
    lax.whileLoop(({ i }) => np.less(i, n), ({ i, y }) => ({ i: i.add(1), y: np.flip(y).add(1) }), { i: 0, y: x }).y);
  const [x, n] = [np.array([1, 2, 3]), np.array(1000, { dtype: 'int32' })];
  await assertAllClose(count(x, n), [1001, 1002, 1003]);
  wgsl.reset();
  const y = count(x, n);
  await sync();
  expect(wgsl.counts.readbacks).toBeLessThanOrEqual(12);
  expect(wgsl.counts.compiles).toBe(0);
  await assertAllClose(y, [1001, 1002, 1003]);
});

test('inspect says how a loop runs and why', () => {
  const { lowerings } = inspect(settle)(np.array([1, 2, 3]));
  const reason = 'an element of carry 0 is read for another element';
  expect(lowerings).toMatchObject([{ primitive: 'while', chosen: 'host-driven', reason }]);
  expect(String(inspect(settle)(np.array([1, 2, 3])))).toContain('a call, with one step of what the host drives');
});
