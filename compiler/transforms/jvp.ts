/** Forward differentiation: from a jaxpr to the jaxpr of its outputs and their tangents, by the jvp rule of every primitive. */
import { isFloat } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import { Literal, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import type { DerivativePasses, Duals, JvpJaxpr, Tangent } from '../primitives/primitive.ts';
import { settle, zeros } from './zeros.ts';

/**
 * The jaxpr that maps consts, inputs, and the tangents of those flagged in `tangents`, to the outputs and the tangents of those
 * that depend on them. A tangent has the type of its value. Of integers and bools there are none.
 */
export function jvpJaxpr(
  jaxpr: Jaxpr,
  tangents: readonly boolean[],
  wanted: readonly boolean[] | undefined,
  passes: DerivativePasses,
): JvpJaxpr {
  const o = new Builder();
  const primals = [...jaxpr.consts, ...jaxpr.inputs].map(({ aval }) => new Var(aval));
  const given = primals.map(({ aval }, i) => (tangents[i] === true ? new Var(aval) : null));
  const results = jvpInto(o, jaxpr, primals, given, passes);
  const out = results.tangents.map((tangent, i): Tangent => {
    const { aval } = results.outputs[i]!;
    if (tangent !== null) return settle(o, tangent, aval);
    return wanted?.[i] === true && isFloat(aval.dtype) ? zeros(o, aval) : null;
  });
  const present = out.filter((tangent) => tangent !== null);
  const inputs = [...primals, ...given.filter((tangent) => tangent !== null)];
  return {
    jaxpr: o.build([], inputs, [...results.outputs, ...present]),
    tangents: out.map((tangent) => tangent !== null),
  };
}

/** Appends the jaxpr on `primals` (its consts, then its inputs) with their tangents. */
export function jvpInto(
  o: Builder,
  jaxpr: Jaxpr,
  primals: readonly Atom[],
  tangents: readonly Tangent[],
  passes: DerivativePasses,
): Duals {
  const values = new Map<Var, Atom>();
  const derivatives = new Map<Var, Tangent>();
  const define = (variable: Var, value: Atom, tangent: Tangent): void => {
    values.set(variable, value);
    // What is no number on a line has no direction to move in.
    derivatives.set(variable, isFloat(variable.aval.dtype) ? tangent : null);
  };
  [...jaxpr.consts, ...jaxpr.inputs].forEach((variable, i) => define(variable, primals[i]!, tangents[i] ?? null));
  const primalOf = (atom: Atom): Atom => (atom instanceof Literal ? atom : lookUp(values, atom));
  const tangentOf = (atom: Atom): Tangent => (atom instanceof Literal ? null : (derivatives.get(atom) ?? null));
  for (const equation of jaxpr.equations) {
    const duals = differentiate(o, equation, equation.inputs.map(primalOf), equation.inputs.map(tangentOf), passes);
    equation.outputs.forEach((output, i) => define(output, duals.outputs[i]!, duals.tangents[i] ?? null));
  }
  o.source = undefined;
  o.path = '';
  return { outputs: jaxpr.outputs.map(primalOf), tangents: jaxpr.outputs.map(tangentOf) };
}

function differentiate(
  o: Builder,
  { primitive, params, source, path }: Equation,
  inputs: readonly Atom[],
  tangents: readonly Tangent[],
  passes: DerivativePasses,
): Duals {
  o.source = source;
  o.path = path;
  const { jvp } = primitive;
  const moving = tangents.some((tangent) => tangent !== null);
  if (moving && jvp.kind === 'joint') return jvp.duals(o, inputs, tangents, params, passes);
  const outputs = o.bind(primitive, inputs, params);
  if (!moving) return { outputs, tangents: outputs.map(() => null) };
  switch (jvp.kind) {
    case 'zero':
      return { outputs, tangents: outputs.map(() => null) };
    case 'rule':
      return { outputs, tangents: jvp.tangents(o, { inputs, outputs, params }, tangents) };
    case 'partials': {
      const contributions = tangents.flatMap((tangent, i) => {
        const partial = jvp.partials[i];
        return tangent === null || partial == null ? [] : [partial(o, tangent, { inputs, outputs, params })];
      });
      const [first, ...rest] = contributions;
      return { outputs, tangents: [first === undefined ? null : rest.reduce((sum, one) => o.add(sum, one), first)] };
    }
    case 'linear': {
      const given = tangents.map((tangent, i) => tangent ?? zeros(o, inputs[i]!.aval));
      return { outputs, tangents: o.bind(primitive, given, params) };
    }
    case 'joint':
      throw new HeddleError('INTERNAL', `jvp: ${primitive.name} was to be differentiated as one`);
  }
}

function lookUp(values: ReadonlyMap<Var, Atom>, variable: Var): Atom {
  const value = values.get(variable);
  if (value === undefined) throw new HeddleError('INTERNAL', 'jvp: an equation reads a variable that nothing defined');
  return value;
}
