/** conv_general_dilated: the convolution to which every other decomposes. */
import type { DType } from '../dtype.ts';
import { aval } from '../ir/jaxpr.ts';
import { expectCount, expectDtype, expectSameDtype } from './checks.ts';
import { batchConvolution } from './convolution/batch.ts';
import { convShape, expectConvolvable } from './convolution/dimensions.ts';
import { asContraction } from './convolution/lowering.ts';
import { convolve } from './convolution/reference.ts';
import { cotangentOfInput, cotangentOfKernel } from './convolution/transpose.ts';
import { multilinear, transposeWith } from './linear.ts';
import type { ConvDimensions, ConvParams } from './operations.ts';
import { LinearOperand, definePrimitive } from './primitive.ts';
import type { Primitive, Sample } from './primitive.ts';

const NHWC: ConvDimensions = [[0, 3, 1, 2], [3, 2, 0, 1], [0, 3, 1, 2]];
const NWC: ConvDimensions = [[0, 2, 1], [2, 1, 0], [0, 2, 1]];
const NCW: ConvDimensions = [[0, 1, 2], [0, 1, 2], [0, 1, 2]];

const PLAIN = { featureGroupCount: 1, batchGroupCount: 1 };

function along(axes: number): Pick<ConvParams, 'windowStrides' | 'padding' | 'lhsDilation' | 'rhsDilation'> {
  const ones = new Array<number>(axes).fill(1);
  return { windowStrides: ones, padding: ones.map(() => [0, 0] as const), lhsDilation: ones, rhsDilation: ones };
}

type Shapes = readonly [readonly number[], readonly number[]];

function sample([lhs, rhs]: Shapes, params: ConvParams, dtype: DType = 'float32'): Sample<ConvParams> {
  return { inputs: [aval(dtype, lhs), aval(dtype, rhs)], params };
}

const convGeneralDilated = definePrimitive<ConvParams>({
  name: 'conv_general_dilated',
  doc: 'Sums of products of what each window of the input covers with the kernel, which is not reversed.',
  type(inputs, params) {
    expectCount('conv_general_dilated', inputs, 2);
    const [lhs, rhs] = [inputs[0]!, inputs[1]!];
    expectDtype('conv_general_dilated', lhs, lhs.dtype !== 'bool', 'numbers', `x.astype('float32')`);
    expectSameDtype('conv_general_dilated', inputs);
    expectConvolvable(lhs, rhs, params);
    return [aval(lhs.dtype, convShape(lhs.shape, rhs.shape, params), lhs.weak && rhs.weak)];
  },
  reference: ([lhs, rhs], params) => [convolve(lhs!, rhs!, params)],
  lowering: { kind: 'composite', write: asContraction },
  jvp: {
    kind: 'partials',
    partials: [
      (o, tangent, { inputs: [, rhs], params }) => o.convGeneralDilated(tangent, rhs!, params),
      (o, tangent, { inputs: [lhs], params }) => o.convGeneralDilated(lhs!, tangent, params),
    ],
  },
  transpose: multilinear(
    transposeWith((o, cotangent, [lhs, rhs], params) => [
      lhs instanceof LinearOperand && !(rhs instanceof LinearOperand)
        ? cotangentOfInput(o, cotangent, lhs.aval.shape, rhs!, params)
        : null,
      rhs instanceof LinearOperand && !(lhs instanceof LinearOperand)
        ? cotangentOfKernel(o, cotangent, lhs!, rhs.aval.shape, params)
        : null,
    ]),
  ),
  batch: batchConvolution,
  samples: [
    sample([[1, 3, 3, 2], [2, 2, 2, 3]], { ...PLAIN, ...along(2), dimensionNumbers: NHWC, padding: [[1, 0], [0, 1]] }),
    sample([[2, 5, 2], [3, 2, 2]], { ...PLAIN, ...along(1), dimensionNumbers: NWC, windowStrides: [2], padding: [[1, 1]] }),
    sample([[2, 2, 3], [1, 2, 2]], {
      ...PLAIN, ...along(1), dimensionNumbers: NCW, lhsDilation: [2], rhsDilation: [3], padding: [[2, -1]],
    }),
    sample([[1, 4, 4], [4, 2, 2]], { ...PLAIN, ...along(1), dimensionNumbers: NCW, featureGroupCount: 2 }),
    sample([[4, 2, 4], [2, 2, 2]], { ...PLAIN, ...along(1), dimensionNumbers: NCW, batchGroupCount: 2, padding: [[0, 1]] }),
    sample([[1, 3, 1], [2, 1, 1]], { ...PLAIN, ...along(1), dimensionNumbers: NWC }, 'int32'),
  ],
  domain: { low: 0.25, high: 4 },
  tolerance: 1e-6,
});

export const CONVOLUTIONS: readonly Primitive[] = [convGeneralDilated];
