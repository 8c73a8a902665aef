import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Params } from '../../compiler/ir/jaxpr.ts';
import { INDEXING } from '../../compiler/primitives/indexing.ts';
import type { Primitive } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { indexExpr } from '../../compiler/scalar/expression.ts';
import type { Value } from '../../compiler/scalar/expression.ts';
import { variable } from '../../compiler/scalar/indices.ts';
import { expectSame } from '../support/arrays.ts';
import { bufferValue } from '../support/expression-evaluator.ts';
import { testLaws } from '../support/laws.ts';
import type { Calls } from '../support/laws.ts';
import { perAxis, shapes } from '../support/shapes.ts';

function named(name: string): Primitive {
  return INDEXING.find((primitive) => primitive.name === name)!;
}

const dtypes = fc.constantFrom<DType>('float32', 'int32', 'uint32', 'bool');

/** A block no larger than the shape, and a start for each axis. */
const blocks = shapes.chain((shape) =>
  fc.tuple(perAxis(shape, (extent) => fc.nat(extent)), dtypes).map(([sizes, dtype]) => ({
    x: aval(dtype, shape),
    block: aval(dtype, sizes),
    starts: shape.map(() => aval('int32', [])),
  })),
);

const dynamicSlices: Calls = blocks.map(({ x, block, starts }) => ({
  inputs: [x, ...starts],
  params: { sliceSizes: block.shape },
}));
const dynamicUpdates: Calls = blocks.map(({ x, block, starts }) => ({ inputs: [x, block, ...starts], params: {} }));

const gathers: Calls = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat(3), { maxLength: 2 }),
    dtypes,
    fc.constantFrom<DType>('int32', 'uint32'),
    fc.constantFrom('fill', 'clip'),
    fc.nat(2),
  )
  .map(([shape, indices, dtype, index, mode, place]) => ({
    inputs: [aval(dtype, shape), aval(index, indices)],
    params: { axis: place % shape.length, mode },
  }));

/** The rows give domains for operands of rank 2 at most; a draw may have rank 3. */
function withDomains(primitive: Primitive): Primitive {
  const domains = 'low' in primitive.domain ? [primitive.domain] : primitive.domain;
  return { ...primitive, domain: [...domains, ...Array.from({ length: 3 }, () => domains.at(-1)!)] };
}

testLaws(withDomains(named('dynamic_slice')), dynamicSlices);
testLaws(withDomains(named('dynamic_update_slice')), dynamicUpdates);
testLaws(named('gather'), gathers);

