/** The cases that a cache of stateful programs gets wrong, each under its own name. */
import { expect, test } from 'vitest';
import { BatchStat, Module, Param, evalShape, inspect, jit, lax, makeJaxpr, np, vmap } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';
import { useWgsl } from '../../support/wgsl.ts';
import { Counter, Inner } from './programs.ts';

const wgsl = useWgsl();

const counter = (total = [1, 2, 3]): Counter => new Counter(np.array(0), np.array(total));
const ones = (): Tensor => np.ones([3]);

test('a second instance of equal structure hits', async () => {
  let traces = 0;
  const step = jit((c: Counter, x: Tensor) => {
    traces++;
    return c.step(x);
  });
  const [first, second, third] = [counter(), counter([10, 20, 30]), counter([100, 200, 300])];
  await assertAllClose(step(first, ones()), np.array([2, 3, 4]));
  wgsl.reset();
  await assertAllClose(step(second, ones()), np.array([11, 21, 31]));
  expect(wgsl.counts.compiles).toBe(0);
  // The second trace proves that the function does not reach the first instance by closure; from then on any instance hits.
  const known = traces;
  await assertAllClose(step(third, ones()), np.array([101, 201, 301]));
  await assertAllClose(step(counter([7, 7, 7]), ones()), np.array([8, 8, 8]));
  expect(traces).toBe(known);
  await assertAllClose([first.calls.value, second.calls.value, third.calls.value], [np.array(1), np.array(1), np.array(1)]);
});

test('an argument that was also captured, then is not', async () => {
  const captured = counter();
  const sum = jit((c: Counter, x: Tensor) => captured.inner.total.value.add(c.inner.total.value).add(x));
  await assertAllClose(sum(captured, ones()), np.array([3, 5, 7]));
  const other = counter([10, 10, 10]);
  await assertAllClose(sum(other, ones()), np.array([12, 13, 14]));
  await assertAllClose(sum(captured, ones()), np.array([3, 5, 7]));
  await assertAllClose(sum(counter([0, 0, 0]), ones()), np.array([2, 3, 4]));
});

test('an argument that was not captured, then is', async () => {
  const captured = counter();
  const sum = jit((c: Counter, x: Tensor) => {
    c.inner.total.value = c.inner.total.value.add(x);
    return captured.inner.total.value.add(c.inner.total.value);
  });
  await assertAllClose(sum(counter([10, 10, 10]), ones()), np.array([12, 13, 14]));
  await assertAllClose(sum(counter([20, 20, 20]), ones()), np.array([22, 23, 24]));
  // Now both are one Variable, and the write is seen by both reads.
  await assertAllClose(sum(captured, ones()), np.array([4, 6, 8]));
  await assertAllClose(captured.inner.total.value, np.array([2, 3, 4]));
});

test('a captured Variable that changed shape', async () => {
  const stat = new BatchStat(np.array([1, 2, 3]));
  const double = jit((x: Tensor) => stat.value.mul(2).sum().add(x));
  await assertAllClose(double(np.array(0)), np.array(12));
  stat.value = np.array([
    [1, 1],
    [1, 1],
  ]);
  await assertAllClose(double(np.array(0)), np.array(8));
  stat.value = np.array([5, 5, 5]);
  await assertAllClose(double(np.array(0)), np.array(30));
});

test('branches that write different Variables', async () => {
  const [a, b] = [new BatchStat(np.array(1)), new BatchStat(np.array(10))];
  const run = jit((x: Tensor) =>
    lax.cond(
      np.greater(x, 0),
      (y: Tensor) => {
        a.value = a.value.add(y);
        return y;
      },
      (y: Tensor) => {
        b.value = b.value.add(y);
        return y.mul(2);
      },
      x,
    ),
  );
  await assertAllClose(run(np.array(5)), np.array(5));
  await assertAllClose([a.value, b.value], [np.array(6), np.array(10)]);
  await assertAllClose(run(np.array(-3)), np.array(-6));
  await assertAllClose([a.value, b.value], [np.array(6), np.array(7)]);
});

test('mapped, carried and unmapped writes in one scan and one vmap', async () => {
  const mapped = new BatchStat(np.array([1, 2, 3]));
  const carried = new BatchStat(np.array(0));
  const [last, ys] = lax.scan(
    (carry: Tensor, slice: BatchStat): [Tensor, Tensor] => {
      slice.value = slice.value.mul(10);
      carried.value = carried.value.add(slice.value);
      return [carry.add(1), carried.value];
    },
    np.array(0),
    mapped,
  );
  await assertAllClose([last, ys], [np.array(3), np.array([10, 30, 60])]);
  await assertAllClose([mapped.value, carried.value], [np.array([10, 20, 30]), np.array(60)]);

  const unmapped = new BatchStat(np.array(1));
  const out = vmap((slice: BatchStat) => {
    slice.value = slice.value.add(1);
    unmapped.value = unmapped.value.add(1);
    return slice.value.mul(unmapped.value);
  })(mapped);
  await assertAllClose(out, np.array([22, 42, 62]));
  await assertAllClose([mapped.value, unmapped.value], [np.array([11, 21, 31]), np.array(2)]);

  const wrong = vmap((x: Tensor) => {
    unmapped.value = x;
    return x;
  });
  expect(codeOf(() => wrong(np.array([1, 2])))).toBe('STATE_WRITE');
  await assertAllClose(unmapped.value, np.array(2));
});

