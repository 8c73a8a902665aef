/** What differentiation costs on a device: programs, submits, and what is kept. */
import { expect, test } from 'vitest';
import { grad, jacrev, jvp, np, valueAndGrad, vjp } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

interface Params {
  readonly [name: string]: Tensor;
  readonly w: Tensor;
  readonly b: Tensor;
}

function loss({ w, b }: Params, x: Tensor, y: Tensor): Tensor {
  return np.mean(np.square(np.tanh(np.matmul(x, w).add(b)).sub(y)));
}

test('valueAndGrad written inline compiles once over a hundred batches', async () => {
  let params: Params = { w: np.array([[0.1, 0.2], [0.3, -0.1]]), b: np.array([0, 0]) };
  const data = Float32Array.from({ length: 1600 }, (_, i) => Math.sin(i));
  const batches = Array.from({ length: 100 }, (_, i) => ({
    x: np.array(data.slice(16 * i, 16 * i + 8), { shape: [4, 2] }),
    y: np.array(data.slice(16 * i + 8, 16 * i + 16), { shape: [4, 2] }),
  }));
  const first = await loss(params, batches[0]!.x, batches[0]!.y).item<number>();
  const rate = np.array(0.1);
  const compiled: number[] = [];
  let value = np.array(0);
  for (const { x, y } of batches) {
    wgsl.reset();
    const [next, gradient] = valueAndGrad((p: Params) => loss(p, x, y))(params);
    expect(wgsl.counts.submits).toBe(1);
    compiled.push(wgsl.counts.compiles);
    value = next;
    params = { w: params.w.sub(gradient.w.mul(rate)), b: params.b.sub(gradient.b.mul(rate)) };
  }
  expect(compiled[0]).toBeGreaterThan(0);
  expect(compiled.slice(1).every((count) => count === 0)).toBe(true);
  const last = await value.item<number>();
  expect(last).not.toBe(first);
  expect(Number.isFinite(last)).toBe(true);
});

test('a pullback runs its own half only, and again without compiling', async () => {
  const x = np.array([0.5, 1, 2]);
  const [y, pullback] = vjp((v: Tensor) => np.exp(np.sin(v)), x);
  const first = pullback(np.ones([3]))[0];
  const ct = np.array([1, 10, 100]);
  wgsl.reset();
  const second = pullback(ct)[0];
  expect([wgsl.counts.submits, wgsl.counts.compiles]).toEqual([1, 0]);
  await assertAllClose(first, np.cos(x).mul(y));
  await assertAllClose(second, np.cos(x).mul(y).mul(ct));
});

test('each transform is one submit', async () => {
  const x = np.array([0.5, 1, 2]);
  const f = (v: Tensor): Tensor => np.sum(np.sin(v));
  for (const run of [() => grad(f)(x), () => jvp(f, [x], [x])[1], () => jacrev(np.sin as (v: Tensor) => Tensor)(x)]) {
    wgsl.reset();
    const result = run();
    expect(wgsl.counts.submits).toBe(1);
    await result.ready();
  }
});
