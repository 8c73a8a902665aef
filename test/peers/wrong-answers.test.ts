/** What a peer gets wrong, case by case, with the answer that JAX gives; on the device. */
import { describe, expect, test } from 'vitest';
import { assertAllClose } from '../../src/testing/compare.ts';
import { grad, jit, jvp, nn, np, random } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const gradOfSum = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => grad((x: Tensor) => np.sum(f(x)));

describe('jit', () => {
  test('functions, Maps and numbers without JSON form are static arguments of their own', async () => {
    const apply = jit((g: (x: Tensor) => Tensor, x: Tensor) => g(x));
    expect(await apply((x) => x.add(1), np.array(2)).item()).toBe(3);
    expect(await apply((x) => x.mul(10), np.array(2)).item()).toBe(20);
    const scale = jit((x: Tensor, factor: number | null) => x.mul(factor ?? 7));
    const results = [Infinity, -Infinity, null, 2].map((factor) => scale(np.array(2), factor));
    expect(await Promise.all(results.map((result) => result.item()))).toEqual([Infinity, -Infinity, 14, 4]);
    expect(await scale(np.array(2), NaN).item()).toBeNaN();
    const size = jit((options: Map<string, number>, x: Tensor) => x.mul(options.get('k')!));
    expect(await size(new Map([['k', 2]]), np.array(3)).item()).toBe(6);
    expect(await size(new Map([['k', 5]]), np.array(3)).item()).toBe(15);
  });

  test('promotion is kept when factors of one are removed', async () => {
    const f = jit((x: Tensor) => x.mul(np.array(1)).div(2));
    await assertAllClose(f(np.array([3, 5], { dtype: 'int32' })), np.array([1.5, 2.5]));
  });

  test('x * 0 keeps NaN, and is NaN for infinities', async () => {
    const data = await jit((x: Tensor) => x.mul(0))(np.array([NaN, Infinity, 3])).data();
    expect([...data]).toEqual([NaN, NaN, 0]);
  });

  test('41 / 41 is 1', async () => {
    expect(await jit((x: Tensor, y: Tensor) => x.div(y))(np.array(41), np.array(41)).item()).toBe(1);
  });

  test('a tracer in a condition is an error, not a branch', () => {
    expect(() => jit((x: Tensor) => ((x as unknown as number) > 0 ? x : x.neg()))(np.array(1))).toThrow('[CONCRETIZATION]');
  });

  test('a captured scalar survives a second trace', async () => {
    const k = np.array(3);
    const f = jit((x: Tensor) => np.sum(x.mul(k)));
    expect(await f(np.ones([2])).item()).toBe(6);
    expect(await f(np.ones([4])).item()).toBe(12);
  });
});

describe('derivatives', () => {
  test('mod of integers beside what is differentiated', async () => {
    const [x, y] = [np.array([7, -7], { dtype: 'int32' }), np.array([4, 4], { dtype: 'int32' })];
    const f = (z: Tensor): Tensor => z.mul(np.mod(x, y));
    const [out, tangent] = jvp(f, [np.array([1, 2])], [np.array([1, 1])]);
    await assertAllClose(out, np.array([3, 2]));
    await assertAllClose(tangent, np.array([3, 1]));
    await assertAllClose(gradOfSum(f)(np.array([1, 2])), np.array([3, 1]));
  });

  test('embeddings: rows that were taken, by sum and by mean', async () => {
    const rows = np.array([0, 2, 2], { dtype: 'int32' });
    const table = np.ones([4, 2]);
    const wanted = np.array([[1, 1], [0, 0], [2, 2], [0, 0]]);
    await assertAllClose(jit(gradOfSum((e) => np.take(e, rows, { axis: 0 })))(table), wanted);
    await assertAllClose(jit(grad((e: Tensor) => np.mean(np.take(e, rows, { axis: 0 }))))(table), wanted.div(6));
  });

  test('casts on the way back', async () => {
    const f = (x: Tensor): Tensor => x.astype('int32').astype('float32').add(x.astype('float32')).mul(3);
    await assertAllClose(gradOfSum(f)(np.array([1.5, -2.5])), np.array([3, 3]));
  });

  test.each<[string, (x: Tensor) => Tensor, number, number, number]>([
    ['softplus', nn.softplus, 100, 100, 1],
    ['softplus', nn.softplus, -100, 0, 0],
    ['sigmoid', nn.sigmoid, -100, 0, 0],
    ['sigmoid', nn.sigmoid, 100, 1, 0],
    ['power(x, 2)', (x) => np.power(x, 2), 0, 0, 0],
    ['power(x, 3)', (x) => np.power(x, 3), 3, 27, 27],
    ['power(x, 6)', (x) => np.power(x, 6), 10, 1e6, 6e5],
    ['relu', nn.relu, 0, 0, 0],
    // Not 0: JAX 0.10.2 gives 1.
    ['abs', np.abs, 0, 0, 1],
    ['maximum(x, 0)', (x) => np.maximum(x, 0), 0, 0, 0.5],
  ])('%s at %d', async (_name, f, x, value, slope) => {
    await assertAllClose(f(np.array(x)), np.array(value));
    await assertAllClose(grad(f)(np.array(x)), np.array(slope));
  });

  test('logsumexp of infinities', async () => {
    const f = (x: Tensor): Tensor => nn.logsumexp(x);
    expect(await f(np.array([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(await f(np.array([Infinity, 1])).item()).toBe(Infinity);
    await assertAllClose(grad(f)(np.array([-Infinity, 0])), np.array([0, 1]));
  });

  test('products with zeros', async () => {
    const f = (x: Tensor): Tensor => np.prod(x);
    await assertAllClose(grad(f)(np.array([0, 2, 3])), np.array([6, 0, 0]));
    await assertAllClose(grad(f)(np.array([0, 0, 3])), np.array([0, 0, 0]));
    await assertAllClose(gradOfSum((x) => np.cumprod(x))(np.array([2, 0, 3])), np.array([1, 8, 0]));
  });

  test('ties of a maximum share', async () => {
    await assertAllClose(grad((x: Tensor) => np.max(x))(np.array([1, 3, 3])), np.array([0, 0.5, 0.5]));
  });

  test('small and large arguments', async () => {
    const near = async (actual: Tensor, wanted: number): Promise<void> => assertAllClose(actual, np.array(wanted), { rtol: 2e-6, atol: 0 });
    await near(np.tanh(np.array(1e-6)), 1e-6);
    await near(np.sinh(np.array(1e-6)), 1e-6);
    await near(np.arcsinh(np.array(-1000)), -7.600902459542082);
    await near(np.hypot(np.array(1e30), np.array(1e30)), 1.4142135e30);
  });
});

test('random numbers are those of JAX inside a derivative, too', async () => {
  const noise = random.uniform(random.key(7), [3]);
  await assertAllClose(gradOfSum((x) => x.mul(random.uniform(random.key(7), [3])))(np.ones([3])), noise);
});
