import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Tensor, Variable, np } from '../../src/index.ts';
import { tensorMethodsText } from '../../tools/tensor-methods.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';

describe('methods of Tensor', () => {
  test('are typed as the table and the functions say', { timeout: 60_000 }, () => {
    const text = readFileSync(new URL('../../src/tensor-methods.ts', import.meta.url), 'utf8');
    expect(text, 'stale: run `node dist/tools/tensor-methods.js`').toBe(tensorMethodsText());
  });

  test('are functions with the tensor as first operand', async () => {
    const x = tensor([[1, 2], [3, 4]]);
    await expectTensor(x.add(1).mul(2).sub(tensor([1, 1])).div(2), [[1.5, 2.5], [3.5, 4.5]]);
    await expectTensor(x.sum(0), [4, 6]);
    await expectTensor(x.matmul(x).max(), 22);
    await expectTensor(x.less(3).logicalNot(), [[false, false], [true, true]], 'bool');
    await expectTensor(x.pow(2).sqrt().reshape(-1), [1, 2, 3, 4]);
    await expectTensor(x.astype('int32').mod(2), [[1, 0], [1, 0]], 'int32');
    expect(x.add.name).toBe('add');
  });

  test('take Variables', async () => {
    class Weight extends Variable {}
    await expectTensor(tensor([1, 2]).mul(new Weight(3)), [3, 6]);
    await expectTensor(np.add(new Weight(tensor([1])), new Weight(tensor([2]))), [3]);
  });

  test('are not enumerable, so that a tensor compares and prints as what it holds', () => {
    expect(Object.keys(Tensor.prototype)).toEqual([]);
  });

  test('a mistake names the np function', () => {
    expect(codeOf(() => tensor([1, 2]).add(tensor([1, 2, 3])))).toBe('SHAPE');
    expect(() => tensor([1, 2]).add(tensor([1, 2, 3]))).toThrow(/^\[SHAPE\] np\.add: shapes \[2\] and \[3\] do not broadcast/);
  });
});
