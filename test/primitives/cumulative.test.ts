import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { CUMULATIVE } from '../../compiler/primitives/cumulative.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { jit, lax, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { pushforward } from '../support/derivatives.ts';
import { expectClose } from '../support/close.ts';
import { equationJaxpr, testLaws } from '../support/laws.ts';
import { shapesWithAxes } from '../support/shapes.ts';
import { useWgsl } from '../support/wgsl.ts';

function named(name: string): Primitive {
  return CUMULATIVE.find((primitive) => primitive.name === name)!;
}

for (const primitive of CUMULATIVE) {
  const dtypes = [...new Set(primitive.samples.map(({ inputs }) => inputs[0]!.dtype))];
  testLaws(
    primitive,
    fc.tuple(shapesWithAxes, fc.constantFrom(...dtypes), fc.boolean()).chain(([shape, dtype, reverse]) => {
      return fc.nat(shape.length - 1).map((axis) => ({ inputs: [aval(dtype, shape)], params: { axis, reverse } }));
    }),
  );
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

describe('lines with NaN and infinities', () => {
  const line = (name: string, values: readonly number[], reverse: boolean): number[] => {
    const operand = fromNumbers('float32', [values.length], values);
    return [...named(name).reference([operand], { axis: 0, reverse }, evaluate)[0]!.data];
  };

  test.each([
    ['cumsum', [1, inf, 2, -inf, 1], [1, inf, inf, nan, nan]],
    ['cumsum', [1, nan, 2], [1, nan, nan]],
    ['cumprod', [2, 0, 3, inf], [2, 0, 0, nan]],
    ['cummax', [1, 3, 2, nan, 5], [1, 3, 3, nan, nan]],
    ['cummax', [-inf, -inf, 0], [-inf, -inf, 0]],
    ['cummin', [1, 3, -inf, nan, 5], [1, 1, -inf, nan, nan]],
    ['cumlogsumexp', [-inf, -inf, 1, inf, 0], [-inf, -inf, 1, inf, inf]],
    ['cumlogsumexp', [0, nan, 1], [0, nan, nan]],
    ['cumlogsumexp', [1000, -1000], [1000, 1000]],
  ])('%s of %o', (name, values, expected) => {
    expect(line(name, values, false)).toEqual(expected);
    expect(line(name, values.toReversed(), true)).toEqual(expected.toReversed());
  });

  test('integers wrap', () => {
    const large = fromNumbers('int32', [2], [2 ** 31 - 1, 2]);
    const last = (name: string): number => named(name).reference([large], { axis: 0, reverse: false }, evaluate)[0]!.data[1]!;
    expect(last('cumsum')).toBe(1 - 2 ** 31);
    expect(last('cumprod')).toBe(-2);
  });
});

describe('tangents at zeros and ties are those of an associative scan', () => {
  /** Row i: the tangents of the line, when only element i moves. */
  const jacobian = (name: string, values: readonly number[], reverse = false): number[][] => {
    const { length } = values;
    const jaxpr = equationJaxpr(named(name), [aval('float32', [length])], { axis: 0, reverse });
    return values.map((_, i) => {
      const unit = fromNumbers('float32', [length], values.map((__, k) => Number(i === k)));
      return [...pushforward(jaxpr, [fromNumbers('float32', [length], values)], [unit])[0]!.data];
    });
  };

  test.each([
    ['cumprod', [2, 0, 3], [[1, 0, 0], [0, 2, 6], [0, 0, 0]]],
    ['cumprod', [0, 0, 3], [[1, 0, 0], [0, 0, 0], [0, 0, 0]]],
    ['cummax', [1, 1, 1], [[1, 0.5, 0.25], [0, 0.5, 0.25], [0, 0, 0.5]]],
    ['cummax', [3, 1, 3, 1], [[1, 1, 0.5, 0.5], [0, 0, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0, 0]]],
    ['cummin', [1, 1, 2], [[1, 0.5, 0.5], [0, 0.5, 0.5], [0, 0, 0]]],
    ['cumlogsumexp', [0, 0], [[1, 0.5], [0, 0.5]]],
    ['cumlogsumexp', [-inf, 0], [[1, 0], [0, 1]]],
  ])('%s of %o', (name, values, expected) => {
    jacobian(name, values).forEach((row, i) => row.forEach((value, k) => expect(value).toBeCloseTo(expected[i]![k]!, 6)));
  });

  test.each([false, true])('of a line that is cut in blocks (reversed: %s)', (reverse) => {
    const length = 1100;
    const values = Array.from({ length }, (_, i) => 1 + Math.sin(i) / 50);
    const directions = Array.from({ length }, (_, i) => (i % 3) - 1);
    const jaxpr = equationJaxpr(named('cumprod'), [aval('float32', [length])], { axis: 0, reverse });
    const [x, dx] = [values, directions].map((numbers) => fromNumbers('float32', [length], numbers)) as [HostArray, HostArray];
    const [y] = named('cumprod').reference([x], { axis: 0, reverse }, evaluate);
    const [dy] = pushforward(jaxpr, [x], [dx]);
    // Without zeros, dy / y is the sum of dx / x.
    const order = reverse ? values.map((_, i) => length - 1 - i) : [...values.keys()];
    let sum = 0;
    for (const i of order) {
      sum += directions[i]! / values[i]!;
      expect(dy!.data[i]! / y!.data[i]!).toBeCloseTo(sum, 3);
    }
  });

  test('from the end', () => {
    expect(jacobian('cumprod', [3, 0, 2], true)).toEqual([[0, 0, 0], [6, 2, 0], [0, 0, 1]]);
  });
});

describe('errors', () => {
  test('a wrong axis, or dtype', () => {
    expect(() => named('cumsum').type([aval('float32', [2, 3])], { axis: 2, reverse: false })).toThrow('[AXIS] cumsum: axis 2');
    expect(() => named('cumsum').type([aval('bool', [2])], { axis: 0, reverse: false })).toThrow(
      "[DTYPE] cumsum: takes numbers, was given bool\n  fix: x.astype('int32')",
    );
    expect(() => named('cumlogsumexp').type([aval('int32', [2])], { axis: 0, reverse: false })).toThrow('[DTYPE]');
  });
});

describe('on the device', () => {
  const wgsl = useWgsl();
  const run = async (f: (x: Tensor) => Tensor, x: Tensor): Promise<{ result: HostArray; dispatches: number }> => {
    wgsl.reset();
    const tensor = jit(f, { device: wgsl.device })(x);
    const result = { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() };
    return { result, dispatches: wgsl.counts.dispatches };
  };

  test('a line is one thread, and what is read is computed there', async () => {
    const x = np.reshape(np.arange(12), [4, 3]);
    const { result, dispatches } = await run((y) => np.cumsum(y.mul(2).astype('float32'), 0), x);
    expect([...result.data]).toEqual([0, 2, 4, 6, 10, 14, 18, 24, 30, 36, 44, 52]);
    expect(dispatches).toBe(1);
  });

  test.each([false, true])('a long line is cut in blocks (reversed: %s)', async (reverse) => {
    const length = 1030;
    const values = Array.from({ length: 2 * length }, (_, i) => ((i * 37) % 101) / 8 - 6);
    const x = np.array(values, { shape: [2, length] });
    const { result, dispatches } = await run((y) => lax.cumsum(y, 1, { reverse }), x);
    const operand = fromNumbers('float32', [2, length], values);
    expectClose(result, named('cumsum').reference([operand], { axis: 1, reverse }, evaluate)[0]!, 1e-6);
    expect(dispatches).toBeLessThanOrEqual(4);
  });

  test('mapped lines', async () => {
    const x = np.reshape(np.arange(6).astype('float32'), [3, 2]);
    const largest = (line: Tensor): Tensor => lax.cummax(line.neg(), 0, { reverse: true });
    const { result } = await run(vmap(largest, { inAxes: 1, outAxes: 1 }), x);
    expect([...result.data]).toEqual([-0, -1, -2, -3, -4, -5]);
  });
});
