/** State in what is computed again and in derivatives of the user's own: written once, whatever is differentiated around it. */
import { describe, test } from 'vitest';
import {
  BatchStat, Param, Rngs, checkpoint, cpu, customJvp, customVjp, grad, jit, lax, np, random, vmap, withDevice,
} from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { useWgsl } from '../../support/wgsl.ts';

const wgsl = useWgsl();
const devices = { cpu: () => cpu, WGSL: () => wgsl.device };

describe.each(Object.entries(devices))('on %s', (_, device) => {
  const on = <T>(f: () => T): T => withDevice(device(), f);
  const wrap = <A extends unknown[]>(f: (...args: A) => Tensor, isJitted: boolean) =>
    isJitted ? jit(f, { device: device() }) : f;

  describe.each([false, true])('jitted: %s', (isJitted) => {
    test('a checkpoint writes once, and computes again from the values at entry', async () => {
      const c = new BatchStat(0);
      const body = checkpoint((x: Tensor) => {
        c.value = c.value.add(1);
        return x.mul(c).square();
      });
      // (x c)² with c = 1.
      await assertAllClose([on(() => wrap(grad(body), isJitted)(np.array(3))), c.value], [np.array(6), np.array(1)]);
    });

    test('a customVjp writes once', async () => {
      const c = new BatchStat(0);
      const body = (x: Tensor): Tensor => {
        c.value = c.value.add(1);
        return x.mul(c).square();
      };
      const f = customVjp(body, (x) => [body(x), x], (x, ct) => [ct.mul(x).mul(c)]);
      // bwd reads c as it was before the call.
      await assertAllClose([on(() => wrap(grad(f), isJitted)(np.array(3))), c.value], [np.array(0), np.array(1)]);
    });

    test('a customJvp writes once', async () => {
      const c = new BatchStat(0);
      const body = (x: Tensor): Tensor => {
        c.value = c.value.add(1);
        return x.mul(c).square();
      };
      const f = customJvp(body, ([x], [t]) => [body(x), t.mul(x).mul(c)]);
      // After body the rule reads c = 1.
      await assertAllClose([on(() => wrap(grad(f), isJitted)(np.array(3))), c.value], [np.array(3), np.array(1)]);
    });

    test('grad of vmap of customVjp with an unmapped weight sums its cotangent', async () => {
      const w = new Param(np.array(3));
      const f = customVjp(
        (x: Tensor, w: Param) => x.mul(w),
        (x, w) => [x.mul(w), x],
        (x, ct) => [null, ct.mul(x).mul(10)],
      );
      const loss = (w: Param): Tensor => np.sum(vmap(f, { inAxes: [0, null] })(np.array([1, 2, 4]), w));
      await assertAllClose(on(() => wrap(grad(loss as (w: Param) => Tensor) as (w: Param) => Tensor, isJitted)(w)), 70);
    });
  });

  test('in scan: a counter, in each of the three', async () => {
    const wraps = {
      checkpoint: (f: (x: Tensor) => Tensor) => checkpoint(f),
      customJvp: (f: (x: Tensor) => Tensor) => customJvp(f, ([x], [t]) => [f(x), t.mul(2)]),
      customVjp: (f: (x: Tensor) => Tensor) => customVjp(f, (x) => [f(x), null], (_, ct) => [ct.mul(3)]),
    };
    const expected = { checkpoint: [1, 2, 3], customJvp: [2, 2, 2], customVjp: [3, 3, 3] };
    for (const [name, wrapped] of Object.entries(wraps)) {
      const c = new BatchStat(0);
      const step = wrapped((x) => {
        c.value = c.value.add(1);
        return x.mul(c);
      });
      const loss = (xs: Tensor): Tensor => np.sum(lax.scan((carry: null, x: Tensor) => [carry, step(x)] as const, null, xs)[1]);
      await assertAllClose(on(() => grad(loss)(np.array([5, 6, 7]))), np.array(expected[name as keyof typeof expected]));
      await assertAllClose(c.value, 3);
    }
  });
});

test('a random stream that a checkpoint draws from draws the same again, and advances once', async () => {
  const rngs = new Rngs(0);
  const noisy = (x: Tensor): Tensor => x.mul(random.normal(rngs.dropout(), [3])).sum();
  const [plain, again] = withDevice(cpu, () => {
    const first = grad(noisy)(np.ones([3]));
    return [first, grad(checkpoint((x: Tensor) => noisy(x)))(np.ones([3]))];
  });
  const fresh = new Rngs(0);
  const draws = withDevice(cpu, () => [0, 1].map(() => random.normal(fresh.dropout(), [3])));
  await assertAllClose([plain, again], draws);
});
