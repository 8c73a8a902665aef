/** Loop-invariant code: what the body of a scan computes from its consts alone. */
import { Var } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { isEffectful } from '../primitives/control/guard.ts';
import type { Bound, ScanParts } from './scan-parts.ts';

export interface Hoisted {
  /** Equations to run once, before the scan. */
  readonly before: readonly Equation[];
  /** The scan that takes their results as consts. */
  readonly parts: ScanParts;
}

/**
 * Moves invariant equations out of the body. Views and scalars stay inside, where they cost nothing, and are repeated outside if
 * something that moves needs them; so does what depends on no const: a buffer would cost more than making it anew.
 */
export function hoist(parts: ScanParts): Hoisted {
  const { invariant, moving } = analyse(parts);
  if (moving.size === 0) return { before: [], parts };
  const outside = new Map<Atom, Atom>(parts.consts.map(({ inner, outer }) => [inner, outer]));
  const before = withDependencies(moving, invariant).map((equation): Equation => {
    const outputs = equation.outputs.map((output) => new Var(output.aval));
    const inputs = equation.inputs.map((input) => outside.get(input) ?? input);
    equation.outputs.forEach((output, i) => outside.set(output, outputs[i]!));
    return { ...equation, inputs, outputs };
  });
  const results = [...moving].flatMap(({ outputs }) => outputs.map((inner): Bound => ({ inner, outer: outside.get(inner)! })));
  const equations = parts.equations.filter((equation) => !moving.has(equation));
  return { before, parts: { ...parts, consts: [...parts.consts, ...results], equations } };
}

interface Analysis {
  /** What depends on consts and literals only, in order. */
  readonly invariant: readonly Equation[];
  readonly moving: ReadonlySet<Equation>;
}

function analyse({ consts, equations }: ScanParts): Analysis {
  const anchored = new Set<Atom>(consts.map(({ inner }) => inner));
  const known = new Set(anchored);
  const moving = new Set<Equation>();
  const invariant = equations.filter((equation) => {
    const { inputs, outputs } = equation;
    if (!inputs.every((input) => !(input instanceof Var) || known.has(input))) return false;
    const fromConst = inputs.some((input) => anchored.has(input));
    for (const output of outputs) {
      known.add(output);
      if (fromConst) anchored.add(output);
    }
    if (fromConst && isWorthABuffer(equation) && !isEffectful(equation)) moving.add(equation);
    return true;
  });
  return { invariant, moving };
}

function isWorthABuffer({ primitive: { lowering }, outputs }: Equation): boolean {
  if (lowering.kind !== 'element') return true;
  return !lowering.view && outputs.some((output) => output.aval.shape.length > 0);
}

/** The moving equations and what they need of the other invariant ones, in order. */
function withDependencies(moving: ReadonlySet<Equation>, invariant: readonly Equation[]): Equation[] {
  const needed = new Set<Atom>();
  const chosen: Equation[] = [];
  for (const equation of [...invariant].reverse()) {
    if (!moving.has(equation) && !equation.outputs.some((output) => needed.has(output))) continue;
    equation.inputs.forEach((input) => needed.add(input));
    chosen.push(equation);
  }
  return chosen.reverse();
}
