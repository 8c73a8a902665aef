import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { SORTS } from '../../compiler/primitives/sort.ts';
import { jit, lax, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { expectAllSame } from '../support/arrays.ts';
import { pullback, pushforward } from '../support/derivatives.ts';
import { equationJaxpr, testLaws } from '../support/laws.ts';
import { property } from '../support/property.ts';
import { shapesWithAxes } from '../support/shapes.ts';
import { useWgsl } from '../support/wgsl.ts';

const [sort] = SORTS as [(typeof SORTS)[number]];
const dtypes = fc.array(fc.constantFrom<DType>('float32', 'int32', 'uint32', 'bool'), { minLength: 1, maxLength: 3 });

testLaws(
  sort,
  fc.tuple(shapesWithAxes, dtypes, fc.boolean()).chain(([shape, types, isStable]) =>
    fc.tuple(fc.nat(shape.length - 1), fc.integer({ min: 1, max: types.length })).map(([dimension, numKeys]) => ({
      inputs: types.map((dtype) => aval(dtype, shape)),
      params: { dimension, isStable, numKeys },
    })),
  ),
);

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function sorted(operands: readonly HostArray[], numKeys = 1): number[][] {
  return sort.reference(operands, { dimension: 0, isStable: true, numKeys }, evaluate).map(({ data }) => [...data]);
}

describe('the order', () => {
  const positions = (length: number): HostArray => fromNumbers('int32', [length], Array.from({ length }, (_, i) => i));

  test('of floats: zeros are equal, NaN is last', () => {
    const values = [nan, 0, -0, inf, -1, nan, -inf, -0];
    const [keys, order] = sorted([fromNumbers('float32', [8], values), positions(8)]);
    expect(keys).toEqual([-inf, -1, 0, -0, -0, inf, nan, nan]);
    expect(order).toEqual([6, 4, 1, 2, 7, 3, 0, 5]);
  });

  test('of several keys', () => {
    const [first, second] = [fromNumbers('bool', [4], [1, 0, 1, 0]), fromNumbers('uint32', [4], [3, 2 ** 32 - 1, 1, 7])];
    expect(sorted([first, second, positions(4)], 2)[2]).toEqual([3, 1, 2, 0]);
    expect(sorted([first, second, positions(4)])[2]).toEqual([1, 3, 0, 2]);
  });

  property('of integers is that of their values', [fc.array(fc.integer(), { maxLength: 40 })], (values) => {
    const [keys] = sorted([fromNumbers('int32', [values.length], values)]);
    expect(keys).toEqual(values.toSorted((a, b) => a - b));
  });
});

describe('derivatives move with their elements', () => {
  const jaxpr = equationJaxpr(sort, [aval('float32', [4])], { dimension: 0, isStable: true, numKeys: 1 });
  const x = fromNumbers('float32', [4], [3, 1, 3, 2]);
  const direction = fromNumbers('float32', [4], [10, 20, 30, 40]);

  test('forward', () => {
    expect([...pushforward(jaxpr, [x], [direction])[0]!.data]).toEqual([20, 40, 10, 30]);
  });

  test('and back to where they came from', () => {
    expect([...pullback(jaxpr, [x], [direction])[0]!.data]).toEqual([30, 10, 40, 20]);
  });
});

describe('errors', () => {
  const x = aval('float32', [2, 3]);

  test('different shapes, a wrong axis, keys that are not there', () => {
    const params = { dimension: 1, isStable: true, numKeys: 1 };
    expect(() => sort.type([x, aval('int32', [3])], params)).toThrow(
      '[SHAPE] sort: operands f32[2,3] and i32[3] have different shapes\n  fix: np.broadcastTo(y, x.shape)',
    );
    expect(() => sort.type([x], { ...params, dimension: 2 })).toThrow('[AXIS] sort: axis 2');
    expect(() => sort.type([x], { ...params, numKeys: 2 })).toThrow('[VALUE] sort: 2 keys of 1 operands\n  fix: numKeys: 1');
    expect(() => sort.type([], params)).toThrow('[IR_TYPE] sort: takes at least 1 operand');
  });
});

describe('on the device', () => {
  const wgsl = useWgsl();

  /** Few different values, so that there are many ties, with NaN, infinities and both zeros among them. */
  const wild = (length: number): number[] => {
    const values = [nan, inf, -inf, 0, -0, 1, -1, 3.5, 1e-30, -1e30];
    return Array.from({ length }, (_, i) => values[(i * i + 3 * i) % 11] ?? i % 5);
  };

  test.each([
    ['lines sorted by counting', [2, 100], 3],
    ['lines sorted by a network', [2, 1030], 70],
  ])('%s', async (_, shape, most) => {
    const size = shape[0]! * shape[1]!;
    const numbers = Array.from({ length: size }, (__, i) => i);
    const operands = [fromNumbers('float32', shape, wild(size)), fromNumbers('int32', shape, numbers)];
    const expected = sort.reference(operands, { dimension: 1, isStable: true, numKeys: 1 }, evaluate);
    const [keys, values] = operands.map(({ data, dtype }) => np.array(data, { dtype, shape }));
    wgsl.reset();
    const results = jit(lax.sortKeyVal, { device: wgsl.device })(keys!, values!);
    const read = async (tensor: Tensor): Promise<HostArray> => ({ dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() });
    expectAllSame(await Promise.all(results.map(read)), expected);
    expect(wgsl.counts.dispatches).toBeLessThanOrEqual(most);
  });

  test('integers at the ends of their range, along the first axis', async () => {
    const values = [5, -(2 ** 31), 2 ** 31 - 1, -1, 0, 1];
    const x = np.array(values, { dtype: 'int32', shape: [3, 2] });
    const result = jit((y: typeof x) => lax.sort(y, { dimension: 0 }), { device: wgsl.device })(x);
    expect([...(await result.data())]).toEqual([0, -(2 ** 31), 5, -1, 2 ** 31 - 1, 1]);
  });
});
