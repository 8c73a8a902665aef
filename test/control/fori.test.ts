/** lax.foriLoop: over numbers it is a scan, over tensors a while. */
import { expect, test } from 'vitest';
import { BatchStat, cpu, jit, lax, makeJaxpr, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const onCpu = <T>(f: () => T): T => withDevice(cpu, f);
const int = (value: number): Tensor => np.array(value, { dtype: 'int32' });
const primitives = (f: (...args: Tensor[]) => unknown, ...args: Tensor[]): string[] =>
  makeJaxpr(f)(...args).jaxpr.equations.map(({ primitive }) => primitive.name);

test.each([[0, 5, 10], [2, 5, 9], [-2, 2, -2], [3, 3, 0], [5, 2, 0]])('from %i to %i', async (lower, upper, expected) => {
  const sum = (from: Tensor | number, to: Tensor | number): Tensor => lax.foriLoop(from, to, (i, total) => total.add(i), 0);
  await assertAllClose(onCpu(() => sum(lower, upper)), expected);
  await assertAllClose(onCpu(() => sum(int(lower), upper)), expected);
  await assertAllClose(onCpu(() => sum(lower, int(upper))), expected);
  await assertAllClose(onCpu(() => jit(sum)(int(lower), int(upper))), expected);
  const tos = np.array([upper, upper + 1], { dtype: 'int32' });
  await assertAllClose(onCpu(() => vmap((to: Tensor) => sum(lower, to))(tos)), [expected, expected + (upper < lower ? 0 : upper)]);
});

test('bounds choose the primitive', () => {
  const sum = (n: Tensor | number): Tensor => lax.foriLoop(0, n, (i, x) => x.add(i), 0);
  expect(primitives(() => sum(5))).toContain('scan');
  expect(primitives(sum, int(5))).toContain('while');
});

test('i is an integer: weak over numbers, of the bounds over tensors', () => {
  const dtypes: string[] = [];
  const note = (i: Tensor, x: Tensor): Tensor => {
    dtypes.push(i.describe(), i.add(np.ones([], { dtype: 'uint32' })).dtype, i.mul(0.5).dtype);
    return x;
  };
  const bounds = [1, int(1), np.ones([], { dtype: 'uint32' })];
  for (const upper of bounds) makeJaxpr((to: Tensor | number) => lax.foriLoop(0, to, note, np.ones([])))(upper);
  expect(dtypes).toEqual(['int32[]', 'uint32', 'float32', 'int32[]', 'int32', 'float32', 'uint32[]', 'uint32', 'float32']);
});

test.each([['numbers', 4], ['a tensor', int(4)]])('state, weak carries and trees over %s', async (_, upper) => {
  const calls = new BatchStat(np.array(0));
  const [count, { x }] = onCpu(() =>
    lax.foriLoop(
      0,
      upper,
      (i, [n, { x }]) => {
        calls.value = calls.value.add(i);
        return [n.add(0.5), { x: x.mul(calls.value.add(1)) }];
      },
      [1, { x: np.ones([2]) }],
    ),
  );
  await assertAllClose([count, x, calls.value], [np.array(3), np.array([56, 56]), np.array(6)]);
});

test('the upper bound is the one at entry', async () => {
  const bound = new BatchStat(int(3));
  const grow = (): Tensor =>
    lax.foriLoop(
      0,
      bound,
      (_, n) => {
        bound.value = bound.value.add(1);
        return n.add(1);
      },
      0,
    );
  await assertAllClose(onCpu(grow), 3);
  await assertAllClose(bound.value, 6);
});
