/** Jaxprs with effects: which they are, and how to make their effects depend on a flag. */
import { HeddleError } from '../../errors.ts';
import { Builder } from '../../ir/builder.ts';
import { Jaxpr, Var, aval, mapSubJaxprs, subJaxprs } from '../../ir/jaxpr.ts';
import type { Atom, Equation } from '../../ir/jaxpr.ts';

const KNOWN = new WeakMap<Jaxpr, boolean>();

/** Whether an equation does something besides computing outputs, here or in the jaxprs inside. */
export function hasEffects(jaxpr: Jaxpr): boolean {
  let known = KNOWN.get(jaxpr);
  if (known === undefined) KNOWN.set(jaxpr, (known = jaxpr.equations.some(isEffectful)));
  return known;
}

export function isEffectful(equation: Equation): boolean {
  const { effect, lowering } = equation.primitive;
  return effect === true || (lowering.kind === 'control' && subJaxprs(equation).some(hasEffects));
}

/** The error for an effect in a loop whose number of steps is not known: its values would have no place to go. */
export function effectInLoop(loop: Equation): HeddleError {
  const effect = subJaxprs(loop).flatMap(({ equations }) => equations).find(isEffectful);
  const source = effect?.source ?? loop.source;
  const what = effect?.primitive.name === 'check' ? 'a check' : 'debug.print';
  const problem = `${what} inside of ${loop.primitive.name}, whose number of steps is not known before it runs`;
  const error = new HeddleError('UNSUPPORTED', problem, { fix: 'lax.foriLoop(0, 10, body, init), or lax.scan(body, init, xs)' });
  return source === undefined ? error : error.at(`${source.file}:${source.line}:${source.column}`);
}

/** The jaxpr that computes the same outputs and does nothing else. */
export function withoutEffects(jaxpr: Jaxpr): Jaxpr {
  if (!hasEffects(jaxpr)) return jaxpr;
  const equations = jaxpr.equations
    .filter(({ primitive }) => primitive.effect !== true)
    .map((equation) => (isEffectful(equation) ? mapSubJaxprs(equation, withoutEffects) : equation));
  return new Jaxpr(jaxpr.consts, jaxpr.inputs, equations, jaxpr.outputs);
}

/** The jaxpr with one more bool[] as its first input: its effects take place only where that holds. */
export function guardEffects(jaxpr: Jaxpr): Jaxpr {
  const when = new Var(aval('bool', []));
  const o = new Builder();
  for (const equation of jaxpr.equations) {
    o.source = equation.source;
    o.path = equation.path;
    o.equations.push(isEffectful(equation) ? guard(o, equation, when) : equation);
  }
  return new Jaxpr(jaxpr.consts, [when, ...jaxpr.inputs], o.equations, jaxpr.outputs);
}

function guard(o: Builder, equation: Equation, when: Atom): Equation {
  const { primitive, inputs, params } = equation;
  if (primitive.effect === true) return { ...equation, inputs: [o.and(when, inputs[0]!), ...inputs.slice(1)] };
  if (primitive.name === 'cond') {
    return { ...mapSubJaxprs(equation, guardEffects), inputs: [inputs[0]!, when, ...inputs.slice(1)] };
  }
  if (primitive.name === 'while') throw effectInLoop(equation);
  // All others take their consts first.
  const { bwd, numConsts } = params;
  const guarded = mapSubJaxprs(equation, (inner) => (inner === bwd ? inner : guardEffects(inner)));
  const counted = typeof numConsts === 'number' ? { numConsts: numConsts + 1 } : {};
  return { ...guarded, inputs: [when, ...inputs], params: { ...guarded.params, ...counted } };
}
