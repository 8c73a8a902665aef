/** Reductions over axes, which the output does not have, and arg-reductions over one axis. */
import type { DType } from '../dtype.ts';
import { isInteger } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { aval } from '../ir/jaxpr.ts';
import type { Aval } from '../ir/jaxpr.ts';
import { showShape, sizeOf } from '../shape.ts';
import { batched, batchSole, besideMapped, range } from './batching.ts';
import { expectAxes, expectDtype, soleOperand } from './checks.ts';
import { DISCRETE, nonlinear } from './derivatives.ts';
import { transposeFirst } from './linear.ts';
import { definePrimitive } from './primitive.ts';
import type { Domain, JvpRule, Monoid, Primitive, Sample, TransposeRule } from './primitive.ts';
import { CONJUNCTION, DISJUNCTION, MAXIMUM, MINIMUM, PRODUCT, SUM, argExtremum, fold, withoutAxes } from './reduce/fold.ts';
import type { Fold } from './reduce/fold.ts';
import { extremumTangent, productTangent } from './reduce/tangents.ts';
import type { Axes } from './reduce/tangents.ts';

interface Reduction {
  readonly name: string;
  readonly doc: string;
  readonly monoid: Monoid;
  readonly fold: Fold;
  readonly accepts: (dtype: DType) => boolean;
  /** What it accepts, in words, and how to get there. */
  readonly wanted: string;
  readonly fix: string;
  readonly jvp: JvpRule<Axes>;
  readonly transpose: TransposeRule<Axes>;
  readonly dtypes: readonly DType[];
  readonly domain: Domain;
  readonly tolerance: number;
}

function samplesOf(dtypes: readonly DType[]): Sample<Axes>[] {
  return dtypes.flatMap((dtype) => [
    { inputs: [aval(dtype, [3, 4])], params: { axes: [1] } },
    { inputs: [aval(dtype, [2, 3, 5])], params: { axes: [0, 2] } },
    { inputs: [aval(dtype, [7])], params: { axes: [0] } },
    { inputs: [aval(dtype, [2, 0])], params: { axes: [1] } },
    { inputs: [aval(dtype, [2, 3])], params: { axes: [] } },
  ]);
}

function reduction(row: Reduction): Primitive {
  const primitive: Primitive = definePrimitive<Axes>({
    name: row.name,
    doc: row.doc,
    type(inputs, { axes }) {
      const operand = soleOperand(row.name, inputs);
      expectDtype(row.name, operand, row.accepts(operand.dtype), row.wanted, row.fix);
      expectAxes(row.name, axes, operand.shape.length);
      return [{ ...operand, shape: withoutAxes(operand.shape, axes) }];
    },
    reference: ([x], { axes }) => [fold(x!, axes, row.fold)],
    lowering: { kind: 'reduce', monoid: row.monoid, axes: ({ axes }) => axes },
    jvp: row.jvp,
    transpose: row.transpose,
    batch: batchSole((o, x, mapped, { axes }) => {
      const [output] = o.bind(primitive, [x], { axes: axes.map((axis) => besideMapped(axis, mapped)) });
      return batched(output!, mapped - axes.filter((axis) => axis < mapped).length);
    }),
    samples: samplesOf(row.dtypes),
    domain: row.domain,
    tolerance: row.tolerance,
  });
  return primitive;
}

const ANY = { accepts: () => true, wanted: 'any dtype', fix: '' };
const NUMBERS = { accepts: (dtype: DType) => dtype !== 'bool', wanted: 'numbers', fix: `x.astype('int32')` };
const BITS = {
  accepts: (dtype: DType) => dtype === 'bool' || isInteger(dtype),
  wanted: 'bool or integers',
  fix: 'np.notEqual(x, 0)',
};

const reduceSum = reduction({
  name: 'reduce_sum',
  doc: 'The sum over axes; 0 over none. Integers wrap.',
  monoid: 'sum',
  fold: SUM,
  ...NUMBERS,
  jvp: { kind: 'linear' },
  transpose: transposeFirst((o, cotangent, { shape }, { axes }) =>
    o.broadcastInDim(cotangent, { shape, broadcastDimensions: range(shape.length).filter((axis) => !axes.includes(axis)) }),
  ),
  dtypes: ['float32', 'int32', 'uint32'],
  domain: { low: 0.25, high: 4 },
  tolerance: 1e-6,
});

const reduceProd = reduction({
  name: 'reduce_prod',
  doc: 'The product over axes; 1 over none. Integers wrap.',
  monoid: 'prod',
  fold: PRODUCT,
  ...NUMBERS,
  jvp: { kind: 'partials', partials: [productTangent] },
  transpose: nonlinear('a product is not linear in its factors'),
  dtypes: ['float32', 'int32', 'uint32'],
  domain: { low: -2, high: 2 },
  tolerance: 1e-6,
});

