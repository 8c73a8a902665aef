/** What depends on what in the body of a scan. */
import { deviceBytes } from '../dtype.ts';
import { Var } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { isEffectful } from '../primitives/control/guard.ts';
import { sizeOf } from '../shape.ts';
import type { ScanParts } from './scan-parts.ts';

/** Costs a kernel: contractions, reductions. */
export function isHeavy({ primitive: { lowering } }: Equation): boolean {
  return lowering.kind === 'contract' || lowering.kind === 'reduce';
}

/** Bytes of values in one step. */
export function bytesOf(atoms: Iterable<Atom>): number {
  let bytes = 0;
  for (const { aval } of atoms) bytes += sizeOf(aval.shape) * deviceBytes(aval.dtype);
  return bytes;
}

/** What a step reads as slices or stacks, each value once. */
export function stackedBytes({ xs, ys }: ScanParts): number {
  return bytesOf(new Set<Atom>([...xs.map(({ inner }) => inner), ...ys]));
}

/** What comes from an `optimization_barrier`: it is computed where it is needed in order not to be stored. */
export function guardedValues({ equations }: ScanParts): Set<Atom> {
  const barriers = equations.filter(({ primitive }) => primitive.name === 'optimization_barrier');
  return dependents(barriers.flatMap(({ outputs }) => outputs), equations);
}

/** The equations that may be computed outside of the loop, if what they read is: not those with effects or that hold jaxprs. */
export function movable(parts: ScanParts): Set<Equation> {
  const guarded = guardedValues(parts);
  const stays = ({ primitive: { lowering }, outputs }: Equation): boolean =>
    lowering.kind === 'control' || lowering.kind === 'none' || outputs.some((output) => guarded.has(output));
  return new Set(parts.equations.filter((equation) => !stays(equation)));
}

/** The equations among `chosen` that depend on no carry and on nothing else outside of `chosen`. */
export function withoutCarries({ consts, xs, equations }: ScanParts, chosen: ReadonlySet<Equation>): Set<Equation> {
  const known = new Set<Atom>([...consts, ...xs].map(({ inner }) => inner));
  const found = new Set<Equation>();
  for (const equation of equations) {
    if (!chosen.has(equation) || !equation.inputs.every((input) => !(input instanceof Var) || known.has(input))) continue;
    found.add(equation);
    equation.outputs.forEach((output) => known.add(output));
  }
  return found;
}

/** The equations that these values need, and those with effects. */
export function neededFor(values: Iterable<Atom>, equations: readonly Equation[]): Set<Equation> {
  const needed = new Set(values);
  const found = new Set<Equation>();
  for (const equation of [...equations].reverse()) {
    if (!equation.outputs.some((output) => needed.has(output)) && !isEffectful(equation)) continue;
    found.add(equation);
    equation.inputs.forEach((input) => needed.add(input));
  }
  return found;
}

/** These values and all that are computed from them. */
export function dependents(values: Iterable<Atom>, equations: readonly Equation[]): Set<Atom> {
  const found = new Set(values);
  for (const { inputs, outputs } of equations) {
    if (inputs.some((input) => found.has(input))) outputs.forEach((output) => found.add(output));
  }
  return found;
}

/** How often every value is read, by equations and as a result of the step. */
export function countReads({ carries, equations, ys }: ScanParts): Map<Atom, number> {
  const counts = new Map<Atom, number>();
  const read = (atom: Atom): void => void counts.set(atom, (counts.get(atom) ?? 0) + 1);
  for (const { inputs } of equations) inputs.forEach(read);
  carries.forEach(({ next }) => read(next));
  ys.forEach(read);
  return counts;
}
