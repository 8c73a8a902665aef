import { expect, test } from 'vitest';
import { BatchStat, jit, lax, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const branches = [(x: Tensor) => x.neg(), (x: Tensor) => x.mul(10), (x: Tensor) => x.add(0.5)];
const index = (i: number): Tensor => np.array(i, { dtype: 'int32' });

test.each([[0, -3], [1, 30], [2, 3.5], [-7, -3], [9, 3.5]])('lax.switch of index %i, which is clamped', async (i, expected) => {
  const choose = (at: Tensor, x: Tensor): Tensor => lax.switch(at, branches, x);
  await assertAllClose(choose(index(i), np.array([3])), [expected]);
  await assertAllClose(jit(choose)(index(i), np.array([3])), [expected]);
});

test('one branch per element under vmap', async () => {
  const choose = (at: Tensor, x: Tensor): Tensor => lax.switch(at, branches, x);
  await assertAllClose(vmap(choose)(np.arange(3), np.ones([3])), [-1, 10, 1.5]);
});

test('a branch that writes state leaves that of the others alone', async () => {
  const [calls, other] = [new BatchStat(np.zeros([])), new BatchStat(np.full([], 7))];
  const count = (): Tensor => (calls.value = calls.value.add(1));
  const run = jit((at: Tensor) => lax.switch(at, [count, () => (other.value = other.value.mul(2))]));
  for (const i of [0, 1, 0]) run(index(i));
  await assertAllClose(calls.value, 2);
  await assertAllClose(other.value, 14);
});

test('no branch, and an index that is no integer', () => {
  expect(codeOf(() => lax.switch(index(0), []))).toBe('VALUE');
  expect(codeOf(() => lax.switch(np.ones([]), branches, np.ones([])))).toBe('DTYPE');
});
