/** Reductions of windows that move over an array (pooling), their derivatives, and the view of which windows are made. */
import type { DType } from '../dtype.ts';
import type { Builder } from '../ir/builder.ts';
import { aval } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import type { Shape } from '../shape.ts';
import { batchSole, batched, range } from './batching.ts';
import { expectDtype, soleOperand } from './checks.ts';
import { nonlinear } from './derivatives.ts';
import { transposeFirst } from './linear.ts';
import type { WindowParams } from './operations.ts';
import { definePrimitive } from './primitive.ts';
import type { Domain, JvpRule, Primitive, Sample, TransposeRule } from './primitive.ts';
import { MAXIMUM, MINIMUM, SUM } from './reduce/fold.ts';
import type { Fold } from './reduce/fold.ts';
import { adjointPadding } from './windows/geometry.ts';
import { covered, expectWindows, windowAxes, windowsShape, withAxis } from './windows/pooling.ts';
import { foldWindows } from './windows/reference.ts';
import { SELECTIONS } from './windows/selection.ts';
import { shearPrimitive } from './windows/shear.ts';

interface WindowReduction {
  readonly name: string;
  readonly doc: string;
  readonly fold: Fold;
  readonly reduce: (o: Builder, x: Atom, params: { readonly axes: readonly number[] }) => Atom;
  readonly jvp: JvpRule<WindowParams>;
  readonly transpose: TransposeRule<WindowParams>;
  readonly domain: Domain;
  readonly tolerance: number;
}

function windowReduction({ name, doc, fold, reduce, ...row }: WindowReduction): Primitive {
  const primitive: Primitive = definePrimitive<WindowParams>({
    name,
    doc,
    type(inputs, params) {
      const operand = soleOperand(name, inputs);
      expectDtype(name, operand, operand.dtype !== 'bool', 'numbers', `x.astype('int32')`);
      expectWindows(name, operand.shape, params);
      return [{ ...operand, shape: windowsShape(operand.shape, params) }];
    },
    reference: ([x], params) => [foldWindows(x!, windowAxes(x!.shape, params), fold)],
    lowering: {
      kind: 'composite',
      write(o, [x], params) {
        const { dtype, shape } = x!.aval;
        const elements = covered(o, x!, params, fold.identity(dtype));
        return [reduce(o, elements, { axes: range(elements.aval.shape.length).slice(shape.length) })];
      },
    },
    jvp: row.jvp,
    transpose: row.transpose,
    batch: batchSole((o, x, mapped, params) => batched(o.bind(primitive, [x], withAxis(params, mapped))[0]!, mapped)),
    samples: SAMPLES,
    domain: row.domain,
    tolerance: row.tolerance,
  });
  return primitive;
}

function sample(shape: Shape, params: Partial<WindowParams>, dtype: DType = 'float32'): Sample<WindowParams> {
  const ones = shape.map(() => 1);
  const plain = { windowDimensions: ones, windowStrides: ones, baseDilation: ones, windowDilation: ones };
  return { inputs: [aval(dtype, shape)], params: { ...plain, padding: shape.map(() => [0, 0] as const), ...params } };
}

const SAMPLES: readonly Sample<WindowParams>[] = [
  sample([2, 4, 5], { windowDimensions: [1, 2, 3], windowStrides: [1, 2, 1], padding: [[0, 0], [0, 0], [1, 1]] }),
  sample([4], { windowDimensions: [3], windowDilation: [2], baseDilation: [3], padding: [[2, -1]] }),
  sample([3, 2], { windowStrides: [2, 1] }),
  sample([5], { windowDimensions: [2], padding: [[1, 1]] }, 'int32'),
];

/** The tangent of the first element that attains the extremum of its window, as in JAX. */
function selectedTangent(selectPrim: 'ge' | 'le'): JvpRule<WindowParams> {
  return {
    kind: 'partials',
    partials: [(o, tangent, { inputs: [x], params }) => o.selectAndGatherAdd(tangent, x!, { selectPrim, ...params })],
  };
}

export const WINDOWS: readonly Primitive[] = [
  windowReduction({
    name: 'reduce_window_sum',
    doc: 'The sums of windows; what they cover of the padding is 0. Integers wrap.',
    fold: SUM,
    reduce: (o, x, params) => o.reduceSum(x, params),
    jvp: { kind: 'linear' },
    transpose: transposeFirst((o, cotangent, { shape }, params) =>
      o.reduceWindowSum(cotangent, {
        ...params,
        windowStrides: params.baseDilation,
        padding: windowAxes(shape, params).map(adjointPadding),
        baseDilation: params.windowStrides,
      }),
    ),
    domain: { low: 0.25, high: 4 },
    tolerance: 1e-6,
  }),
  windowReduction({
    name: 'reduce_window_max',
    doc: 'The maxima of windows, NaN if any element is; the lowest value of the dtype where a window covers none.',
    fold: MAXIMUM,
    reduce: (o, x, params) => o.reduceMax(x, params),
    jvp: selectedTangent('ge'),
    transpose: nonlinear('a maximum is not linear'),
    domain: { low: -8, high: 8 },
    tolerance: 0,
  }),
  windowReduction({
    name: 'reduce_window_min',
    doc: 'The minima of windows, NaN if any element is; the highest value of the dtype where a window covers none.',
    fold: MINIMUM,
    reduce: (o, x, params) => o.reduceMin(x, params),
    jvp: selectedTangent('le'),
    transpose: nonlinear('a minimum is not linear'),
    domain: { low: -8, high: 8 },
    tolerance: 0,
  }),
  ...SELECTIONS,
  shearPrimitive,
];
