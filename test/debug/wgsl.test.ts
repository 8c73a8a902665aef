/** Effects on a GPU: prints, checks and what becomes of a call that fails. */
import { expect, test } from 'vitest';
import { HeddleError, Param, debug, init, jit, lax, np, sync, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { openCountingDevice } from '../../src/testing/counting.ts';
import { usePrintedLines } from '../support/lines.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();
const printed = usePrintedLines();

async function problemOf(read: Tensor): Promise<string> {
  const reason: unknown = await read.data().then(() => null, (error: unknown) => error);
  return reason instanceof HeddleError ? reason.problem : 'no error';
}

/** A scan with a cond in it; prints in both, and checks the carry. */
const walk = jit((x: Tensor, steps: Tensor) => {
  const [last, all] = lax.scan((c: Tensor, k: Tensor) => {
    debug.print('{c} + {k}', { c, k });
    debug.errorIf(np.greater(c, 10), 'c is too large');
    const leap = (y: Tensor): Tensor => (debug.print('leap from {}', y), y.add(k));
    const next = lax.cond(np.greater(k, 1), leap, (y: Tensor) => y.add(1), c);
    return [next, c];
  }, x, steps);
  return { last, all };
});
const steps = (): Tensor => np.array([1, 2, 0]);

test('prints in the order of the program, in one submit', async () => {
  await printed(() => walk(np.array(0), steps()));
  const lines = await printed(async () => {
    const [x, given] = [np.array(1), steps()];
    wgsl.reset();
    const { last, all } = walk(x, given);
    expect(wgsl.counts.compiles).toBe(0);
    await assertAllClose(last, 5);
    await assertAllClose(all, [1, 2, 4]);
  });
  expect(lines).toEqual(['1 + 1', '2 + 2', 'leap from 2', '4 + 0']);
});

test('a failed check fails every result, and what is computed from it', async () => {
  const lines = await printed(async () => {
    const { last, all } = walk(np.array(8), steps());
    const problems = [last, all, np.sum(all)].map(problemOf);
    expect(await Promise.all(problems)).toEqual([
      'c is too large (step 2)',
      'c is too large (step 2)',
      'an input of reduce_sum is the result of a call that failed',
    ]);
  });
  expect(lines).toEqual(['8 + 1', '9 + 2', 'leap from 9', '11 + 0']);
});

test('a written Variable fails, and the next call that touches it throws', async () => {
  const param = new Param(np.array(3));
  const step = jit((p: Param, x: Tensor) => {
    debug.errorIf(np.greater(x, 1), 'a step too far');
    p.value = p.value.add(x);
    return x;
  });
  step(param, np.array(1));
  await assertAllClose(param.value, 4);
  const given = np.array(2);
  const returned = step(param, given);
  expect(await Promise.all([param.value, returned].map(problemOf))).toEqual(['a step too far', 'a step too far']);
  await assertAllClose(given, 2);
  expect(() => step(param, np.array(0))).toThrow('is the result of a call that failed');
});

test('checkNans names the operation and the step', async () => {
  const f = jit(debug.checkNans((x: Tensor) => lax.scan((c: Tensor) => [np.log(c.sub(1)), null], x, null, { length: 3 })[0]));
  expect(await problemOf(f(np.array(4)))).toBe('log gave NaN (step 2)');
  await assertAllClose(f(np.array(50)), Math.log(Math.log(Math.log(49) - 1) - 1), { rtol: 1e-4 });
});

test('after a loop that the host drives', async () => {
  const f = jit((x: Tensor) => {
    const y = lax.whileLoop((c: Tensor) => np.less(c, 50), (c: Tensor) => c.mul(3), x);
    debug.print('{} -> {}', x, y);
    debug.errorIf(np.greater(y, 100), 'y is too large');
    return y;
  });
  const lines = await printed(async () => {
    const [good, bad] = [f(np.array(1)), f(np.array(40))];
    const problem = problemOf(bad);
    await assertAllClose(good, 81);
    expect(await problem).toBe('y is too large');
  });
  expect(lines).toEqual(['1 -> 81', '40 -> 120']);
});

test('collectives of a named axis', async () => {
  const f = jit(vmap((x: Tensor) => x.sub(lax.pmean(x, 'i')), { axisName: 'i' }));
  await assertAllClose(f(np.array([0, 1, 2])), [-1, 0, 1]);
});

test('an eager check that nobody can await goes to onError', async () => {
  const failures: HeddleError[] = [];
  const { device } = await openCountingDevice();
  await init({ device, host: 'never', onError: (error) => failures.push(error) });
  debug.errorIf(np.greater(np.array(2), 1), 'two is more than one');
  await sync();
  await new Promise((resolve) => setTimeout(resolve));
  expect(failures.map(({ problem }) => problem)).toEqual(['two is more than one']);
});
