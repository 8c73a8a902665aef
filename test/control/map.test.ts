/** lax.map, whole and in chunks: values, types, and state in xs. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Rngs, cpu, lax, makeJaxpr, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const onCpu = <T>(f: () => T): T => withDevice(cpu, f);
const rows = (): Tensor => np.arange(15, undefined, 1, { dtype: 'float32' }).reshape([5, 3]);

class Cell extends Module {
  readonly total: BatchStat;

  constructor(total: Tensor) {
    super();
    this.total = new BatchStat(total);
  }
}

test('a tree of slices to a tree of stacks', async () => {
  const { sum, both } = onCpu(() => lax.map(([x, { y }]) => ({ sum: x.add(y), both: [y] }), [rows(), { y: np.arange(5) }]));
  await assertAllClose(sum, [[0, 1, 2], [4, 5, 6], [8, 9, 10], [12, 13, 14], [16, 17, 18]]);
  await assertAllClose(both[0], [0, 1, 2, 3, 4]);
  await assertAllClose(onCpu(() => lax.map((x) => x.mul(2), Float32Array.of(1, 2))), [2, 4]);
});

test.each([1, 2, 5, 7])('in chunks of %i', async (batchSize) => {
  const norms = (): Tensor => lax.map((x) => x.mul(x).sum(), rows(), { batchSize });
  await assertAllClose(onCpu(norms), [5, 50, 149, 302, 509]);
  if (batchSize === 2) await assertAllClose(norms(), [5, 50, 149, 302, 509]);
});

test('chunks are one loop, or none', () => {
  const scans = (batchSize: number): number[] => {
    const { jaxpr } = makeJaxpr((xs: Tensor) => lax.map((x) => np.sin(x), xs, { batchSize }))(rows());
    return jaxpr.equations.flatMap(({ primitive, params }) => (primitive.name === 'scan' ? [Number(params['length'])] : []));
  };
  expect([1, 2, 3, 5, 9].map(scans)).toEqual([[5], [2], [], [], []]);
});

test.each([{}, { batchSize: 2 }])('no slices, with %j', (options) => {
  const none = onCpu(() => lax.map((x) => ({ y: np.sin(x), n: x.sum() }), np.zeros([0, 3]), options));
  expect([none.y.describe(), none.n.describe()]).toEqual(['float32[0,3]', 'float32[0]']);
});

describe.each([{}, { batchSize: 2 }])('with %j', (options) => {
  test('state in xs is written slice by slice', async () => {
    const cells = new Cell(onCpu(rows));
    const scaleBy = ([cell, scale]: readonly [Cell, Tensor]): Tensor => {
      cell.total.value = cell.total.value.mul(scale);
      return cell.total.value.sum();
    };
    const sums = onCpu(() => lax.map(scaleBy, [cells, np.array([0, 1, 2, 3, 4])] as const, options));
    await assertAllClose(sums, [0, 12, 42, 90, 156]);
    await assertAllClose(cells.total.value, [[0, 0, 0], [3, 4, 5], [12, 14, 16], [27, 30, 33], [48, 52, 56]]);
  });

  test('streams in xs draw keys of their own', async () => {
    const keys = onCpu(() => random.split(random.key(0), 5));
    const draw = (key: Tensor): Tensor => random.uniform(new Rngs(key).makeRng());
    const expected = onCpu(() => vmap(draw)(keys));
    await assertAllClose(onCpu(() => lax.map(draw, keys, options)), expected);
    const rngs = onCpu(() => vmap((key: Tensor) => new Rngs(key))(keys));
    await assertAllClose(onCpu(() => lax.map((each: Rngs) => random.uniform(each.makeRng()), rngs, options)), expected);
    await assertAllClose(rngs.streams['default']!.count.value, np.ones([5], { dtype: 'uint32' }));
  });
});

test('other state goes from slice to slice, or from chunk to chunk', async () => {
  const count = new BatchStat(np.array(0));
  const number = (x: Tensor): Tensor => {
    count.value = count.value.add(1);
    return x.sum().mul(0).add(count.value);
  };
  await assertAllClose(onCpu(() => lax.map(number, rows())), [1, 2, 3, 4, 5]);
  await assertAllClose(onCpu(() => lax.map(number, rows(), { batchSize: 2 })), [6, 6, 7, 7, 8]);
  await assertAllClose(count.value, 8);
});
