/** Small jaxprs on which the laws of control flow are tested, made by hand, because the Builder needs the finished table. */
import { Jaxpr, Var, aval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Equation, Params } from '../../ir/jaxpr.ts';
import type { ScanParams } from '../../reference/scan.ts';
import { CONTRACTIONS } from '../contract.ts';
import type { DimensionNumbers } from '../operations.ts';
import { ARITHMETIC } from '../elementwise/arithmetic.ts';
import { rev } from '../movement/reorder.ts';
import type { Primitive, Sample } from '../primitive.ts';
import type { CustomJvpParams } from './custom-jvp.ts';
import type { CustomVjpLinearParams, CustomVjpParams } from './custom-vjp.ts';
import type { RematParams } from './remat.ts';

const VECTOR = aval('float32', [3]);
const MATRIX = aval('float32', [3, 3]);

const VECTOR_BY_MATRIX: DimensionNumbers = [[[0], [0]], [[], []]];

type SingleOutput = Equation & { readonly outputs: readonly [Var] };

function equation(primitive: Primitive, inputs: readonly Atom[], params: Params, output: Aval): SingleOutput {
  return { primitive, inputs, params, outputs: [new Var(output)], source: undefined, path: '' };
}

/** `(matrix, vector) => vector . matrix` */
function product(): Jaxpr {
  const [matrix, vector] = [new Var(MATRIX), new Var(VECTOR)];
  const dot = equation(CONTRACTIONS[0]!, [vector, matrix], { dimensionNumbers: VECTOR_BY_MATRIX }, VECTOR);
  return new Jaxpr([], [matrix, vector], [dot], dot.outputs);
}

/** `(matrix, vector) => reversed vector` */
function reversal(): Jaxpr {
  const [matrix, vector] = [new Var(MATRIX), new Var(VECTOR)];
  const reversed = equation(rev, [vector], { dimensions: [0] }, VECTOR);
  return new Jaxpr([], [matrix, vector], [reversed], reversed.outputs);
}

/** `(matrix, carry, last, x) => (carry . matrix, x), reversed last`: each x is the second carry of the next step. */
function step(): Jaxpr {
  const inputs = [new Var(MATRIX), new Var(VECTOR), new Var(VECTOR), new Var(VECTOR)] as const;
  const [matrix, carry, last, x] = inputs;
  const next = equation(CONTRACTIONS[0]!, [carry, matrix], { dimensionNumbers: VECTOR_BY_MATRIX }, VECTOR);
  const reversed = equation(rev, [last], { dimensions: [0] }, VECTOR);
  return new Jaxpr([], inputs, [next, reversed], [next.outputs[0], x, reversed.outputs[0]]);
}

export const JIT_SAMPLES: readonly Sample<{ readonly name: string; readonly jaxpr: Jaxpr }>[] = [
  { inputs: [MATRIX, VECTOR], params: { name: 'product', jaxpr: product() } },
];

export const COND_SAMPLES: readonly Sample<{ readonly branches: readonly Jaxpr[] }>[] = [
  { inputs: [aval('int32', []), MATRIX, VECTOR], params: { branches: [product(), reversal()] } },
  { inputs: [aval('int32', []), MATRIX, VECTOR], params: { branches: [product()] } },
  { inputs: [aval('int32', []), MATRIX, VECTOR], params: { branches: [product(), reversal(), product()] } },
];

function scanSample(length: number, reverse: boolean): Sample<ScanParams> {
  return {
    inputs: [MATRIX, VECTOR, VECTOR, aval('float32', [length, 3])],
    params: { jaxpr: step(), length, reverse, numConsts: 1, numCarry: 2 },
  };
}

export const SCAN_SAMPLES: readonly Sample<ScanParams>[] = [scanSample(4, false), scanSample(3, true), scanSample(0, false)];

const OUTER: DimensionNumbers = [[[], []], [[], []]];
const MATRIX_BY_VECTOR: DimensionNumbers = [[[1], [0]], [[], []]];

function dot(x: Atom, y: Atom, dimensionNumbers: DimensionNumbers, output: Aval): SingleOutput {
  return equation(CONTRACTIONS[0]!, [x, y], { dimensionNumbers }, output);
}

/** `(matrix, vector, dmatrix, dvector) => vector . matrix, dvector . matrix + vector . dmatrix` */
function productJvp(): Jaxpr {
  const inputs = [new Var(MATRIX), new Var(VECTOR), new Var(MATRIX), new Var(VECTOR)] as const;
  const [matrix, vector, dmatrix, dvector] = inputs;
  const primal = dot(vector, matrix, VECTOR_BY_MATRIX, VECTOR);
  const [left, right] = [dot(dvector, matrix, VECTOR_BY_MATRIX, VECTOR), dot(vector, dmatrix, VECTOR_BY_MATRIX, VECTOR)];
  const sum = equation(ARITHMETIC.find(({ name }) => name === 'add')!, [left.outputs[0], right.outputs[0]], {}, VECTOR);
  return new Jaxpr([], inputs, [primal, left, right, sum], [primal.outputs[0], sum.outputs[0]]);
}

/** `(matrix, vector) => vector . matrix, matrix, vector` */
function productForward(): Jaxpr {
  const { inputs, equations, outputs } = product();
  return new Jaxpr([], inputs, equations, [...outputs, ...inputs]);
}

/** `(matrix, vector, cotangent) => outer(vector, cotangent), matrix . cotangent` */
function productBackward(): Jaxpr {
  const inputs = [new Var(MATRIX), new Var(VECTOR), new Var(VECTOR)] as const;
  const [matrix, vector, cotangent] = inputs;
  const [left, right] = [dot(vector, cotangent, OUTER, MATRIX), dot(matrix, cotangent, MATRIX_BY_VECTOR, VECTOR)];
  return new Jaxpr([], inputs, [left, right], [left.outputs[0], right.outputs[0]]);
}

export const REMAT_SAMPLES: readonly Sample<RematParams>[] = [
  { inputs: [MATRIX, VECTOR], params: { jaxpr: product(), policy: 'nothing_saveable', differentiated: false } },
];

export const CUSTOM_JVP_SAMPLES: readonly Sample<CustomJvpParams>[] = [
  { inputs: [MATRIX, VECTOR], params: { name: 'product', jaxpr: product(), jvp: productJvp(), numConsts: 0 } },
];

export const CUSTOM_VJP_SAMPLES: readonly Sample<CustomVjpParams>[] = [
  {
    inputs: [MATRIX, VECTOR],
    params: { name: 'product', jaxpr: product(), fwd: productForward(), bwd: productBackward(), numConsts: 0 },
  },
];

export const CUSTOM_VJP_LINEAR_SAMPLES: readonly Sample<CustomVjpLinearParams>[] = [
  { inputs: [MATRIX, VECTOR, MATRIX, VECTOR], params: { name: 'product', bwd: productBackward(), numResiduals: 2 } },
];
