/** iota: positions as values. */
import type { DType } from '../../dtype.ts';
import { roundTo, shortName } from '../../dtype.ts';
import { aval } from '../../ir/jaxpr.ts';
import { filled } from '../../reference/arrays.ts';
import { applyExpr, indexExpr } from '../../scalar/expression.ts';
import type { Expr, ScalarFunction } from '../../scalar/expression.ts';
import type { Index } from '../../scalar/indices.ts';
import { sizeOf } from '../../shape.ts';
import { expectAxes, expectCount, expectDtype, expectExtents } from '../checks.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';

type Iota = { readonly dtype: DType; readonly shape: readonly number[]; readonly dimension: number };

/** An index as a float. */
const TO_FLOAT: ScalarFunction = {
  name: 'index_to_float',
  cost: 'free',
  wgsl: ([x], _, result) => `${shortName(result)}(${x})`,
  helpers: () => [],
};

function position(index: Index, dtype: DType): Expr {
  if (dtype === 'int32' || dtype === 'uint32') return indexExpr(index, dtype);
  return applyExpr(TO_FLOAT, dtype, [indexExpr(index, 'uint32')]);
}

export const iota: Primitive = definePrimitive<Iota>({
  name: 'iota',
  doc: 'Every element is its position along one axis.',
  type(inputs, { dtype, shape, dimension }) {
    expectCount('iota', inputs, 0);
    expectDtype('iota', aval(dtype, []), dtype !== 'bool', 'a dtype of numbers', `dtype: 'int32'`);
    expectExtents('iota', 'shape', shape);
    expectAxes('iota', [dimension], shape.length);
    return [aval(dtype, shape)];
  },
  reference(_, { dtype, shape, dimension }) {
    const result = filled(dtype, shape, 0);
    const inner = sizeOf(shape.slice(dimension + 1));
    for (let i = 0; i < result.data.length; i++) {
      result.data[i] = roundTo(dtype, Math.floor(i / inner) % shape[dimension]!);
    }
    return [result];
  },
  lowering: { kind: 'element', view: true, at: (_, { dtype, dimension }) => [(indices) => position(indices[dimension]!, dtype)] },
  jvp: { kind: 'zero', reason: 'it has no operands' },
  transpose: { kind: 'nonlinear', reason: 'it has no operands' },
  batch: (o, _, __, params) => ({ outputs: [o.iota(params)], axes: [null] }),
  samples: [
    { inputs: [], params: { dtype: 'int32', shape: [5], dimension: 0 } },
    { inputs: [], params: { dtype: 'uint32', shape: [2, 3], dimension: 1 } },
    { inputs: [], params: { dtype: 'float32', shape: [4, 2, 3], dimension: 0 } },
  ],
  domain: { low: 0, high: 1 },
  tolerance: 0,
});
