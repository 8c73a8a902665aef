/** Which values of a step are kept for later, and which are computed again. */
import { Builder } from '../../ir/builder.ts';
import { Jaxpr, Literal, Var } from '../../ir/jaxpr.ts';
import type { Atom, Equation } from '../../ir/jaxpr.ts';
import { needed } from '../../transforms/split.ts';
import type { SplitJaxpr } from '../primitive.ts';
import { isEffectful } from './guard.ts';
import type { Groups } from './scan-carries.ts';

/**
 * The divided body with fewer residuals: those that are elementwise in other residuals, in slices of xs or in ys, which are
 * stacked in any case, are computed again. A step of a GRU keeps its gates and its carry, and not the derivatives of the gates.
 */
export function withFewerResiduals(body: SplitJaxpr, inputs: Groups<Var>, ys: readonly Atom[]): SplitJaxpr {
  const { known, unknown, residuals, outputs } = body;
  const { live, reads } = needed(elementwise(known.equations, inputs, [...residuals, ...ys]), residuals);
  const kept = [...reads];
  const o = new Builder();
  const fresh = kept.map(({ aval }) => new Var(aval));
  const late = unknown.inputs.slice(residuals.length).map(({ aval }) => new Var(aval));
  const values = o.inline(new Jaxpr([], kept, live, residuals), fresh);
  const results = o.inline(unknown, [...values, ...late]);
  const knownOutputs = known.outputs.slice(0, known.outputs.length - residuals.length);
  return {
    known: new Jaxpr([], known.inputs, known.equations, [...knownOutputs, ...kept]),
    unknown: o.build([], [...fresh, ...late], results),
    outputs,
    residuals: kept,
  };
}

/** What may change from step to step, or has to be done in each. */
export function varyingValues(equations: readonly Equation[], { carries, xs }: Groups<Var>): Set<Atom> {
  const varying = new Set<Atom>([...carries, ...xs]);
  for (const equation of equations) {
    const isVarying = equation.inputs.some((input) => varying.has(input)) || isEffectful(equation);
    if (isVarying) equation.outputs.forEach((output) => varying.add(output));
  }
  return varying;
}

/** The elementwise equations on values that are at hand later if the `stacked` ones are. Invariants are computed outside. */
function elementwise(equations: readonly Equation[], inputs: Groups<Var>, stacked: readonly Atom[]): Equation[] {
  const varying = varyingValues(equations, inputs);
  const kept = new Set(stacked);
  const atHand = new Set<Atom>([...inputs.consts, ...inputs.xs, ...inputs.carries.filter((carry) => kept.has(carry))]);
  return equations.filter(({ primitive, inputs, outputs }) => {
    const isElementwise = primitive.lowering.kind === 'element';
    const isCheap = isElementwise && inputs.every((input) => input instanceof Literal || atHand.has(input));
    outputs.filter((output) => isCheap || kept.has(output) || !varying.has(output)).forEach((output) => atHand.add(output));
    return isCheap && outputs.some((output) => varying.has(output));
  });
}
