/** Operations counted from shapes: exact for what the definition fixes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { equationCosts, flopsOf } from '../compiler/cost.ts';
import { parseJaxpr } from '../compiler/ir/parse.ts';
import { checkpoint, grad, jit, lax, makeJaxpr, np, vmap } from '../src/index.ts';
import type { Tensor } from '../src/index.ts';
import { property } from './support/property.ts';

/** The operations of a function of tensors of these shapes. */
function flops(f: (...xs: Tensor[]) => unknown, ...shapes: (readonly number[])[]): number {
  return flopsOf(makeJaxpr(f)(...shapes.map((shape) => np.zeros(shape))).jaxpr);
}

const extent = fc.integer({ min: 1, max: 9 });

describe('a product', () => {
  const extents = [extent, extent, extent, extent] as const;
  property('of matrices is 2mnk, and over a batch as often as it is large', extents, (m, n, k, batch) => {
    const multiply = (x: Tensor, y: Tensor): Tensor => x.matmul(y);
    expect(flops(multiply, [m, k], [k, n])).toBe(2 * m * n * k);
    expect(flops(vmap(multiply), [batch, m, k], [batch, k, n])).toBe(2 * batch * m * n * k);
  }, 30);

  test('by einsum counts paired axes once', () => {
    expect(flops((x, y) => np.einsum('bik,bkj->bij', x, y), [5, 2, 3], [5, 3, 4])).toBe(2 * 5 * 2 * 3 * 4);
  });

  test('in its gradient is two more of the size', () => {
    const loss = (w: Tensor, x: Tensor): Tensor => x.matmul(w).sum();
    const product = 2 * 2 * 3 * 4;
    // The value, which the gradient does not need, its sum, and the one product with the transposed operand.
    expect(flops(grad(loss), [3, 4], [2, 3])).toBe(2 * product + 2 * 4 - 1);
    expect(flops(grad(loss, { argnums: [0, 1] }), [3, 4], [2, 3])).toBe(3 * product + 2 * 4 - 1);
  });

  test('of a convolution counts the kernel at every place', () => {
    const convolve = `{ lambda ; a:f32[2,8,8,4] b:f32[3,3,2,6]. let c:f32[2,6,6,6] = conv_general_dilated[
      batch_group_count=1 dimension_numbers=((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)) feature_group_count=2
      lhs_dilation=(1, 1) padding=((0, 0), (0, 0)) rhs_dilation=(1, 1) window_strides=(1, 1)] a b in (c,) }`;
    expect(flopsOf(parseJaxpr(convolve))).toBe(2 * (2 * 6 * 6 * 6) * (3 * 3 * 2));
  });
});

test('arithmetic is 1 per element of the result, moves and conversions nothing', () => {
  expect(flops((x, y) => np.exp(x).add(y).mul(2), [3, 4], [4])).toBe(3 * 12);
  expect(flops((x) => x.reshape([4, 3]).transpose().astype('int32'), [3, 4])).toBe(0);
  expect(flops((x) => np.concatenate([x, np.pad(x, [[1, 1]])]), [3])).toBe(0);
});

test('a reduction is one less than what goes into each result', () => {
  expect(flops((x) => x.sum(), [3, 4])).toBe(11);
  expect(flops((x) => x.max(1), [3, 4])).toBe(9);
  expect(flops((x) => np.argmax(x, { axis: 0 }), [3, 4])).toBe(8);
  expect(flops((x) => np.cumsum(x, { axis: 1 }), [3, 4])).toBe(9);
  expect(flops((x) => np.sort(x), [3, 8])).toBe(24 * 3);
});

describe('control flow', () => {
  const body = (x: Tensor): Tensor => np.tanh(x).mul(2);

  property('a scan, jitted or not, is its length times its body', [fc.integer({ min: 1, max: 50 })], (length) => {
    const loop = (x: Tensor): Tensor => lax.scan((carry: Tensor): [Tensor, null] => [body(carry), null], x, null, { length })[0];
    expect(flops(loop, [7])).toBe(length * flops(body, [7]));
    expect(flops(jit(loop), [7])).toBe(length * flops(body, [7]));
    const nested = (x: Tensor): Tensor => lax.foriLoop(0, 3, (_, y: Tensor) => loop(y), x);
    expect(flops(nested, [7]) - 3 * length * flops(body, [7])).toBeLessThanOrEqual(3); // the counter
  }, 20);

  test('a cond is its larger branch', () => {
    const choose = (x: Tensor): Tensor => lax.cond(np.greater(x.sum(), 0), body, (y: Tensor) => np.exp(y), x);
    expect(flops(choose, [5]) - flops((x) => np.greater(x.sum(), 0), [5])).toBeLessThanOrEqual(2 * 5 + 1);
    expect(flops(choose, [5])).toBeGreaterThanOrEqual(2 * 5);
  });

  test('of a while loop one step is counted, and said to be', () => {
    const { jaxpr } = makeJaxpr((x: Tensor) => lax.whileLoop((y: Tensor) => np.less(y.sum(), 9), body, x))(np.ones([4]));
    const costs = equationCosts(jaxpr);
    expect(costs.filter(({ open }) => !open).map(({ equation }) => equation.primitive.name)).toEqual(['while']);
    expect(flopsOf(jaxpr)).toBe(2 * 4 + 3 + 1);
  });
});

test('calls are counted as what they call', () => {
  const f = (x: Tensor): Tensor => np.tanh(x).mul(x);
  for (const call of [jit(f), checkpoint(f)]) expect(flops(call, [6])).toBe(flops(f, [6]));
  const sums = (x: Tensor): unknown => lax.scan((c: Tensor, y: Tensor): [Tensor, Tensor] => [c.add(y), c], np.zeros([]), x);
  const stepped = equationCosts(makeJaxpr(sums)(np.ones([6])).jaxpr).filter((cost) => cost.flops > 0);
  expect(stepped.map(({ equation, times }) => [equation.primitive.name, times])).toEqual([['add', 6]]);
});