test('a scan of length 0', async () => {
  const c = counter();
  const [carry, ys] = lax.scan((n: Tensor, x: Tensor): [Tensor, Tensor] => [n.add(1), c.step(x)], np.array(5), np.zeros([0, 3]));
  await assertAllClose(carry, np.array(5));
  expect(ys.shape).toEqual([0, 3]);
  await assertAllClose([c.calls.value, c.inner.total.value], [np.array(0), np.array([1, 2, 3])]);
});

test('a Variable made in a trace and returned', async () => {
  const make = jit((x: Tensor) => ({ param: new Param(x.mul(2)), inner: new Inner(x) }));
  const first = make(ones());
  const second = make(np.array([2, 2, 2]));
  expect(first.param).toBeInstanceOf(Param);
  expect(first.param).not.toBe(second.param);
  expect(first.inner).not.toBe(second.inner);
  await assertAllClose([first.param.value, second.param.value], [np.array([2, 2, 2]), np.array([4, 4, 4])]);
  await assertAllClose([first.inner.total.value, second.inner.total.value], [ones(), np.array([2, 2, 2])]);
});

test('a Variable made in a trace and leaked', () => {
  let leaked!: Param;
  jit((x: Tensor) => {
    leaked = new Param(x);
    return x;
  })(ones());
  expect(codeOf(() => leaked.value)).toBe('LEAKED_TRACER');
  expect(codeOf(() => jit((x: Tensor) => x.add(leaked))(ones()))).toBe('LEAKED_TRACER');
});

test('a static field that changed between calls retraces', async () => {
  class Scale extends Module {
    factor = 2;
    readonly w: Param = new Param(np.array([1, 2, 3]));

    forward(x: Tensor): Tensor {
      return x.mul(this.w).mul(this.factor);
    }
  }
  const scale = new Scale();
  const call = jit((m: Scale, x: Tensor) => m.forward(x));
  await assertAllClose(call(scale, ones()), np.array([2, 4, 6]));
  scale.factor = 3;
  await assertAllClose(call(scale, ones()), np.array([3, 6, 9]));
  scale.factor = 2;
  await assertAllClose(call(scale, ones()), np.array([2, 4, 6]));
  expect(call.stats().traces).toBe(2);
});

test('a throw at depth 2 leaves no trace, no cache entry and no write behind', async () => {
  const c = counter();
  let fail = true;
  const step = jit((x: Tensor) => {
    c.step(x);
    return lax.scan(
      (n: Tensor, y: Tensor): [Tensor, Tensor] => {
        c.step(y);
        if (fail) throw new RangeError('on purpose');
        return [n.add(1), y];
      },
      np.array(0),
      x.reshape([1, 3]),
    )[0];
  });
  expect(() => step(ones())).toThrow(RangeError);
  await assertAllClose([c.calls.value, c.inner.total.value], [np.array(0), np.array([1, 2, 3])]);
  await assertAllClose(ones().add(1), np.array([2, 2, 2]));
  fail = false;
  await assertAllClose(step(ones()), np.array(1));
  await assertAllClose(c.calls.value, np.array(2));
});

test('queries leave all cells unchanged', async () => {
  const c = counter();
  const step = (x: Tensor): Tensor => c.step(x);
  const closed = makeJaxpr(step)(ones());
  expect(closed.reads).toEqual(['BatchStat', 'BatchStat']);
  expect(closed.writes).toEqual(['BatchStat', 'BatchStat']);
  expect(closed.jaxpr.inputs.length).toBe(3);
  expect(closed.jaxpr.outputs.length).toBe(3);
  expect(String(evalShape(step, ones()))).toBe('float32[3]');
  inspect(step)(ones());
  await jit(step).compile(ones());
  await assertAllClose([c.calls.value, c.inner.total.value], [np.array(0), np.array([1, 2, 3])]);
});

test('an old tensor is still readable after its Variable moved on', async () => {
  const c = counter();
  const old = c.inner.total.value;
  const step = jit((m: Counter, x: Tensor) => m.step(x));
  for (let i = 0; i < 4; i++) step(c, ones());
  await assertAllClose(old, np.array([1, 2, 3]));
  await assertAllClose(c.inner.total.value, np.array([5, 6, 7]));
});

test('two cells that share a tensor', async () => {
  const shared = np.array([1, 2, 3]);
  const [a, b] = [new Param(shared), new Param(shared)];
  const step = jit((x: Tensor) => {
    a.value = a.value.add(x);
    return b.value.mul(2);
  });
  await assertAllClose(step(ones()), np.array([2, 4, 6]));
  await assertAllClose(step(ones()), np.array([2, 4, 6]));
  await assertAllClose([a.value, b.value, shared], [np.array([3, 4, 5]), np.array([1, 2, 3]), np.array([1, 2, 3])]);
});

test('one storage passed twice', async () => {
  const x = np.array([1, 2, 3]);
  const f = jit((a: Tensor, b: Tensor) => [a.add(b), a.mul(3)] as const);
  await assertAllClose(f(x, x), [np.array([2, 4, 6]), np.array([3, 6, 9])]);
  await assertAllClose(f(x, x.alias()), [np.array([2, 4, 6]), np.array([3, 6, 9])]);
  await assertAllClose(x, np.array([1, 2, 3]));
});

test('one Variable reached with two axes, or in two roles', () => {
  const v = new BatchStat(np.zeros([2, 2]));
  expect(codeOf(() => vmap((a: BatchStat, b: BatchStat) => a.value.add(b), { inAxes: [0, 1] })(v, v))).toBe('ALIASING');
  expect(codeOf(() => lax.scan((c: BatchStat, x: BatchStat) => [c, x.value] as const, v, v))).toBe('ALIASING');
});
