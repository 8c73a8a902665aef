/** dot_general: the sum of products over paired axes, to which every matrix product decomposes. */
import type { DType } from '../dtype.ts';
import type { Builder } from '../ir/builder.ts';
import { aval } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import { batched, besideMapped, permute, range } from './batching.ts';
import { expectCount, expectDtype, expectSameDtype } from './checks.ts';
import { contractAxes, expectContractible } from './contract/axes.ts';
import { contract } from './contract/reference.ts';
import { multilinear, transposeWith } from './linear.ts';
import type { DimensionNumbers } from './operations.ts';
import { LinearOperand, definePrimitive } from './primitive.ts';
import type { BatchAxis, BatchRule, Primitive, Sample } from './primitive.ts';

type DotParams = { readonly dimensionNumbers: DimensionNumbers };

/**
 * Of a mapped operand and an unmapped one the mapped axis is a further free axis; of two mapped ones it is a further batch axis.
 */
const batchDot: BatchRule<DotParams> = (o, inputs, axes, { dimensionNumbers }) => {
  const [x, y] = [inputs[0]!, inputs[1]!];
  const [xMapped, yMapped] = [axes[0]!, axes[1]!];
  const [[xContract, yContract], [xBatch, yBatch]] = dimensionNumbers;
  const contracting = [beside(xContract, xMapped), beside(yContract, yMapped)] as const;
  const batch = [beside(xBatch, xMapped), beside(yBatch, yMapped)] as const;
  if (xMapped !== null && yMapped !== null) {
    const withMapped = [[xMapped, ...batch[0]], [yMapped, ...batch[1]]] as const;
    return batched(o.dotGeneral(x, y, { dimensionNumbers: [contracting, withMapped] }), 0);
  }
  const numbers: DimensionNumbers = [contracting, batch];
  const { lhs, rhs } = contractAxes(x.aval.shape.length, y.aval.shape.length, numbers);
  const free = xMapped !== null ? lhs.free.indexOf(xMapped) : lhs.free.length + rhs.free.indexOf(yMapped!);
  return batched(o.dotGeneral(x, y, { dimensionNumbers: numbers }), xBatch.length + free);
};

function beside(axes: readonly number[], mapped: BatchAxis): number[] {
  return axes.map((axis) => (mapped === null ? axis : besideMapped(axis, mapped)));
}

/** The cotangent of one operand: the output's cotangent contracted with the other operand over that operand's free axes. */
function cotangentOf(
  operand: 'lhs' | 'rhs',
  o: Builder,
  cotangent: Atom,
  inputs: readonly [Atom | LinearOperand, Atom | LinearOperand],
  { dimensionNumbers }: DotParams,
): Atom {
  const axes = contractAxes(inputs[0].aval.shape.length, inputs[1].aval.shape.length, dimensionNumbers);
  const [wanted, known] = operand === 'lhs' ? [axes.lhs, axes.rhs] : [axes.rhs, axes.lhs];
  const batchCount = known.batch.length;
  const before = batchCount + (operand === 'lhs' ? wanted.free.length : 0);
  const knownFree = range(known.free.length).map((axis) => before + axis);
  const product = o.dotGeneral(cotangent, (operand === 'lhs' ? inputs[1] : inputs[0]) as Atom, {
    dimensionNumbers: [
      [knownFree, known.free],
      [range(batchCount), known.batch],
    ],
  });
  const contracted = range(known.contract.length).sort((a, b) => known.contract[a]! - known.contract[b]!);
  const order = [...wanted.batch, ...wanted.free, ...contracted.map((i) => wanted.contract[i]!)];
  return permute(o, product, range(order.length).map((axis) => order.indexOf(axis)));
}

type Shapes = readonly [readonly number[], readonly number[]];

function sample([lhs, rhs]: Shapes, dimensionNumbers: DimensionNumbers, dtype: DType = 'float32'): Sample<DotParams> {
  return { inputs: [aval(dtype, lhs), aval(dtype, rhs)], params: { dimensionNumbers } };
}

const MATMUL: DimensionNumbers = [[[1], [0]], [[], []]];

const dotGeneral = definePrimitive<DotParams>({
  name: 'dot_general',
  doc: 'Sums of products over contracting axes. The output has the batch axes, then the free axes of lhs, then those of rhs.',
  type(inputs, { dimensionNumbers }) {
    expectCount('dot_general', inputs, 2);
    const [lhs, rhs] = [inputs[0]!, inputs[1]!];
    expectDtype('dot_general', lhs, lhs.dtype !== 'bool', 'numbers', `x.astype('int32')`);
    expectSameDtype('dot_general', inputs);
    expectContractible(lhs, rhs, dimensionNumbers);
    const axes = contractAxes(lhs.shape.length, rhs.shape.length, dimensionNumbers);
    const shape = [
      ...[...axes.lhs.batch, ...axes.lhs.free].map((axis) => lhs.shape[axis]!),
      ...axes.rhs.free.map((axis) => rhs.shape[axis]!),
    ];
    return [aval(lhs.dtype, shape, lhs.weak && rhs.weak)];
  },
  reference: ([lhs, rhs], { dimensionNumbers }) => [
    contract(lhs!, rhs!, contractAxes(lhs!.shape.length, rhs!.shape.length, dimensionNumbers)),
  ],
  lowering: { kind: 'contract' },
  jvp: {
    kind: 'partials',
    partials: [
      (o, tangent, { inputs: [, rhs], params }) => o.dotGeneral(tangent, rhs!, params),
      (o, tangent, { inputs: [lhs], params }) => o.dotGeneral(lhs!, tangent, params),
    ],
  },
  transpose: multilinear(
    transposeWith((o, cotangent, [lhs, rhs], params) => {
      const inputs = [lhs!, rhs!] as const;
      return [
        lhs instanceof LinearOperand ? cotangentOf('lhs', o, cotangent, inputs, params) : null,
        rhs instanceof LinearOperand ? cotangentOf('rhs', o, cotangent, inputs, params) : null,
      ];
    }),
  ),
  batch: batchDot,
  samples: [
    sample([[3, 4], [4, 5]], MATMUL),
    sample([[17, 33], [33, 19]], MATMUL),
    sample([[3, 4], [4]], MATMUL),
    sample([[6], [6]], [[[0], [0]], [[], []]]),
    sample([[3], [4]], [[[], []], [[], []]]),
    sample([[2, 3, 4], [2, 4, 5]], [[[2], [1]], [[0], [0]]]),
    sample([[3, 2, 4, 5], [5, 3, 6, 4]], [[[2, 3], [3, 0]], [[0], [1]]]),
    sample([[3, 0], [0, 5]], MATMUL),
    sample([[3, 4], [4, 5]], MATMUL, 'int32'),
    sample([[3, 4], [4, 5]], MATMUL, 'uint32'),
  ],
  domain: { low: 0.25, high: 4 },
  tolerance: 1e-6,
});

export const CONTRACTIONS: readonly Primitive[] = [dotGeneral];