describe('values', () => {
  const x = fromNumbers('float32', [5], [10, 11, 12, 13, 14]);
  const start = (value: number) => fromNumbers('int32', [], [value]);

  test.each([[-3, [10, 11]], [0, [10, 11]], [2, [12, 13]], [4, [13, 14]], [2147483647, [13, 14]]])(
    'dynamic_slice clamps the start %i',
    (at, expected) => {
      const [result] = named('dynamic_slice').reference([x, start(at)], { sliceSizes: [2] }, evaluate);
      expectSame(result!, fromNumbers('float32', [2], expected));
    },
  );

  test.each([[-3, [1, 2, 12, 13, 14]], [1, [10, 1, 2, 13, 14]], [9, [10, 11, 12, 1, 2]]])(
    'dynamic_update_slice clamps the start %i and leaves its operand alone',
    (at, expected) => {
      const [result] = named('dynamic_update_slice').reference([x, fromNumbers('float32', [2], [1, 2]), start(at)], {}, evaluate);
      expectSame(result!, fromNumbers('float32', [5], expected));
      expectSame(x, fromNumbers('float32', [5], [10, 11, 12, 13, 14]));
    },
  );

  const indices = fromNumbers('int32', [6], [0, -1, -5, -6, 5, 2]);
  test('gather wraps negative indices; beyond them it fills', () => {
    const params = { axis: 0, mode: 'fill' };
    const gather = (array: typeof x): number[] => [...named('gather').reference([array, indices], params, evaluate)[0]!.data];
    expect(gather(x)).toEqual([10, 14, 10, NaN, NaN, 12]);
    const values = [1, 2, 3, 4, 5];
    expect(gather(fromNumbers('int32', [5], values))).toEqual([1, 5, 1, -2147483648, -2147483648, 3]);
    expect(gather(fromNumbers('uint32', [5], values))).toEqual([1, 5, 1, 4294967295, 4294967295, 3]);
    expect(gather(fromNumbers('bool', [5], [0, 0, 1, 0, 0]))).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test('gather takes the nearest element under clip', () => {
    const [result] = named('gather').reference([x, indices], { axis: 0, mode: 'clip' }, evaluate);
    expect([...result!.data]).toEqual([10, 14, 10, 10, 14, 12]);
  });

  test('an unsigned index is never negative', () => {
    const large = fromNumbers('uint32', [2], [4294967295, 1]);
    expect([...named('gather').reference([x, large], { axis: 0, mode: 'fill' }, evaluate)[0]!.data]).toEqual([NaN, 11]);
    expect([...named('gather').reference([x, large], { axis: 0, mode: 'clip' }, evaluate)[0]!.data]).toEqual([14, 11]);
  });

  test('gather along an inner axis puts the axes of the indices there', () => {
    const matrix = fromNumbers('int32', [2, 3], [1, 2, 3, 4, 5, 6]);
    const columns = fromNumbers('int32', [1, 2], [2, 0]);
    const [result] = named('gather').reference([matrix, columns], { axis: 1, mode: 'fill' }, evaluate);
    expectSame(result!, fromNumbers('int32', [2, 1, 2], [3, 1, 6, 4]));
  });
});

test.each(['fill', 'clip'])('gathering at positions that are known to be in range is a plain load under %s', (mode) => {
  const { lowering } = named('gather');
  if (lowering.kind !== 'element') throw new Error('not an element');
  const x = aval('float32', [5]);
  const positions: Value = { aval: aval('int32', [5]), at: ([index]) => indexExpr(index!, 'int32') };
  const element = lowering.at([bufferValue(x, 0), positions], { axis: 0, mode }, [x])[0]!;
  expect(element([variable('i', 5)])).toEqual(bufferValue(x, 0).at([variable('i', 5)]));
});

describe('errors', () => {
  const x = aval('float32', [4, 5]);
  const i = aval('int32', []);
  const cases: [string, Aval[], Params, string][] = [
    [
      'dynamic_slice',
      [x, i, i],
      { sliceSizes: [2, 6] },
      '[SHAPE] dynamic_slice: a block of shape [2,6] does not fit into f32[4,5] along axis 1\n' +
        '  fix: a block of at most 5 along axis 1',
    ],
    ['dynamic_slice', [x, i], { sliceSizes: [2, 2] }, '[IR_TYPE] dynamic_slice: takes 2 starts, was given 1'],
    [
      'dynamic_slice',
      [x, i, aval('float32', [])],
      { sliceSizes: [2, 2] },
      "[DTYPE] dynamic_slice: the start along axis 1 must be i32[], it is f32[]\n  fix: i.astype('int32')",
    ],
    [
      'dynamic_slice',
      [x, aval('int32', [1]), i],
      { sliceSizes: [2, 2] },
      '[SHAPE] dynamic_slice: the start along axis 0 must be i32[], it is i32[1]\n  fix: i.reshape([])',
    ],
    ['dynamic_slice', [], { sliceSizes: [] }, '[IR_TYPE] dynamic_slice: takes at least 1 operand, was given 0'],
    [
      'dynamic_update_slice',
      [x, aval('int32', [1, 1]), i, i],
      {},
      '[DTYPE] dynamic_update_slice: operands f32[4,5] and i32[1,1] have different dtypes',
    ],
    ['dynamic_update_slice', [x, aval('float32', [1]), i, i], {}, '[SHAPE] dynamic_update_slice: the block has 1 entries'],
    ['gather', [x, i], { axis: 2, mode: 'fill' }, '[AXIS] gather: axis 2 is outside rank 2'],
    ['gather', [x, aval('float32', [3])], { axis: 0, mode: 'fill' }, '[DTYPE] gather: takes integer indices, was given f32'],
    [
      'gather',
      [x, i],
      { axis: 0, mode: 'wrap' },
      "[VALUE] gather: mode must be 'fill' or 'clip', it is 'wrap'\n  fix: mode: 'fill'",
    ],
    [
      'gather',
      [aval('float32', [0, 2]), aval('int32', [3])],
      { axis: 0, mode: 'fill' },
      '[SHAPE] gather: axis 0 of f32[0,2] is empty, so no index of [3] is in range',
    ],
  ];
  test.each(cases)('%s of %o by %o', (name, inputs, params, message) => {
    expect(() => named(name).type(inputs, params)).toThrow(message);
  });
});
