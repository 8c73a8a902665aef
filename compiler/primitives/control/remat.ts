/** remat: a jaxpr whose intermediate values are computed anew for the derivative, where a policy does not keep them. */
import { Builder } from '../../ir/builder.ts';
import { Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../../ir/jaxpr.ts';
import { LinearOperand, definePrimitive } from '../primitive.ts';
import type { Primitive, SplitRule } from '../primitive.ts';
import { expectArguments, outputAvals } from './checks.ts';
import { given, nonzero, picked, spread, unpicked } from './flags.ts';
import { isEffectful, withoutEffects } from './guard.ts';
import { keeps } from './policies.ts';
import { REMAT_SAMPLES } from './samples.ts';

export type RematParams = {
  readonly jaxpr: Jaxpr;
  /** Which values are kept: see policies.ts. */
  readonly policy: string;
  /** Whether it recomputes values for a derivative, and must not be merged with their first computation. */
  readonly differentiated: boolean;
};

/**
 * Before: the known outputs, and the values that the policy keeps. After: the unknown outputs, from the known operands, the kept values
 * and the unknown operands; all that lies between is computed again.
 */
const splitRemat: SplitRule = (equation, unknown, passes) => {
  const { jaxpr, policy } = equation.params as unknown as RematParams;
  const { known, outputs: late } = passes.split(jaxpr, unknown);
  const kept = known.equations.filter((inner) => keeps(policy, inner)).flatMap(({ outputs }) => outputs);
  const lateOutputs = picked(jaxpr.outputs, late);
  // Effects take place before, and not again.
  const again = withoutEffects(jaxpr);
  const reads = readOf(again, lateOutputs, [...kept, ...jaxpr.inputs]);
  const saved = kept.filter((variable) => reads.has(variable));
  const savedOutside = saved.map(({ aval }) => new Var(aval));
  const outside = new Map<Var, Atom>(jaxpr.inputs.map((input, i) => [input, equation.inputs[i]!]));
  const passed = jaxpr.inputs.filter((input) => reads.has(input));
  const before: Equation = {
    ...equation,
    inputs: unpicked(equation.inputs, unknown),
    params: { ...equation.params, jaxpr: part(known, known.inputs, [...unpicked(jaxpr.outputs, late), ...saved]) },
    outputs: [...unpicked(equation.outputs, late), ...savedOutside],
  };
  const after: Equation = {
    ...equation,
    inputs: [...savedOutside, ...passed.map((input) => outside.get(input)!)],
    params: { ...equation.params, jaxpr: part(again, [...saved, ...passed], lateOutputs), differentiated: true },
    outputs: picked(equation.outputs, late),
  };
  const isIdle = before.outputs.length === 0 && !isEffectful(before);
  return { before: isIdle ? [] : [before], after: after.outputs.length === 0 ? [] : [after] };
};

/** The equations with effects, and those that the outputs need, given these inputs, some of which the jaxpr would compute itself; last first. */
function neededBackwards(jaxpr: Jaxpr, outputs: readonly Atom[], inputs: readonly Var[], needed: Set<Atom>): Equation[] {
  const isGiven = new Set<Atom>(inputs);
  outputs.forEach((output) => needed.add(output));
  return [...jaxpr.equations].reverse().filter((equation) => {
    const live = isEffectful(equation) || equation.outputs.some((output) => needed.has(output) && !isGiven.has(output));
    if (live) equation.inputs.forEach((input) => needed.add(input));
    return live;
  });
}

/** Everything that is read for the outputs. */
function readOf(jaxpr: Jaxpr, outputs: readonly Atom[], inputs: readonly Var[]): Set<Atom> {
  const needed = new Set<Atom>();
  neededBackwards(jaxpr, outputs, inputs, needed);
  return needed;
}

/** The jaxpr of what the outputs need, given these inputs, in variables of its own. */
function part(jaxpr: Jaxpr, inputs: readonly Var[], outputs: readonly Atom[]): Jaxpr {
  const equations = neededBackwards(jaxpr, outputs, inputs, new Set()).reverse();
  const o = new Builder();
  const fresh = inputs.map(({ aval }) => new Var(aval));
  const values = new Map<Var, Atom>(inputs.map((input, i) => [input, fresh[i]!]));
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (values.get(atom) ?? atom) : atom);
  for (const equation of equations) {
    const made = equation.outputs.map(({ aval }) => new Var(aval));
    o.equations.push({ ...equation, inputs: equation.inputs.map(resolve), outputs: made });
    equation.outputs.forEach((output, i) => {
      if (!values.has(output)) values.set(output, made[i]!);
    });
  }
  return o.build([], fresh, outputs.map(resolve));
}

export const remat: Primitive = definePrimitive<RematParams>({
  name: 'remat',
  doc: 'The outputs of a jaxpr, of which derivatives keep only what the policy says.',
  type(inputs, { jaxpr }) {
    expectArguments('remat', jaxpr, inputs);
    return outputAvals(jaxpr);
  },
  reference: (inputs, { jaxpr }, evaluate) => evaluate(jaxpr, inputs),
  lowering: { kind: 'control' },
  jvp: {
    kind: 'joint',
    duals(o, inputs, tangents, params, passes) {
      const derived = passes.jvp(params.jaxpr, given(tangents));
      const results = o.bind(remat, [...inputs, ...nonzero(tangents)], { ...params, jaxpr: derived.jaxpr });
      const count = params.jaxpr.outputs.length;
      return { outputs: results.slice(0, count), tangents: spread(results.slice(count), derived.tangents) };
    },
  },
  transpose: {
    kind: 'rule',
    cotangents(o, cotangents, inputs, params, passes) {
      const linear = inputs.map((input) => input instanceof LinearOperand);
      const transposed = passes.transpose(params.jaxpr, linear, given(cotangents));
      const known = inputs.filter((input) => !(input instanceof LinearOperand));
      const operands = [...known, ...nonzero(cotangents)];
      const results = o.bind(remat, operands, { ...params, jaxpr: transposed.jaxpr });
      return spread(spread(results, transposed.cotangents), linear);
    },
  },
  split: splitRemat,
  batch(o, inputs, axes, params, size, batch) {
    const mapped = batch(params.jaxpr, size, axes);
    return { outputs: o.bind(remat, inputs, { ...params, jaxpr: mapped.jaxpr }), axes: mapped.outAxes };
  },
  samples: REMAT_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-6,
});
