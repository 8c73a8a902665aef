/** Rebuilds a jaxpr equation by equation under local rules: the engine of most passes. */
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import { Jaxpr, Literal, Var, mapSubJaxprs, sameAval, showAval } from '../ir/jaxpr.ts';
import type { Atom, Aval, Equation } from '../ir/jaxpr.ts';
import { sameShape } from '../shape.ts';

/** What a rule may use besides the equation at hand, whose operands have been rewritten already. */
export interface Context {
  /** Appends new equations; they get the source and path of the equation at hand. */
  readonly o: Builder;
  /** The equation that makes an atom, unless it is an input or a literal. */
  definition(atom: Atom): Equation | undefined;
}

/**
 * What takes the place of the equation's outputs, or `undefined` to keep the equation. A replacement may be a scalar where the
 * output is an array of that one value, and may differ in weakness.
 */
export type Rule = (equation: Equation, context: Context) => readonly Atom[] | undefined;

/**
 * The jaxpr with a rule applied to every equation in order, jaxprs inside equations first; `newRule` makes the rule of one jaxpr,
 * so that it may remember what came before. The jaxpr itself if the rule never applied.
 */
export function rewrite(jaxpr: Jaxpr, newRule: () => Rule): Jaxpr {
  const o = new Builder();
  const rule = newRule();
  const context = { o, definition: definitionsIn(o.equations) };
  const replaced = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (replaced.get(atom) ?? atom) : atom);
  let changed = false;
  for (const original of jaxpr.equations) {
    const equation = rewriteInside(withInputs(original, original.inputs.map(resolve)), newRule);
    o.source = equation.source;
    o.path = equation.path;
    const results = rule(equation, context);
    changed ||= equation !== original || results !== undefined;
    if (results === undefined) o.equations.push(equation);
    else equation.outputs.forEach((output, i) => replaced.set(output, conform(o, results[i], output.aval)));
  }
  return changed ? new Jaxpr(jaxpr.consts, jaxpr.inputs, o.equations, jaxpr.outputs.map(resolve)) : jaxpr;
}

/** The value as one of type `wanted`: a scalar is broadcast, weakness is set. */
export function conform(o: Builder, atom: Atom | undefined, wanted: Aval): Atom {
  if (atom === undefined) throw new HeddleError('INTERNAL', `a rule gave no value for an output ${showAval(wanted)}`);
  if (sameAval(atom.aval, wanted)) return atom;
  const { dtype, weak } = wanted;
  const fits = sameShape(atom.aval.shape, wanted.shape) || atom.aval.shape.length === 0;
  if (atom.aval.dtype !== dtype || !fits) {
    throw new HeddleError('INTERNAL', `a rule gave ${showAval(atom.aval)} for an output ${showAval(wanted)}`);
  }
  if (atom.aval.weak !== weak) {
    if (atom instanceof Literal) return conform(o, new Literal(atom.value, { ...atom.aval, weak }), wanted);
    return conform(o, o.convertElementType(atom, { newDtype: dtype, weakType: weak }), wanted);
  }
  return o.broadcastInDim(atom, { shape: wanted.shape, broadcastDimensions: [] });
}

/** The equation itself if its inputs are these already. */
export function withInputs(equation: Equation, inputs: readonly Atom[]): Equation {
  return inputs.every((input, i) => input === equation.inputs[i]) ? equation : { ...equation, inputs };
}

function rewriteInside(equation: Equation, newRule: () => Rule): Equation {
  let changed = false;
  const rewritten = mapSubJaxprs(equation, (inner) => {
    const result = rewrite(inner, newRule);
    changed ||= result !== inner;
    return result;
  });
  return changed ? rewritten : equation;
}

/** Looks up definitions in a list of equations that grows at its end. */
function definitionsIn(equations: readonly Equation[]): (atom: Atom) => Equation | undefined {
  const known = new Map<Atom, Equation>();
  let seen = 0;
  return (atom) => {
    for (; seen < equations.length; seen++) {
      const equation = equations[seen]!;
      for (const output of equation.outputs) known.set(output, equation);
    }
    return known.get(atom);
  };
}
