/** float16 beside float32: casts have a transpose, so that models with both train. On the reference, which every machine has. */
import { expect, test } from 'vitest';
import { assertAllClose } from '../../src/testing/compare.ts';
import { cpu, grad, jit, np, random, valueAndGrad } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';

/** Weights in float32, products in float16, the loss in float32. */
function loss(w: Tensor, x: Tensor, y: Tensor): Tensor {
  const prediction = x.astype('float16').matmul(w.astype('float16')).astype('float32');
  return np.mean(np.square(prediction.sub(y)));
}

test('the gradient has the dtype of what is differentiated, and nearly the values of float32', async () => {
  const [w, x] = [random.normal(random.key(0), [3, 2]), random.normal(random.key(1), [8, 3])];
  const y = x.matmul(np.ones([3, 2]));
  const mixed = jit(grad(loss), { device: cpu })(w, x, y);
  expect(mixed.dtype).toBe('float32');
  const whole = jit(grad((v: Tensor) => np.mean(np.square(x.matmul(v).sub(y)))), { device: cpu })(w);
  await assertAllClose(mixed, whole, { rtol: 1e-2, atol: 1e-2 });
  const half = jit(grad((v: Tensor) => np.sum(v.mul(v)).astype('float32')), { device: cpu })(np.array([1, 2], { dtype: 'float16' }));
  expect(half.dtype).toBe('float16');
  await assertAllClose(half, np.array([2, 4], { dtype: 'float16' }));
});

test('it trains', async () => {
  const x = random.normal(random.key(1), [16, 3]);
  const y = x.matmul(np.array([[1, -1], [0.5, 2], [-0.25, 0]]));
  const step = jit((w: Tensor): [Tensor, Tensor] => {
    const [value, gradient] = valueAndGrad(loss)(w, x, y);
    return [value, w.sub(gradient.mul(0.3))];
  }, { device: cpu });
  let w = np.zeros([3, 2]);
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    const [value, next] = step(w);
    w = next;
    losses.push(await value.item());
  }
  expect(losses[0]!).toBeGreaterThan(1);
  expect(losses.at(-1)!).toBeLessThan(1e-3);
});
