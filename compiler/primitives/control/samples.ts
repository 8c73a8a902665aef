/** Small jaxprs on which the laws of control flow are tested, made by hand, because the Builder needs the finished table. */
import { Jaxpr, Var, aval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Equation, Params } from '../../ir/jaxpr.ts';
import type { ScanParams } from '../../reference/scan.ts';
import { CONTRACTIONS } from '../contract.ts';
import type { DimensionNumbers } from '../operations.ts';
import { rev } from '../movement/reorder.ts';
import type { Primitive, Sample } from '../primitive.ts';

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