const reduceMax = reduction({
  name: 'reduce_max',
  doc: 'The maximum over axes, NaN if any is; the lowest value of the dtype over none.',
  monoid: 'max',
  fold: MAXIMUM,
  ...ANY,
  jvp: { kind: 'partials', partials: [extremumTangent] },
  transpose: nonlinear('a maximum is not linear'),
  dtypes: ['float32', 'int32', 'uint32', 'bool'],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});

const reduceMin = reduction({
  name: 'reduce_min',
  doc: 'The minimum over axes, NaN if any is; the highest value of the dtype over none.',
  monoid: 'min',
  fold: MINIMUM,
  ...ANY,
  jvp: { kind: 'partials', partials: [extremumTangent] },
  transpose: nonlinear('a minimum is not linear'),
  dtypes: ['float32', 'int32', 'uint32', 'bool'],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});

const reduceAnd = reduction({
  name: 'reduce_and',
  doc: 'The bitwise and over axes; all bits over none.',
  monoid: 'and',
  fold: CONJUNCTION,
  ...BITS,
  jvp: DISCRETE,
  transpose: nonlinear('bits have no cotangents'),
  dtypes: ['bool', 'int32', 'uint32'],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});

const reduceOr = reduction({
  name: 'reduce_or',
  doc: 'The bitwise or over axes; no bits over none.',
  monoid: 'or',
  fold: DISJUNCTION,
  ...BITS,
  jvp: DISCRETE,
  transpose: nonlinear('bits have no cotangents'),
  dtypes: ['bool', 'int32', 'uint32'],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});

type OneAxis = { readonly axes: readonly [number] };

function argReduction(name: 'argmax' | 'argmin', doc: string, better: (a: number, b: number) => boolean): Primitive {
  const sample = (dtype: DType, shape: readonly number[], axis: number): Sample<OneAxis> => ({
    inputs: [aval(dtype, shape)],
    params: { axes: [axis] },
  });
  const primitive: Primitive = definePrimitive<OneAxis>({
    name,
    doc,
    type(inputs, { axes }) {
      const operand = soleOperand(name, inputs);
      expectOneAxis(name, axes, operand);
      return [aval('int32', withoutAxes(operand.shape, axes))];
    },
    reference: ([x], { axes: [axis] }) => [argExtremum(x!, axis, better)],
    lowering: { kind: 'reduce', monoid: name, axes: ({ axes }) => axes },
    jvp: { kind: 'zero', reason: 'a position is an integer' },
    transpose: { kind: 'nonlinear', reason: 'a position is an integer' },
    batch: batchSole((o, x, mapped, { axes: [axis] }) => {
      const [output] = o.bind(primitive, [x], { axes: [besideMapped(axis, mapped)] });
      return batched(output!, mapped - (axis < mapped ? 1 : 0));
    }),
    samples: [
      sample('float32', [3, 4], 1),
      sample('float32', [5, 2, 3], 0),
      sample('int32', [7], 0),
      sample('uint32', [2, 5], 1),
      sample('bool', [2, 5], 1),
    ],
    domain: { low: -8, high: 8 },
    tolerance: 0,
  });
  return primitive;
}

function expectOneAxis(name: string, axes: readonly number[], { shape }: Aval): void {
  expectAxes(name, axes, shape.length);
  const [axis, ...others] = axes;
  if (axis === undefined || others.length > 0) {
    throw new HeddleError('AXIS', `${name}: reduces one axis, was given ${showShape(axes)}`, {
      fix: `np.${name}(x.reshape([${sizeOf(shape)}]), 0)`,
    });
  }
  if (shape[axis] === 0) {
    const problem = `axis ${axis} of shape ${showShape(shape)} is empty, so it has no position to give`;
    const other = Math.max(shape.findIndex((extent) => extent > 0), 0);
    throw new HeddleError('SHAPE', `${name}: ${problem}`, { fix: `np.${name}(x, ${other})` });
  }
}

export const REDUCTIONS: readonly Primitive[] = [
  reduceSum,
  reduceProd,
  reduceMax,
  reduceMin,
  reduceAnd,
  reduceOr,
  argReduction('argmax', 'The int32 position along one axis of the first maximum; a NaN counts as the maximum.', (a, b) => a > b),
  argReduction('argmin', 'The int32 position along one axis of the first minimum; a NaN counts as the minimum.', (a, b) => a < b),
];
