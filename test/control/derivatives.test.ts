/** Derivatives of loops in every form: forward through all, in reverse through those whose number of steps is known. */
import { expect, test } from 'vitest';
import { BatchStat, cpu, grad, jvp, lax, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';

const onCpu = <T>(f: () => T): T => withDevice(cpu, f);
const int = (value: number): Tensor => np.array(value, { dtype: 'int32' });

/** x times 1, 2, ..., n: the derivative is n!. */
const factorial = (n: number) => (x: Tensor): Tensor => lax.foriLoop(1, n + 1, (i, y) => y.mul(i), x);

test('grad of foriLoop over numbers', async () => {
  await assertAllClose(onCpu(() => grad(factorial(5))(np.array(0.5))), 120);
  await assertAllClose(onCpu(() => grad(factorial(0))(np.array(0.5))), 1);
  await assertAllClose(onCpu(() => vmap(grad((x: Tensor) => factorial(3)(x).mul(x)))(np.array([1, 2]))), [12, 24]);
});

/** Adds 1 and takes 1.5 times until 10 is reached; the derivative is 1.5 to the number of iterations. */
const grow = (x: Tensor): Tensor => lax.whileLoop((y) => np.less(y, 10), (y) => y.add(1).mul(1.5), x);

test('jvp of whileLoop, and of foriLoop over tensors', async () => {
  const [value, tangent] = onCpu(() => jvp(grow, [np.array(1)], [np.array(2)]));
  await assertAllClose([value, tangent], [np.array(10.5), np.array(2 * 1.5 ** 3)]);
  const power = (x: Tensor): Tensor => lax.foriLoop(0, int(3), (_, y) => y.mul(x), np.array(1));
  await assertAllClose(onCpu(() => jvp(power, [np.array(2)], [np.array(1)])[1]), 12);
});

test('grad of a whileLoop that carries a tangent is an error; of one that carries none it is not', async () => {
  expect(codeOf(() => onCpu(() => grad(grow)(np.array(1))))).toBe('DERIVATIVE');
  const steps = (x: Tensor): Tensor => lax.whileLoop((n) => np.less(n, lax.floor(x)), (n) => n.add(1), np.array(0));
  await assertAllClose(onCpu(() => grad((x: Tensor) => steps(x).mul(x))(np.array(3.5))), 3);
});

/** A recurrence over rows, its state in a Variable. */
const recurrence = (options: object) => (w: Tensor): Tensor => {
  const last = new BatchStat(np.zeros([3]));
  const [carry, ys] = lax.scan(
    (h: Tensor, x: Tensor): [Tensor, Tensor] => {
      last.value = np.sin(last.value.add(h.mul(w)));
      return [np.tanh(h.mul(w).add(x)), last.value];
    },
    np.zeros([3]),
    np.arange(15).reshape([5, 3]).mul(0.1),
    options,
  );
  return carry.sum().add(ys.mul(ys).sum()).add(last.value.sum());
};

test.each([
  { unroll: 2 },
  { unroll: true },
  { checkpoint: true },
  { unroll: 3, checkpoint: 'dotsSaveable' },
  { reverse: true, unroll: 2, checkpoint: true },
])('the gradient of scan is the same with %j', async (options) => {
  const w = np.array([0.5, -1, 2]);
  const plain = recurrence('reverse' in options ? { reverse: true } : {});
  const expected = onCpu(() => grad(plain)(w));
  expect(await np.any(np.greater(np.abs(expected), 0.1)).item()).toBe(true);
  await assertAllClose(onCpu(() => grad(recurrence(options))(w)), expected);
});

test('the gradient of map in chunks is that of vmap', async () => {
  const w = np.array([0.5, -1, 2]);
  const loss = (run: (f: (x: Tensor) => Tensor, xs: Tensor) => Tensor) => (v: Tensor): Tensor =>
    run((x) => np.sin(x.mul(v)).sum(), np.arange(15).reshape([5, 3])).sum();
  const expected = onCpu(() => grad(loss((f, xs) => vmap(f)(xs)))(w));
  await assertAllClose(onCpu(() => grad(loss((f, xs) => lax.map(f, xs, { batchSize: 2 })))(w)), expected);
  await assertAllClose(onCpu(() => grad(loss((f, xs) => lax.map(f, xs)))(w)), expected);
});
