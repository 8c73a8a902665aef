/** Contractions and reductions of a scan's xs alone, done before the loop for all steps at once. */
import type { Atom, Equation, Var } from '../ir/jaxpr.ts';
import { findAccumulators } from './accumulators.ts';
import { AllSteps } from './all-steps.ts';
import { bytesOf, dependents, isHeavy, movable, neededFor, stackedBytes, withoutCarries } from './body.ts';
import { INTERMEDIATE_GROWTH, STACK_GROWTH } from './costs.ts';
import type { Hoisted } from './hoist.ts';
import type { ScanParts } from './scan-parts.ts';

/**
 * Moves those on which carries depend, with all that they need; what only sums and stacked outputs need is better done after the
 * loop. `undefined` if there are none.
 */
export function hoistProjections(scan: Equation, parts: ScanParts): Hoisted | undefined {
  const early = withoutCarries(parts, movable(parts));
  const varying = dependents(parts.xs.map(({ inner }) => inner), parts.equations);
  const sums = new Set(findAccumulators(parts).map(({ carry }) => carry));
  const kept = parts.carries.filter((carry) => !sums.has(carry)).map(({ next }) => next);
  const forCarries = neededFor(kept, parts.equations);
  let moving: ReadonlySet<Equation> = new Set();
  for (const equation of parts.equations) {
    if (!early.has(equation) || !isHeavy(equation) || !forCarries.has(equation) || !varying.has(equation.outputs[0]!)) continue;
    const more = new Set([...moving, equation]);
    if (fits(scan, parts, early, more)) moving = more;
  }
  return moving.size === 0 ? undefined : move(scan, parts, early, followed(parts, early, moving));
}

interface Divided {
  /** What is left of the body without the equations that move. */
  readonly inside: readonly Equation[];
  /** Their results that it reads. */
  readonly handedOver: ReadonlySet<Var>;
}

function divide({ carries, equations, ys }: ScanParts, moving: ReadonlySet<Equation>): Divided {
  const results = [...carries.map(({ next }) => next), ...ys];
  const needed = neededFor(results, equations.filter((equation) => !moving.has(equation)));
  const read = new Set<Atom>([...results, ...[...needed].flatMap(({ inputs }) => inputs)]);
  const outputs = [...moving].flatMap((equation) => equation.outputs);
  return {
    inside: equations.filter((equation) => needed.has(equation)),
    handedOver: new Set(outputs.filter((output) => read.has(output))),
  };
}

function fits(scan: Equation, parts: ScanParts, early: ReadonlySet<Equation>, moving: ReadonlySet<Equation>): boolean {
  const { handedOver } = divide(parts, moving);
  const steps = new AllSteps(parts, early, scan);
  handedOver.forEach((value) => steps.stacked(value));
  const before = stackedBytes(parts);
  const intermediates = steps.heavy.filter((value) => steps.varies(value) && !handedOver.has(value));
  return bytesOf(handedOver) <= STACK_GROWTH * before && bytesOf(intermediates) <= INTERMEDIATE_GROWTH * before;
}

/** With equations, such as the addition of a bias, that alone read what is handed over and give no more than they read. */
function followed(parts: ScanParts, early: ReadonlySet<Equation>, moving: ReadonlySet<Equation>): ReadonlySet<Equation> {
  const all = new Set(moving);
  const results = new Set([...parts.carries.map(({ next }) => next), ...parts.ys]);
  let { inside, handedOver } = divide(parts, all);
  for (const equation of parts.equations) {
    const read = new Set(equation.inputs.filter((input) => handedOver.has(input as Var)));
    if (read.size === 0 || !early.has(equation) || all.has(equation)) continue;
    const shared = inside.some((other) => other !== equation && other.inputs.some((input) => read.has(input)));
    if (shared || [...read].some((value) => results.has(value)) || bytesOf(equation.outputs) > bytesOf(read)) continue;
    all.add(equation);
    ({ inside, handedOver } = divide(parts, all));
  }
  return all;
}

function move(scan: Equation, parts: ScanParts, early: ReadonlySet<Equation>, moving: ReadonlySet<Equation>): Hoisted {
  const { inside, handedOver } = divide(parts, moving);
  const steps = new AllSteps(parts, early, scan);
  const slices = [...handedOver].map((inner) => ({ inner, outer: steps.stacked(inner) }));
  return { before: steps.o.equations, parts: { ...parts, xs: [...parts.xs, ...slices], equations: inside } };
}
