/** lax.whileLoop: what it carries, what it promotes, and the state that goes round. */
import { expect, test } from 'vitest';
import { BatchStat, Module, Param, cpu, jit, lax, makeJaxpr, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

const onCpu = <T>(f: () => T): T => withDevice(cpu, f);
const int = (value: number): Tensor => np.array(value, { dtype: 'int32' });

/** The steps of Collatz from n to 1. */
const collatz = (n: Tensor): Tensor =>
  lax.whileLoop(
    ([m]) => np.greater(m, 1),
    ([m, steps]) => [np.where(np.equal(m.mod(2), 0), m.floorDivide(2), m.mul(3).add(1)), steps.add(1)],
    [n, 0],
  )[1];

test('it runs while its condition holds, on both devices, jitted and mapped', async () => {
  await assertAllClose(onCpu(() => collatz(int(6))), 8);
  await assertAllClose(onCpu(() => vmap(collatz)(np.array([1, 6, 27], { dtype: 'int32' }))), [0, 8, 111]);
  const call = jit(collatz);
  await assertAllClose([call(int(6)), call(int(27))], [int(8), int(111)]);
  wgsl.reset();
  await assertAllClose(call(int(7)), 16);
  expect(wgsl.counts.compiles).toBe(0);
});

test('a condition that never holds, and a Boolean in place of a tensor', async () => {
  const none = (x: Tensor): Tensor => lax.whileLoop(() => false, (y) => y.add(1), x);
  await assertAllClose(onCpu(() => none(np.array([1, 2]))), [1, 2]);
  const first = (maxIterations: number): Tensor => lax.whileLoop(() => true, (y) => y.add(1), np.array([1, 2]), { maxIterations });
  await assertAllClose(onCpu(() => first(3)), [4, 5]);
  await assertAllClose(onCpu(() => first(0)), [1, 2]);
});

test('weakly typed carries take the dtype that the body gives them', () => {
  const step = ({ n, x }: { n: Tensor; x: Tensor }): { n: Tensor; x: Tensor } => ({ n: n.add(1), x: x.mul(1.5) });
  const grow = (limit: Tensor): unknown => lax.whileLoop(({ x }) => np.less(x, limit), step, { n: 0, x: 1 });
  expect(String(makeJaxpr(grow)(np.array(10)))).toMatchInlineSnapshot(`
    "{ lambda ; a:f32[]. let
        b:~f32[] = convert_element_type[new_dtype=float32 weak_type=True] 1:~i32[]
        c:~i32[] d:~f32[] = while[
          body_consts=0
          body_jaxpr={ lambda ; e:~i32[] f:~f32[]. let
              g:~i32[] = add e 1:~i32[]
              h:~f32[] = mul f 1.5:~f32[]
            in (g, h) }
          cond_consts=1
          cond_jaxpr={ lambda ; i:f32[] j:~i32[] k:~f32[]. let
              l:f32[] = convert_element_type[new_dtype=float32 weak_type=False] k
              m:bool[] = lt l i
            in (m,) }
          max_iterations=None
        ] a 0:~i32[] b
      in (c, d) }"
  `);
});

test('trees, static leaves and what is captured', async () => {
  const scale = np.array([1, 2]);
  const run = (limit: Tensor) =>
    lax.whileLoop(
      ({ total }) => np.less(np.sum(total), limit),
      ({ tag, total, steps: [n] }) => ({ tag, total: total.add(scale), steps: [n.add(1)] }),
      { tag: 'a', total: np.zeros([2]), steps: [0] },
    );
  const { tag, total, steps } = onCpu(() => run(np.array(7)));
  expect(tag).toBe('a');
  await assertAllClose(total, [3, 6]);
  await assertAllClose(steps[0], 3);
});

test('loops in loops and in branches', async () => {
  const triangle = (n: Tensor): Tensor =>
    lax.whileLoop(
      ([i]) => np.less(i, n),
      ([i, sum]) => [i.add(1), lax.whileLoop(([j]) => np.less(j, i), ([j, inner]) => [j.add(1), inner.add(1)], [0, sum])[1]],
      [0, 0],
    )[1];
  await assertAllClose(onCpu(() => triangle(int(5))), 10);
  const either = (n: Tensor): Tensor => lax.cond(np.greater(n, 3), triangle, (m: Tensor) => m, n);
  await assertAllClose(onCpu(() => vmap(either)(np.array([2, 5, 4], { dtype: 'int32' }))), [2, 10, 6]);
});

test('state that the body writes is what the condition reads, and what it is afterwards', async () => {
  const total = new BatchStat(np.array(1));
  const limit = new BatchStat(np.array(100));
  const double = (): Tensor =>
    lax.whileLoop(
      () => np.less(total.value, limit.value),
      (n) => {
        total.value = total.value.mul(2);
        return n.add(1);
      },
      0,
    );
  expect(makeJaxpr(double)().writes).toEqual(['BatchStat']);
  const call = jit(double);
  await assertAllClose(call(), 7);
  await assertAllClose([total.value, limit.value], [np.array(128), np.array(100)]);
  await assertAllClose(call(), 0);
  limit.value = 1000;
  await assertAllClose(call(), 3);
  await assertAllClose(total.value, 1024);
});

test('a module in the carry comes back itself, a Variable that was replaced as a fresh one', async () => {
  class Box extends Module {
    readonly w: Param = new Param(np.array(1));
  }
  const box = new Box();
  const [same, n] = onCpu(() =>
    lax.whileLoop(
      ([b]: readonly [Box, Tensor]) => np.less(b.w, 10),
      ([b, count]) => {
        b.w.update((w) => w.mul(3));
        return [b, count.add(1)];
      },
      [box, np.array(0)] as const,
    ),
  );
  expect(same).toBe(box);
  await assertAllClose([box.w.value, n], [np.array(27), np.array(3)]);
  const fresh = onCpu(() => lax.whileLoop((w: Param) => np.less(w, 100), (w: Param) => new Param(w.value.mul(2)), box.w));
  expect(fresh).not.toBe(box.w);
  await assertAllClose([fresh.value, box.w.value], [np.array(108), np.array(27)]);
});

test('one Variable in two places, and a throw in the body', async () => {
  const stat = new BatchStat(np.array(1));
  expect(codeOf(() => lax.whileLoop(() => true, (pair) => pair, [stat, stat]))).toBe('ALIASING');
  const broken = (): unknown =>
    lax.whileLoop(
      () => np.less(stat.value, 3),
      (x): Tensor => {
        stat.value = x;
        throw new RangeError('on purpose');
      },
      np.array(5),
    );
  expect(broken).toThrow(RangeError);
  await assertAllClose(stat.value, 1);
});
