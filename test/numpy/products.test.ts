import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';
import { property } from '../support/property.ts';

/** 1, 2, 3 ... in a shape: products and sums of few stay exact. */
function counting(shape: readonly number[], from = 1): Tensor {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return np.array(Array.from({ length: size }, (_, i) => ((i + from) % 7) - 3), { shape });
}

describe('matmul', () => {
  const [a, b] = [tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])];

  test('matrices and vectors', async () => {
    await expectTensor(np.matmul(a, b), [[19, 22], [43, 50]]);
    await expectTensor(np.matmul(a, tensor([1, 2])), [5, 11]);
    await expectTensor(np.matmul(tensor([1, 2]), a), [7, 10]);
    await expectTensor(np.matmul(tensor([1, 2]), tensor([3, 4])), 11);
    await expectTensor(a.matmul(tensor([[1], [2]], 'int32')), [[5], [11]]);
    await expectTensor(np.matmul(tensor([[true]]), tensor([[true]])), [[1]], 'int32');
  });

  test('batches broadcast', async () => {
    const batch = np.stack([a, b]);
    await expectTensor(np.matmul(batch, a), [[[7, 10], [15, 22]], [[23, 34], [31, 46]]]);
    await expectTensor(np.matmul(a, batch), [[[7, 10], [15, 22]], [[19, 22], [43, 50]]]);
    await expectTensor(np.matmul(batch, batch), [[[7, 10], [15, 22]], [[67, 78], [91, 106]]]);
    await expectTensor(np.matmul(tensor([1, 0]), batch), [[1, 2], [5, 6]]);
    expect(np.matmul(np.zeros([4, 1, 2, 3]), np.zeros([5, 3, 6])).shape).toEqual([4, 5, 2, 6]);
    expect(np.matmul(np.zeros([2, 0]), np.zeros([0, 3])).shape).toEqual([2, 3]);
  });

  test('what does not fit', () => {
    expect(codeOf(() => np.matmul(a, tensor([1, 2, 3])))).toBe('SHAPE');
    expect(codeOf(() => np.matmul(a, 2))).toBe('SHAPE');
    expect(codeOf(() => np.matmul(np.zeros([2, 2, 2]), np.zeros([3, 2, 2])))).toBe('SHAPE');
  });

  test('the fix transposes an operand where that fits', () => {
    const product = (x: readonly number[], y: readonly number[]) => (): Tensor => np.matmul(np.ones(x), np.ones(y));
    expect(product([2, 3], [4, 3])).toThrow('fix: np.matmul(x, np.swapaxes(y, -1, -2))');
    expect(product([3, 2], [3, 4])).toThrow('fix: np.matmul(np.swapaxes(x, -1, -2), y)');
    expect(product([2, 3], [2])).toThrow('fix: np.matmul(np.swapaxes(x, -1, -2), y)');
    expect(product([2, 3], [4, 5])).toThrow('fix: np.matmul(np.ones([2,3]), np.ones([3,5]))');
  });
});

test('the other products', async () => {
  const [u, v] = [tensor([1, 2]), tensor([3, 4])];
  await expectTensor(np.dot(u, v), 11);
  await expectTensor(np.dot(u, 2), [2, 4]);
  expect(np.dot(np.zeros([2, 3, 4]), np.zeros([5, 4, 6])).shape).toEqual([2, 3, 5, 6]);
  await expectTensor(np.vdot(tensor([[1], [2]]), v), 11);
  await expectTensor(np.inner(tensor([[1, 2], [3, 4]]), v), [11, 25]);
  await expectTensor(np.outer(u, v), [[3, 4], [6, 8]]);
  await expectTensor(np.vecdot(tensor([[1, 2], [3, 4]]), v), [11, 25]);
  await expectTensor(np.tensordot(tensor([[1, 2], [3, 4]]), tensor([[5, 6], [7, 8]])), 70);
  await expectTensor(np.tensordot(u, v, { axes: 0 }), [[3, 4], [6, 8]]);
  expect(np.tensordot(np.zeros([2, 3, 4]), np.zeros([4, 2, 5]), { axes: [[0, 2], [1, 0]] }).shape).toEqual([3, 5]);
  expect(codeOf(() => np.vdot(u, tensor([1])))).toBe('SHAPE');
  expect(codeOf(() => np.tensordot(u, v, { axes: [[0], [0, 0]] }))).toBe('AXIS');
  expect(codeOf(() => np.tensordot(u, v, { axes: 2 }))).toBe('AXIS');
});

