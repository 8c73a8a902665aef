/** Which equations of a scan's body can wait until after the loop. */
import type { Atom, Equation } from '../ir/jaxpr.ts';
import type { Accumulator } from './accumulators.ts';
import { bytesOf, dependents, guardedValues, isHeavy, movable, neededFor, withoutCarries } from './body.ts';
import type { ScanParts } from './scan-parts.ts';

/** Something that a scan gives and no step needs: a stacked output, or a sum. */
export interface Root {
  readonly values: readonly Atom[];
  readonly accumulator?: Accumulator;
}

export interface Tail {
  readonly parts: ScanParts;
  readonly roots: readonly Root[];
  /** What no carry needs but those that are sums, in order; without the additions of these. */
  readonly equations: readonly Equation[];
  readonly movable: ReadonlySet<Equation>;
  /** What can be computed from the xs. */
  readonly early: ReadonlySet<Equation>;
  readonly varying: ReadonlySet<Atom>;
  /** What comes from a barrier, and must not be stored. */
  readonly guarded: ReadonlySet<Atom>;
  readonly readers: ReadonlyMap<Atom, readonly Equation[]>;
}

export function tailOf(parts: ScanParts, accumulators: readonly Accumulator[]): Tail {
  const { carries, xs, equations, ys } = parts;
  const chain = new Set(accumulators.flatMap((accumulator) => accumulator.chain));
  const sums = new Set(accumulators.map(({ carry }) => carry));
  const needed = neededFor(carries.filter((carry) => !sums.has(carry)).map(({ next }) => next), equations);
  const readers = new Map<Atom, Equation[]>();
  for (const equation of equations) {
    for (const input of equation.inputs) readers.set(input, [...(readers.get(input) ?? []), equation]);
  }
  const mayMove = movable(parts);
  return {
    parts,
    roots: [
      ...ys.map((y): Root => ({ values: [y] })),
      ...accumulators.map((accumulator): Root => ({ values: accumulator.terms.map(({ value }) => value), accumulator })),
    ],
    equations: equations.filter((equation) => !needed.has(equation) && !chain.has(equation)),
    movable: mayMove,
    early: withoutCarries(parts, mayMove),
    varying: dependents([...carries, ...xs].map(({ inner }) => inner), equations),
    guarded: guardedValues(parts),
    readers,
  };
}

/** Contractions, then reductions, each from the last to the first, so that one comes after those that read its results. */
export function candidates({ equations, movable, varying }: Tail): Equation[] {
  const heavy = equations.filter((equation) => movable.has(equation) && isHeavy(equation) && varying.has(equation.outputs[0]!));
  const isContraction = ({ primitive }: Equation): boolean => primitive.lowering.kind === 'contract';
  return [...heavy.filter((equation) => !isContraction(equation)), ...heavy.filter(isContraction)].reverse();
}

/** With all that is computed from them, unless some of it must stay in the loop. */
export function withReaders({ equations, movable }: Tail, chosen: Iterable<Equation>): Set<Equation> | undefined {
  const late = new Set(chosen);
  const values = new Set<Atom>([...late].flatMap(({ outputs }) => outputs));
  for (const equation of equations) {
    if (!late.has(equation) && !equation.inputs.some((input) => values.has(input))) continue;
    if (!movable.has(equation)) return undefined;
    late.add(equation);
    equation.outputs.forEach((output) => values.add(output));
  }
  return late;
}

/** The roots that need something late. */
export function lateRoots({ roots }: Tail, late: Iterable<Equation>): Set<Root> {
  const values = new Set<Atom>([...late].flatMap(({ outputs }) => outputs));
  return new Set(roots.filter((root) => root.values.some((value) => values.has(value))));
}

/** With equations that only late ones read, if handing over what they read takes no more than handing over what they give. */
export function withOperands(tail: Tail, chosen: ReadonlySet<Equation>, roots: ReadonlySet<Root>): Set<Equation> {
  const late = new Set(chosen);
  const { parts, early, varying, readers } = tail;
  const staying = new Set(tail.roots.filter((root) => !roots.has(root)).flatMap(({ values }) => values));
  const read = new Set<Atom>([...[...late].flatMap(({ inputs }) => inputs), ...[...roots].flatMap(({ values }) => values)]);
  const given = new Set<Atom>([
    ...parts.xs.map(({ inner }) => inner), ...[...early].flatMap(({ outputs }) => outputs), ...staying,
  ]);
  for (const equation of [...tail.equations].reverse()) {
    const { inputs, outputs } = equation;
    if (late.has(equation) || early.has(equation) || isHeavy(equation) || !tail.movable.has(equation)) continue;
    const readLate = outputs.filter((output) => read.has(output));
    const readInside = outputs.some((output) => staying.has(output) || readers.get(output)?.some((reader) => !late.has(reader)));
    const more = new Set(inputs.filter((input) => varying.has(input) && !given.has(input) && !read.has(input)));
    if (readLate.length === 0 || readInside || bytesOf(more) > bytesOf(readLate)) continue;
    late.add(equation);
    inputs.forEach((input) => read.add(input));
  }
  return late;
}
