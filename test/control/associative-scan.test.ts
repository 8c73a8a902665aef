import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpu, grad, jit, lax, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { codeOf, expectTensor, tensor } from '../support/host.ts';
import { property } from '../support/property.ts';

interface Affine {
  readonly scale: Tensor;
  readonly shift: Tensor;
}

/** `x -> b(a(x))`, which is associative and not commutative. */
function after(a: Affine, b: Affine): Affine {
  return { scale: a.scale.mul(b.scale), shift: b.scale.mul(a.shift).add(b.shift) };
}

const quarters = fc.integer({ min: -8, max: 8 }).map((n) => n / 4);

property(
  'a linear recurrence equals the loop, in both directions, of any length',
  [fc.array(fc.tuple(quarters, quarters), { maxLength: 9 }), fc.boolean()],
  async (maps, reverse) => {
    const elems = { scale: tensor(maps.map(([scale]) => scale)), shift: tensor(maps.map(([, shift]) => shift)) };
    const result = lax.associativeScan(after, elems, { reverse });
    const expected: number[] = [];
    const inOrder = reverse ? maps.toReversed() : maps;
    inOrder.forEach(([scale, shift]) => expected.push(scale * (expected.at(-1) ?? 0) + shift));
    await expectTensor(result.shift, reverse ? expected.toReversed() : expected);
  },
  40,
);

test('along other axes, and of trees', async () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  await expectTensor(lax.associativeScan(np.add, x, { axis: 1 }), [[1, 3, 6], [4, 9, 15]]);
  await expectTensor(lax.associativeScan(np.add, x, { axis: -1, reverse: true }), [[6, 5, 3], [15, 11, 6]]);
  const [sum, [product]] = lax.associativeScan(([a, [b]], [c, [d]]) => [a.add(c), [b.mul(d)]], [x, [x]] as [Tensor, [Tensor]]);
  await expectTensor(sum, [[1, 2, 3], [5, 7, 9]]);
  await expectTensor(product, [[1, 2, 3], [4, 10, 18]]);
});

test('inside of other transforms', async () => {
  const rows = tensor([[1, 3, 2], [2, 1, 4]]);
  const largest = withDevice(cpu, () => vmap((row: Tensor) => lax.associativeScan(np.maximum, row))(rows));
  await expectTensor(largest, [[1, 3, 3], [2, 2, 4]]);
  const seen = withDevice(cpu, () => jit((x: Tensor) => lax.associativeScan(np.logicalOr, x.greater(2), { axis: 1 }))(rows));
  await expectTensor(seen, [[false, true, true], [false, false, true]], 'bool');
  const gradient = withDevice(cpu, () => grad((x: Tensor) => np.sum(lax.associativeScan(np.multiply, x)))(tensor([2, 0, 3])));
  await expectTensor(gradient, [1, 8, 0]);
});

describe('errors', () => {
  const x = tensor([[1, 2, 3], [4, 5, 6]]);

  test('in what is scanned', () => {
    expect(codeOf(() => lax.associativeScan(np.add, x, { axis: 2 }))).toBe('AXIS');
    expect(codeOf(() => lax.associativeScan((a) => a, [x, tensor([1, 2, 3])]))).toBe('SHAPE');
    expect(codeOf(() => lax.associativeScan(np.add, x, { axes: 1 } as object))).toBe('VALUE');
  });

  test('in what the function makes', () => {
    expect(codeOf(() => lax.associativeScan((a) => a.slice(0), x))).toBe('SHAPE');
    expect(codeOf(() => lax.associativeScan((a) => a.astype('int32'), x))).toBe('DTYPE');
    expect(codeOf(() => lax.associativeScan(((a: Tensor) => [a]) as unknown as typeof np.add, x))).toBe('PYTREE');
  });

  test('say what was expected', () => {
    expect(() => lax.associativeScan(function join(a: Tensor) { return a.astype('int32'); }, x)).toThrow(
      'associativeScan(join): fn made i32[1,3] of elems, which is f32[1,3]',
    );
  });
});
