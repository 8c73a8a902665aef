import { describe, expect, expectTypeOf, test } from 'vitest';
import { Param, Rngs, nnx, np, tree } from '../src/index.ts';
import type { State, Tensor } from '../src/index.ts';
import { assertAllClose } from '../src/testing/index.ts';
import { codeOf } from './support/host.ts';

describe('tree.map', () => {
  test('keeps the structure and knows its type', async () => {
    const doubled = tree.map((x) => x.mul(2), { a: np.ones([2]), b: [np.ones([1]), null] as [Tensor, null] });
    expectTypeOf(doubled).toEqualTypeOf<{ a: Tensor; b: [Tensor, null] }>();
    await assertAllClose(doubled.a, [2, 2]);
    expect(doubled.b[1]).toBe(null);
    const shapes = tree.map((x) => x.shape.length, { a: np.ones([2]) });
    expectTypeOf(shapes).toEqualTypeOf<{ a: number }>();
    expect(shapes).toEqual({ a: 1 });
  });

  test('takes leaves of several trees, of one structure', async () => {
    const [x, y] = [{ w: np.ones([2]), b: np.zeros([1]) }, { w: np.full([2], 3), b: np.ones([1]) }];
    const mean = tree.map((a, b) => a.add(b!).div(2), x, y);
    await assertAllClose(mean.w, [2, 2]);
    expect(codeOf(() => tree.map((a) => a, x, { w: np.ones([2]) } as typeof x))).toBe('PYTREE');
  });

  test('reads the Variables of a State, and gives new ones of their class', async () => {
    const layer = new nnx.Linear(2, 1, { rngs: new Rngs(0) });
    const [state] = layer.split();
    const ones = tree.map((value) => np.onesLike(value), state);
    expectTypeOf(ones).toEqualTypeOf<State<nnx.Linear>>();
    expect(ones.get('kernel')).toBeInstanceOf(Param);
    await assertAllClose(ones.get('kernel').value, [[1], [1]]);
    expect(state.get('kernel')).toBe(layer.kernel);
    layer.update(tree.map((a, b) => a.sub(b!), state, state));
    await assertAllClose(layer.kernel.value, [[0], [0]]);
  });
});

test('tree.leaves and tree.shapes', () => {
  const layer = new nnx.Linear(2, 1, { rngs: new Rngs(0) });
  expect(tree.leaves({ a: 1, b: [null, 'x'] })).toEqual([1, 'x']);
  const byPath = { bias: [1], kernel: [2, 1] };
  expect(tree.shapes({ layer, states: [layer.split()[0]], n: 1 })).toEqual({ layer: byPath, states: [byPath], n: 1 });
});
