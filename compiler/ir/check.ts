/** What must hold of one equation by itself; the parser and the verifier ask the same question. */
import { HeddleError } from '../errors.ts';
import { sameAval, showAval, subJaxprs } from './jaxpr.ts';
import type { Aval, Equation } from './jaxpr.ts';

export interface Problem {
  readonly text: string;
  /** What the primitive's type rule threw. */
  readonly cause?: unknown;
}

/** Why the equation is ill-typed, or `undefined`: its parameters' names, the primitive's type rule, the types of its results. */
export function equationProblem(equation: Equation): Problem | undefined {
  const { primitive, inputs, params, outputs } = equation;
  const wanted = Object.keys(primitive.samples[0]?.params ?? {}).sort();
  const given = Object.keys(params).sort();
  if (wanted.join() !== given.join()) {
    return { text: `${primitive.name}: takes the parameters [${wanted.join(', ')}], was given [${given.join(', ')}]` };
  }
  if (subJaxprs(equation).some(({ consts }) => consts.length > 0)) {
    return { text: `${primitive.name}: a jaxpr inside an equation has consts; what it captures must be passed as operands` };
  }
  let types: readonly Aval[];
  try {
    types = primitive.type(inputs.map((input) => input.aval), params);
  } catch (cause) {
    const text = cause instanceof HeddleError ? cause.problem : `${primitive.name}: malformed parameters (${String(cause)})`;
    return { text, cause };
  }
  const written = outputs.map((output) => output.aval);
  if (types.length === written.length && types.every((type, i) => sameAval(type, written[i]!))) return undefined;
  return { text: `${primitive.name}: its results are ${show(types)}, not ${show(written)}` };
}

function show(types: readonly Aval[]): string {
  return `(${types.map(showAval).join(', ')})`;
}
