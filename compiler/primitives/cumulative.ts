/** Cumulative operations: every element combined with all that are before it along an axis (after it, where reversed). */
import { isFloat } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import type { Builder } from '../ir/builder.ts';
import { aval } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import { batched, batchSole, besideMapped } from './batching.ts';
import { expectAxes, expectDtype, soleOperand } from './checks.ts';
import { runAlong } from './cumulative/lines.ts';
import type { Combination } from './cumulative/lines.ts';
import { LOG_SUM_FOLD, running } from './cumulative/running.ts';
import type { Along } from './cumulative/running.ts';
import { LOG_SUM, PRODUCT, extreme, recurrentTangent, scanTangent } from './cumulative/tangents.ts';
import { nonlinear } from './derivatives.ts';
import { transposeFirst } from './linear.ts';
import { definePrimitive } from './primitive.ts';
import type { Domain, JvpRule, Primitive, Sample, TransposeRule } from './primitive.ts';
import { MAXIMUM, MINIMUM, PRODUCT as PRODUCT_FOLD, SUM } from './reduce/fold.ts';
import type { Fold } from './reduce/fold.ts';

interface Cumulative {
  readonly name: string;
  readonly doc: string;
  readonly fold: Fold;
  /** The fold's combination of two values, as equations. */
  readonly combine: (o: Builder, a: Atom, b: Atom) => Atom;
  readonly accepts: (dtype: DType) => boolean;
  /** What it accepts, in words, and how to get there. */
  readonly wanted: string;
  readonly fix: string;
  readonly jvp: JvpRule<Along>;
  readonly transpose: TransposeRule<Along>;
  readonly samples: readonly Sample<Along>[];
  readonly domain: Domain;
  readonly tolerance: number;
}

function cumulative(row: Cumulative): Primitive {
  const { name, fold } = row;
  const combination: Combination = {
    identity: (dtype) => [fold.identity(dtype)],
    combine: (o, [a], [b]) => [row.combine(o, a!, b!)],
  };
  const primitive: Primitive = definePrimitive<Along>({
    name,
    doc: row.doc,
    type(inputs, { axis }) {
      const operand = soleOperand(name, inputs);
      expectDtype(name, operand, row.accepts(operand.dtype), row.wanted, row.fix);
      expectAxes(name, [axis], operand.shape.length);
      return [operand];
    },
    reference: ([x], along) => [running(x!, along, fold)],
    lowering: { kind: 'composite', write: (o, inputs, along) => runAlong(o, inputs, along, combination) },
    jvp: row.jvp,
    transpose: row.transpose,
    batch: batchSole((o, x, mapped, { axis, reverse }) => {
      const [output] = o.bind(primitive, [x], { axis: besideMapped(axis, mapped), reverse });
      return batched(output!, mapped);
    }),
    samples: row.samples,
    domain: row.domain,
    tolerance: row.tolerance,
  });
  return primitive;
}

const FLOAT_SAMPLES: readonly Sample<Along>[] = [
  { inputs: [aval('float32', [11])], params: { axis: 0, reverse: false } },
  { inputs: [aval('float32', [2, 3, 4])], params: { axis: 1, reverse: true } },
  { inputs: [aval('float32', [2, 0])], params: { axis: 1, reverse: false } },
  { inputs: [aval('float32', [1, 2])], params: { axis: 0, reverse: true } },
];

const NUMBERS = {
  accepts: (dtype: DType) => dtype !== 'bool',
  wanted: 'numbers',
  fix: `x.astype('int32')`,
  samples: [
    ...FLOAT_SAMPLES,
    { inputs: [aval('int32', [3, 4])], params: { axis: 1, reverse: false } },
    { inputs: [aval('uint32', [7])], params: { axis: 0, reverse: true } },
  ],
};

export const CUMULATIVE: readonly Primitive[] = [
  cumulative({
    name: 'cumsum',
    doc: 'The sums of all elements up to each along an axis. Integers wrap.',
    fold: SUM,
    combine: (o, a, b) => o.add(a, b),
    ...NUMBERS,
    jvp: { kind: 'linear' },
    transpose: transposeFirst((o, cotangent, _, { axis, reverse }) => o.cumsum(cotangent, { axis, reverse: !reverse })),
    domain: { low: 0.25, high: 4 },
    tolerance: 1e-6,
  }),
  cumulative({
    name: 'cumprod',
    doc: 'The products of all elements up to each along an axis. Integers wrap.',
    fold: PRODUCT_FOLD,
    combine: PRODUCT.combine,
    ...NUMBERS,
    jvp: { kind: 'partials', partials: [recurrentTangent(PRODUCT)] },
    transpose: nonlinear('a product is not linear in its factors'),
    domain: { low: -2, high: 2 },
    tolerance: 1e-6,
  }),
  cumulative({
    name: 'cummax',
    doc: 'The largest of all elements up to each along an axis; NaN from the first NaN on.',
    fold: MAXIMUM,
    combine: (o, a, b) => o.max(a, b),
    ...NUMBERS,
    jvp: { kind: 'partials', partials: [scanTangent(extreme('max'))] },
    transpose: nonlinear('a maximum is not linear'),
    domain: { low: -8, high: 8 },
    tolerance: 0,
  }),
  cumulative({
    name: 'cummin',
    doc: 'The smallest of all elements up to each along an axis; NaN from the first NaN on.',
    fold: MINIMUM,
    combine: (o, a, b) => o.min(a, b),
    ...NUMBERS,
    jvp: { kind: 'partials', partials: [scanTangent(extreme('min'))] },
    transpose: nonlinear('a minimum is not linear'),
    domain: { low: -8, high: 8 },
    tolerance: 0,
  }),
  cumulative({
    name: 'cumlogsumexp',
    doc: 'The logarithms of the sums of exponentials of all elements up to each along an axis, without overflow.',
    fold: LOG_SUM_FOLD,
    combine: LOG_SUM.combine,
    accepts: isFloat,
    wanted: 'floats',
    fix: `x.astype('float32')`,
    samples: FLOAT_SAMPLES,
    jvp: { kind: 'partials', partials: [recurrentTangent(LOG_SUM)] },
    transpose: nonlinear('a logarithm is not linear'),
    domain: { low: -4, high: 4 },
    tolerance: 2e-6,
  }),
];
