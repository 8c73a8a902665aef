import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';
import { property } from '../support/property.ts';

const x = tensor([[1, 2, 3], [4, 5, 6]]);

describe('slice', () => {
  test('numbers drop their axis, ranges keep it', async () => {
    await expectTensor(x.slice(1), [4, 5, 6]);
    await expectTensor(x.slice(-1, 0), 4);
    await expectTensor(x.slice([0, 1]), [[1, 2, 3]]);
    await expectTensor(x.slice([], [1]), [[2, 3], [5, 6]]);
    await expectTensor(x.slice([], -1), [3, 6]);
    await expectTensor(x.slice(0, [null, -1]), [1, 2]);
    await expectTensor(x.slice(0, [null, null, -1]), [3, 2, 1]);
    await expectTensor(x.slice(0, [5, 9]), []);
  });

  test("new axes and '...'", async () => {
    expect(x.slice(null, 0, null).shape).toEqual([1, 1, 3]);
    expect(np.slice(np.zeros([2, 3, 4, 5]), 0, '...', [1, 3]).shape).toEqual([3, 4, 2]);
    expect(x.slice('...', null).shape).toEqual([2, 3, 1]);
    await expectTensor(x.slice('...', 0), [1, 4]);
  });

  test('integer tensors', async () => {
    await expectTensor(x.slice(tensor([1, 0, -1], 'int32')), [[4, 5, 6], [1, 2, 3], [4, 5, 6]]);
    await expectTensor(x.slice([], tensor([[0], [2]], 'int32')), [[[1], [3]], [[4], [6]]]);
    await expectTensor(x.slice(tensor(1, 'int32'), tensor(5, 'int32')), NaN);
    expect(codeOf(() => x.slice(tensor([0.5])))).toBe('DTYPE');
  });

  test('bad indices', () => {
    expect(codeOf(() => x.slice(2))).toBe('VALUE');
    expect(codeOf(() => x.slice(0.5))).toBe('VALUE');
    expect(codeOf(() => x.slice(0, 0, 0))).toBe('AXIS');
    expect(codeOf(() => x.slice('...', '...'))).toBe('AXIS');
    expect(codeOf(() => x.slice([0, 1, 0]))).toBe('VALUE');
    expect(codeOf(() => x.slice([0.5]))).toBe('VALUE');
  });

  const bound = fc.option(fc.integer({ min: -7, max: 7 }), { nil: null });
  const step = fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0);

  /** The positions that Python's range(*slice(start, stop, step).indices(size)) gives. */
  function positions(size: number, start: number | null, stop: number | null, stride: number): number[] {
    const [low, high] = stride > 0 ? [0, size] : [-1, size - 1];
    const clamp = (value: number): number => Math.min(Math.max(value < 0 ? value + size : value, low), high);
    const first = start === null ? (stride > 0 ? 0 : size - 1) : clamp(start);
    const end = stop === null ? (stride > 0 ? size : -1) : clamp(stop);
    const found: number[] = [];
    for (let i = first; stride > 0 ? i < end : i > end; i += stride) found.push(i);
    return found;
  }

  const extent = fc.integer({ min: 0, max: 5 });

  property('ranges pick what Python picks', [extent, bound, bound, step], async (size, start, stop, stride) => {
    await expectTensor(np.arange(size).slice([start, stop, stride]), positions(size, start, stop, stride), 'int32');
  });
});

describe('take', () => {
  test('along an axis, flat, of any shape of indices', async () => {
    await expectTensor(np.take(x, [2, 0], { axis: 1 }), [[3, 1], [6, 4]]);
    await expectTensor(np.take(x, 4), 5);
    await expectTensor(np.take(x, tensor([[0, -1]], 'int32')), [[1, 6]]);
    expect(codeOf(() => np.take(x, 0.5))).toBe('VALUE');
    expect(codeOf(() => np.take(x, tensor([0.5])))).toBe('DTYPE');
  });

  test('out of range: filled or clipped', async () => {
    await expectTensor(np.take(tensor([1, 2]), [5, -3]), [NaN, NaN]);
    await expectTensor(np.take(tensor([1, 2], 'int32'), [5]), [-(2 ** 31)], 'int32');
    await expectTensor(np.take(tensor([1, 2], 'uint32'), [5]), [2 ** 32 - 1], 'uint32');
    await expectTensor(np.take(tensor([false, false]), [5]), [true], 'bool');
    await expectTensor(np.take(tensor([1, 2]), [5, -3], { mode: 'clip' }), [2, 1]);
  });

  test('takeAlongAxis', async () => {
    await expectTensor(np.takeAlongAxis(x, tensor([[0], [2]], 'int32'), { axis: 1 }), [[1], [6]]);
    await expectTensor(np.takeAlongAxis(x, tensor([[1, 0, 1]], 'int32'), { axis: 0 }), [[4, 2, 6]]);
    await expectTensor(np.takeAlongAxis(x, tensor([[-1, 3]], 'int32'), { axis: 1 }), [[3, NaN], [6, NaN]]);
    await expectTensor(np.takeAlongAxis(x, tensor([5, 0], 'int32'), { axis: null }), [6, 1]);
    expect(codeOf(() => np.takeAlongAxis(x, tensor([0], 'int32'), { axis: 1 }))).toBe('SHAPE');
  });
});

test('a tensor iterates over axis 0', async () => {
  const rows = [...x];
  expect(rows).toHaveLength(2);
  await expectTensor(rows[1]!, [4, 5, 6]);
  const [first] = x;
  await expectTensor(first!, [1, 2, 3]);
  expect([...np.zeros([0, 3])]).toEqual([]);
  expect(codeOf(() => [...tensor(1)])).toBe('AXIS');
});