describe('einsum', () => {
  /** The definition: the sum over all labels of the product of the elements. */
  function byDefinition(text: string, tensors: readonly (readonly number[])[], shapes: readonly (readonly number[])[]): number[] {
    const [left = '', output = ''] = text.split('->');
    const terms = left.split(',');
    const extents = new Map<string, number>();
    terms.forEach((term, i) => [...term].forEach((label, axis) => extents.set(label, shapes[i]![axis]!)));
    const labels = [...output, ...[...extents.keys()].filter((label) => !output.includes(label))];
    const result = new Array<number>([...output].reduce((size, label) => size * extents.get(label)!, 1)).fill(0);
    const visit = (index: Map<string, number>): void => {
      const label = labels[index.size];
      if (label !== undefined) {
        for (let i = 0; i < extents.get(label)!; i++) visit(new Map(index).set(label, i));
        return;
      }
      const place = (term: string, shape: readonly number[]): number =>
        [...term].reduce((sum, l, axis) => sum * shape[axis]! + index.get(l)!, 0);
      const product = terms.reduce((value, term, i) => value * tensors[i]![place(term, shapes[i]!)]!, 1);
      result[place(output, [...output].map((l) => extents.get(l)!))]! += product;
    };
    visit(new Map());
    return result;
  }

  const SIZES: Readonly<Record<string, number>> = { a: 2, b: 3, c: 1, d: 2 };
  const term = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }).map((labels) => labels.join(''));

  const operands = fc.array(term, { minLength: 1, maxLength: 3 });
  const ranking = fc.array(fc.nat(), { minLength: 4, maxLength: 4 });

  property('is its definition', [operands, ranking], async (terms, order) => {
    const all = [...new Set(terms.join(''))].sort((x, y) => order[x.charCodeAt(0) - 97]! - order[y.charCodeAt(0) - 97]!);
    const text = `${terms.join(',')}->${all.slice(0, order[0]! % 4).join('')}`;
    const shapes = terms.map((labels) => [...labels].map((label) => SIZES[label]!));
    const tensors = shapes.map((shape, i) => counting(shape, i));
    const values = await Promise.all(tensors.map(async (x) => [...(await x.data())]));
    const result = np.einsum(text, ...tensors);
    expect([...(await result.data())].map((value) => value + 0)).toEqual(byDefinition(text, values, shapes));
  }, 200);

  test('without an output: labels that occur once, in alphabetical order', async () => {
    const m = tensor([[1, 2], [3, 4]]);
    await expectTensor(np.einsum('ba', m), [[1, 3], [2, 4]]);
    await expectTensor(np.einsum('ii', m), 5);
    await expectTensor(np.einsum('ij , jk', m, m), [[7, 10], [15, 22]]);
  });

  test('an ellipsis broadcasts', () => {
    expect(np.einsum('...ij,...jk->...ik', np.zeros([4, 1, 2, 3]), np.zeros([5, 3, 6])).shape).toEqual([4, 5, 2, 6]);
    expect(np.einsum('i...->...', np.zeros([2, 3, 4])).shape).toEqual([3, 4]);
    expect(np.einsum('...i,i', np.zeros([5, 2]), np.zeros([2])).shape).toEqual([5]);
  });

  test('what does not parse or fit', () => {
    const m = np.zeros([2, 3]);
    for (const text of ['ij->jk', 'ij->ii', 'i->j->k', 'i1', 'ij,jk']) expect(codeOf(() => np.einsum(text, m))).toBe('VALUE');
    expect(codeOf(() => np.einsum('ii', m))).toBe('SHAPE');
    expect(codeOf(() => np.einsum('ijk', m))).toBe('SHAPE');
    expect(codeOf(() => np.einsum('ij,ij', m, np.zeros([3, 2])))).toBe('SHAPE');
  });
});
