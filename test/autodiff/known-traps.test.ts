/** Derivatives that other libraries were found to get wrong, with the right answers. */
import { expect, test } from 'vitest';
import { cpu, grad, jit, jvp, lax, nn, np, valueAndGrad, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const vector = (...values: number[]): Tensor => np.array(values);
const slope = (f: (x: Tensor) => Tensor, at: number): Tensor => on(() => grad(f)(at));

test('the remainder of integers beside what is differentiated', async () => {
  const [n, m] = [np.array([7, 8], { dtype: 'int32' }), np.array([4, 5], { dtype: 'int32' })];
  const f = (x: Tensor): Tensor => np.sum(x.mul(np.mod(n, m)));
  await assertAllClose(on(() => grad(f)(vector(1, 1))), vector(3, 3));
  await assertAllClose(on(() => jvp((k: Tensor) => np.mod(k, m), [n], [null])), [np.array([3, 3], { dtype: 'int32' }), null]);
});

test('the gradient of an embedding: rows read twice add up, rows not read are zero', async () => {
  const table = np.ones([4, 2]);
  const rows = np.array([1, 3, 1], { dtype: 'int32' });
  const f = (e: Tensor): Tensor => np.mean(np.take(e, rows, { axis: 0 }).mul(6));
  const expected = np.array([[0, 0], [2, 2], [0, 0], [1, 1]]);
  await assertAllClose(on(() => jit(grad(f))(table)), expected);
  await assertAllClose(on(() => grad(f)(table)), expected);
});

test('mixed precision: half weights, single inputs', async () => {
  const w = np.array([1, 2], { dtype: 'float16' });
  const f = (v: Tensor): Tensor => np.mean(v.astype('float32').mul(vector(3, 5)).astype('float16')).astype('float32');
  const [value, gradient] = on(() => valueAndGrad(f)(w));
  await assertAllClose(value, 6.5);
  await assertAllClose(gradient, np.array([1.5, 2.5], { dtype: 'float16' }));
});

test('activations far out', async () => {
  await assertAllClose(on(() => valueAndGrad(nn.softplus as (x: Tensor) => Tensor)(100)), [np.array(100), np.array(1)]);
  await assertAllClose(slope(nn.softplus, -200), 0);
  await assertAllClose(slope(nn.sigmoid, -100), 0);
  await assertAllClose(on(() => nn.logsumexp(vector(-Infinity, -Infinity))), -Infinity);
  await assertAllClose(on(() => nn.logsumexp(vector(Infinity, 1))), Infinity);
});

test('corners, ties and zeros', async () => {
  await assertAllClose(slope(nn.relu, 0), 0);
  await assertAllClose(slope(np.abs, 0), 1); // JAX 0.10 gives 1
  const larger = (x: Tensor, y: Tensor): Tensor => np.maximum(x, y);
  await assertAllClose(on(() => grad(larger, { argnums: [0, 1] })(2, 2)), [np.array(0.5), np.array(0.5)]);
  await assertAllClose(on(() => grad((x: Tensor) => np.prod(x))(vector(0, 2, 3))), vector(6, 0, 0));
  await assertAllClose(slope((x) => np.power(x, 2), 0), 0);
  await assertAllClose(slope((x) => np.power(x, 2.5), 0), 0);
});

test('a double where keeps NaN out', async () => {
  const safe = (x: Tensor): Tensor => np.where(np.greater(x, 0), np.sqrt(np.where(np.greater(x, 0), x, 1)), 0);
  await assertAllClose(slope(safe, 0), 0);
  await assertAllClose(on(() => vmap(grad(safe))(vector(-1, 0, 4))), vector(0, 0, 0.25));
});

test('products with NaN and infinity are not simplified away', async () => {
  expect(await slope((x) => x.mul(NaN).mul(0), 1).item()).toBeNaN();
  expect(await slope((x) => lax.mul(x, Infinity).mul(0), 1).item()).toBeNaN();
});

test('a tensor that is captured by two traces is still there', async () => {
  const scale = np.array(3);
  const f = jit((x: Tensor) => x.mul(scale));
  await assertAllClose(on(() => grad((x: Tensor) => np.sum(f(x)))(vector(1, 2))), vector(3, 3));
  await assertAllClose(on(() => grad((x: Tensor) => np.sum(f(x)))(np.ones([2, 2]))), np.full([2, 2], 3));
  await assertAllClose(scale, 3);
});
