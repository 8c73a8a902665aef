/** disableJit: programs as ordinary JavaScript, step by step, with the results of the programs. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, HeddleError, Module, Param, cpu, debug, disableJit, grad, jit, lax, np, vmap, withDevice,
} from '../src/index.ts';
import type { Tensor } from '../src/index.ts';
import { assertAllClose } from '../src/testing/index.ts';
import { codeOf } from './support/host.ts';
import { usePrintedLines } from './support/lines.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const printed = usePrintedLines();

/** The results of `f` with and without jit, which must be equal; the second time tensors are concrete everywhere. */
async function bothWays<R>(f: () => R): Promise<R> {
  const [staged, stepped] = [on(f), disableJit(f)];
  await assertAllClose(stepped, staged);
  return stepped;
}

/** Tells apart tracers and concrete tensors, in the order in which they are seen. */
function watch(): { readonly seen: boolean[]; see(x: Tensor): Tensor } {
  const seen: boolean[] = [];
  return { seen, see: (x) => (seen.push(x.tracer === null), x) };
}

describe('calls its function with concrete tensors', () => {
  test('jit: at each call', () => {
    const { seen, see } = watch();
    const f = jit((x: Tensor) => see(x).mul(2));
    disableJit(() => [f(np.array(1)), f(np.array(2)), f(new Float32Array([1]) as never)]);
    expect(seen).toEqual([true, true, true]);
    expect(f.stats().traces).toBe(0);
  });

  test('scan and loops: at each step, cond: in the branch that is taken', () => {
    const { seen, see } = watch();
    disableJit(() => {
      lax.scan((c: Tensor, x: Tensor) => [see(c).add(x), null], np.array(0), np.array([1, 2, 3]));
      lax.foriLoop(0, 2, (_, c: Tensor) => see(c), np.array(0));
      lax.whileLoop((c: Tensor) => np.less(c, 3), (c: Tensor) => see(c).add(1), np.array(0));
      lax.cond(true, (x: Tensor) => see(x), (x: Tensor) => see(see(see(x))), np.array(0));
      lax.map((x: Tensor) => see(x), np.array([1, 2]));
    });
    expect(seen).toEqual(Array.from({ length: 3 + 2 + 3 + 1 + 2 }, () => true));
  });

  test('what vmap and grad are given is traced as always', async () => {
    const { seen, see } = watch();
    const f = (x: Tensor): Tensor => lax.scan((c: Tensor) => [np.sin(see(c)), null], x, null, { length: 2 })[0];
    await bothWays(() => [grad(f)(np.array(0.5)), vmap(f)(np.array([0.5, 1]))]);
    expect(seen).not.toContain(true);
  });

  test('debug.print and errorIf act at once', async () => {
    const f = jit((x: Tensor) => lax.scan((c: Tensor, k: Tensor) => {
      debug.print('{} {}', c, k);
      debug.errorIf(np.greater(c, 2), 'too large');
      return [c.add(k), null];
    }, x, np.array([1, 2, 3]))[0]);
    const lines = await printed(() => expect(codeOf(() => disableJit(() => f(np.array(0))))).toBe('CHECK'));
    expect(lines).toEqual(['0 1', '1 2', '3 3']);
  });
});

describe('gives what the programs give', () => {
  const xs = (): Tensor => np.array([[1, 2], [3, 4], [5, 6]]);

  test('scan, with trees, numbers, reverse and null xs', async () => {
    const f = (c: { sum: Tensor; n: Tensor }, x: Tensor): [{ sum: Tensor; n: Tensor }, { doubled: Tensor; one: number }] => [
      { sum: c.sum.add(np.sum(x)), n: c.n.add(1) },
      { doubled: x.mul(2), one: 1 },
    ];
    const [carry, ys] = await bothWays(() => lax.scan(f, { sum: np.array(0), n: 0 }, xs()));
    await assertAllClose(carry.n, 3);
    await assertAllClose(ys.one, [1, 1, 1]);
    await bothWays(() => lax.scan(f, { sum: np.array(0), n: 0 }, xs(), { reverse: true }));
    await bothWays(() => lax.scan((c: Tensor) => [c.mul(2), c], np.array(1), null, { length: 4 }));
    await bothWays(() => lax.scan(f, { sum: np.array(0), n: 0 }, np.zeros([0, 2])));
  });

  test('loops, maps, conds and switches', async () => {
    await bothWays(() => lax.foriLoop(1, 5, (i: Tensor, x: Tensor) => x.mul(i), np.array(1)));
    await bothWays(() => lax.foriLoop(np.array(1, { dtype: 'int32' }), 5, (i: Tensor, x: Tensor) => x.mul(i), np.array(1)));
    const isSmall = (x: Tensor): Tensor => np.less(x, 100);
    for (const options of [{}, { maxIterations: 2 }]) {
      await bothWays(() => lax.whileLoop(isSmall, (x: Tensor) => x.mul(3), np.array(1), options));
    }
    await bothWays(() => [lax.map((x: Tensor) => np.sum(x), xs()), lax.map((x: Tensor) => np.sum(x), xs(), { batchSize: 2 })]);
    for (const p of [true, false]) {
      await bothWays(() => lax.cond(np.array(p), (x: Tensor) => x, (x: Tensor) => x.neg(), np.array(3)));
    }
    const i = (n: number): Tensor => np.array(n, { dtype: 'int32' });
    for (const n of [-1, 0, 1, 7]) await bothWays(() => lax.switch(i(n), [(x: Tensor) => x, () => np.array(8)], np.array(3)));
  });

  test('state', async () => {
    class Layer extends Module {
      readonly w = new Param(np.array([1, 2, 3]));
      readonly calls = new BatchStat(np.array([0, 0, 0]));
    }
    const run = (): unknown => {
      const [layer, total] = [new Layer(), new BatchStat(0)];
      const [last] = jit((m: Layer, x: Tensor) =>
        lax.scan((c: Tensor, slice: Layer) => {
          slice.calls.value = slice.calls.value.add(c);
          total.value = total.value.add(1);
          return [c.mul(slice.w.value), null];
        }, x, m),
      )(layer, np.array(2));
      return [last, layer.w.value, layer.calls.value, total.value];
    };
    expect(await bothWays(run)).toHaveLength(4);
    await assertAllClose(disableJit(run), on(run));
  });
});

describe('errors', () => {
  test('a carry that changes', () => {
    const grow = (): unknown => lax.scan((c: Tensor) => [np.concatenate([c, c]), null], np.ones([1]), null, { length: 2 });
    expect(codeOf(() => disableJit(grow))).toBe('CARRY');
    expect(codeOf(() => disableJit(() => lax.scan((c: Tensor) => c as never, np.ones([1]), null, { length: 2 })))).toBe('CARRY');
  });

  test('a body that throws leaves the Variables of xs whole', async () => {
    const rows = new Param(np.array([1, 2]));
    const fail = (): unknown => lax.scan(() => {
      throw new Error('in the first step');
    }, null, rows);
    expect(() => disableJit(fail)).toThrow('in the first step');
    await assertAllClose(rows.value, [1, 2]);
  });

  test('an asynchronous function', () => {
    expect(codeOf(() => disableJit(async () => np.ones([2])))).toBe('PROMISE');
  });

  test('it ends with its function, also when that throws', () => {
    const { seen, see } = watch();
    expect(() => disableJit(() => {
      throw new HeddleError('VALUE', 'stop');
    })).toThrow('stop');
    on(() => jit((x: Tensor) => see(x))(np.array(1)));
    expect(seen).toEqual([false]);
  });
});
