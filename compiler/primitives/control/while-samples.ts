/** Small loops on which the laws of while are tested, made by hand, because the Builder needs the finished table. */
import { Jaxpr, Literal, Var, aval } from '../../ir/jaxpr.ts';
import type { Atom, Aval, Params } from '../../ir/jaxpr.ts';
import type { WhileParams } from '../../reference/while.ts';
import { CONTRACTIONS } from '../contract.ts';
import { ARITHMETIC } from '../elementwise/arithmetic.ts';
import { COMPARISON } from '../elementwise/comparison.ts';
import type { Primitive, Sample } from '../primitive.ts';

const SCALAR = aval('float32', []);
const COUNTER = aval('int32', []);
const VECTOR = aval('float32', [3]);
const MATRIX = aval('float32', [3, 3]);

type Output = readonly [primitive: Primitive, operands: readonly Atom[], params: Params, type: Aval];

/** A jaxpr of which every output is an equation of its own. */
function jaxprOf(types: readonly Aval[], outputs: (inputs: readonly Var[]) => readonly Output[]): Jaxpr {
  const inputs = types.map((type) => new Var(type));
  const equations = outputs(inputs).map(([primitive, operands, params, type]) => {
    return { primitive, inputs: operands, params, outputs: [new Var(type)], source: undefined, path: '' };
  });
  return new Jaxpr([], inputs, equations, equations.flatMap((equation) => equation.outputs));
}

function named(primitives: readonly Primitive[], name: string): Primitive {
  return primitives.find((primitive) => primitive.name === name)!;
}

const [ADD, MUL, LESS, DOT] = [named(ARITHMETIC, 'add'), named(ARITHMETIC, 'mul'), named(COMPARISON, 'lt'), CONTRACTIONS[0]!];

/** `(limit, x, y) => x < limit` */
function below(counter: Aval): Jaxpr {
  return jaxprOf([counter, counter, VECTOR], ([limit, x]) => [[LESS, [x!, limit!], {}, aval('bool', [])]]);
}

/** `(matrix, i, y) => i + 1, y . matrix` */
const COUNTED: WhileParams = {
  condJaxpr: below(COUNTER),
  bodyJaxpr: jaxprOf([MATRIX, COUNTER, VECTOR], ([matrix, i, y]) => [
    [ADD, [i!, new Literal(1, COUNTER)], {}, COUNTER],
    [DOT, [y!, matrix!], { dimensionNumbers: [[[0], [0]], [[], []]] }, VECTOR],
  ]),
  condConsts: 1,
  bodyConsts: 1,
  maxIterations: null,
};

/** `(step, x, y) => x + step, y * x` */
const GROWING: WhileParams = {
  ...COUNTED,
  condJaxpr: below(SCALAR),
  bodyJaxpr: jaxprOf([SCALAR, SCALAR, VECTOR], ([step, x, y]) => [
    [ADD, [x!, step!], {}, SCALAR],
    [MUL, [y!, x!], {}, VECTOR],
  ]),
};

export const WHILE_SAMPLES: readonly Sample<WhileParams>[] = [
  { inputs: [COUNTER, MATRIX, COUNTER, VECTOR], params: COUNTED },
  { inputs: [SCALAR, SCALAR, SCALAR, VECTOR], params: GROWING },
  { inputs: [COUNTER, MATRIX, COUNTER, VECTOR], params: { ...COUNTED, maxIterations: 2 } },
];
