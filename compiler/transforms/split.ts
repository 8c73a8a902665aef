/**
 * Partial evaluation: divides a jaxpr in what can be computed before some of its inputs are known, and the rest. After a jvp pass,
 * with the tangents unknown, the first is the function and the second its linear part.
 */
import { Builder } from '../ir/builder.ts';
import { Jaxpr, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { isEffectful } from '../primitives/control/guard.ts';
import type { DerivativePasses, SplitJaxpr } from '../primitives/primitive.ts';

/** Flags have an entry per const and then per input; `wanted` outputs are made unknown even where they are known. */
export function splitJaxpr(
  jaxpr: Jaxpr,
  unknown: readonly boolean[],
  wanted: readonly boolean[] | undefined,
  passes: DerivativePasses,
): SplitJaxpr {
  const inputs = [...jaxpr.consts, ...jaxpr.inputs];
  const late = new Set<Atom>(inputs.filter((_, i) => unknown[i] === true));
  const before: Equation[] = [];
  const after: Equation[] = [];
  for (const equation of jaxpr.equations) {
    const flags = equation.inputs.map((input) => late.has(input));
    if (!flags.includes(true)) {
      before.push(equation);
      continue;
    }
    const parts = equation.primitive.split?.(equation, flags, passes) ?? { before: [], after: [equation] };
    before.push(...parts.before);
    after.push(...parts.after);
    for (const { outputs } of parts.after) for (const output of outputs) late.add(output);
  }

  const outputs = jaxpr.outputs.map((output, i) => wanted?.[i] === true || late.has(output));
  const knownOutputs = jaxpr.outputs.filter((_, i) => !outputs[i]);
  const lateOutputs = jaxpr.outputs.filter((_, i) => outputs[i]);
  const { live, reads } = needed(after, lateOutputs, true);
  const residuals = [...reads].filter((variable) => !late.has(variable));
  return {
    known: new Jaxpr([], inputs.filter((input) => !late.has(input)), before, [...knownOutputs, ...residuals]),
    unknown: renamed([...residuals, ...inputs.filter((input) => late.has(input))], live, lateOutputs),
    outputs,
    residuals,
  };
}

/** The equations that the outputs depend on, on demand those with effects; and every variable that these or the outputs read. */
export function needed(
  equations: readonly Equation[],
  outputs: readonly Atom[],
  withEffects: boolean = false,
): { live: Equation[]; reads: Set<Var> } {
  const reads = new Set<Var>();
  const read = (atom: Atom): void => {
    if (atom instanceof Var) reads.add(atom);
  };
  outputs.forEach(read);
  const live: Equation[] = [];
  for (const equation of [...equations].reverse()) {
    const isLive = equation.outputs.some((output) => reads.has(output)) || (withEffects && isEffectful(equation));
    if (!isLive) continue;
    equation.inputs.forEach(read);
    live.push(equation);
  }
  live.reverse();
  for (const { outputs: defined } of live) defined.forEach((output) => reads.delete(output));
  return { live, reads };
}

/** A jaxpr of these equations in variables of its own, so that no variable stands in two jaxprs. */
function renamed(inputs: readonly Var[], equations: readonly Equation[], outputs: readonly Atom[]): Jaxpr {
  const o = new Builder();
  const fresh = inputs.map(({ aval }) => new Var(aval));
  return o.build([], fresh, o.inline(new Jaxpr([], inputs, equations, outputs), fresh));
}
