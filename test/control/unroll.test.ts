/** The options of lax.scan that change how it runs, and not what it computes. */
import { expect, test } from 'vitest';
import { BatchStat, cpu, lax, makeJaxpr, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const onCpu = <T>(f: () => T): T => withDevice(cpu, f);
const cumulative = (xs: Tensor, options: object): [Tensor, Tensor] =>
  lax.scan((sum, x) => [sum.add(x), sum.mul(x)], np.zeros([2]), xs, options);
const rows = (count: number): Tensor => np.arange(2 * count, undefined, 1, { dtype: 'float32' }).reshape([count, 2]);

function count(jaxpr: Jaxpr, name: string): number {
  return jaxpr.equations.filter(({ primitive }) => primitive.name === name).length;
}

test.each([[1, 5], [2, 2], [3, null], [5, null], [9, null], [true, null]] as const)(
  'unroll %s leaves a loop of %s steps',
  async (unroll, length) => {
    const { jaxpr } = makeJaxpr((xs: Tensor) => cumulative(xs, { unroll }))(rows(5));
    const loops = jaxpr.equations.filter(({ primitive }) => primitive.name === 'scan');
    expect(loops.map(({ params }) => params['length'])).toEqual(length === null ? [] : [length]);
    const run = (options: object) => (): [Tensor, Tensor] => cumulative(rows(5), options);
    await assertAllClose(onCpu(run({ unroll })), onCpu(run({})));
    await assertAllClose(onCpu(run({ unroll, reverse: true })), onCpu(run({ reverse: true })));
    if (unroll === 2 || unroll === true) await assertAllClose(run({ unroll, reverse: true })(), onCpu(run({ reverse: true })));
  },
);

test('no steps, and one', async () => {
  for (const unroll of [1, 3, true]) {
    const [sum, ys] = onCpu(() => cumulative(rows(0), { unroll }));
    expect(ys.shape).toEqual([0, 2]);
    await assertAllClose(sum, [0, 0]);
    await assertAllClose(onCpu(() => cumulative(rows(1), { unroll }))[1], [[0, 0]]);
  }
});

test('checkpoint puts each step into one remat', () => {
  const body = (options: object): Jaxpr => {
    const { jaxpr } = makeJaxpr((xs: Tensor) => cumulative(xs, options))(rows(4));
    return jaxpr.equations.find(({ primitive }) => primitive.name === 'scan')!.params['jaxpr'] as Jaxpr;
  };
  expect(body({ checkpoint: false }).equations.map(({ primitive }) => primitive.name)).toEqual(['add', 'mul']);
  const [remat, ...others] = body({ checkpoint: 'dotsSaveable' }).equations;
  expect([remat!.primitive.name, remat!.params['policy'], others.length]).toEqual(['remat', 'dots_saveable', 0]);
  expect(count(body({ checkpoint: true, unroll: 2 }), 'remat')).toBe(2);
});

test('state in an unrolled body', async () => {
  const [calls, slices] = [new BatchStat(np.array(0)), onCpu(() => new BatchStat(rows(5)))];
  const run = (unroll: number | true): Tensor => onCpu(() => lax.scan(
      (h: Tensor, x: BatchStat): [Tensor, Tensor] => {
        calls.value = calls.value.add(1);
        x.value = x.value.mul(calls.value);
        return [h.add(x.value), h];
      },
      np.zeros([2]),
      slices,
      { unroll },
    ))[0];
  await assertAllClose(run(2), [80, 95]);
  await assertAllClose([calls.value, slices.value], [np.array(5), np.array([[0, 1], [4, 6], [12, 15], [24, 28], [40, 45]])]);
  slices.value = onCpu(() => rows(5));
  calls.value = 0;
  await assertAllClose(run(true), [80, 95]);
});

test('a body that gives nothing', () => {
  const steps = { checkpoint: true, length: 3 };
  expect(lax.scan(() => [null, null], null, null, steps)).toEqual([null, null]);
  expect(lax.scan(() => [null, null], null, null, { ...steps, unroll: 2 })).toEqual([null, null]);
});
