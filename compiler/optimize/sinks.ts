/** Contractions and reductions of a scan that no carry needs, done after the loop for all steps at once. */
import { Jaxpr, Literal } from '../ir/jaxpr.ts';
import type { Atom, Equation, Var } from '../ir/jaxpr.ts';
import type { Accumulator } from './accumulators.ts';
import { AllSteps } from './all-steps.ts';
import { bytesOf, isHeavy, stackedBytes } from './body.ts';
import { INTERMEDIATE_GROWTH, STACK_GROWTH } from './costs.ts';
import { candidates, lateRoots, tailOf, withOperands, withReaders } from './late.ts';
import type { Root, Tail } from './late.ts';
import type { Context } from './rewrite.ts';
import { putTogether } from './scan-parts.ts';
import type { ScanParts } from './scan-parts.ts';
import { total } from './totals.ts';

/**
 * The outputs of the scan, of which those are computed after it that can be: stacked outputs that come from a contraction or a
 * reduction, and sums of these or of what is stacked anyway. `undefined` if there is none. Not for loops without contractions and
 * reductions: these one kernel can run, in which a sum costs nothing.
 */
export function sink(
  scan: Equation,
  parts: ScanParts,
  accumulators: readonly Accumulator[],
  context: Context,
): Atom[] | undefined {
  const tail = tailOf(parts, accumulators);
  const chosen = withPlainSums(scan, tail, choose(scan, tail));
  return chosen.results.size === 0 ? undefined : apply(scan, tail, chosen, context);
}

/** What is done after the loop, appended to `steps.o`. */
interface After {
  readonly late: ReadonlySet<Equation>;
  readonly steps: AllSteps;
  /** For a sum, without its initial value. */
  readonly results: ReadonlyMap<Root, Atom>;
}

/** As much as is worth what has to be stacked for it: see `isWorthStacks`. */
function choose(scan: Equation, tail: Tail): After {
  let chosen = after(scan, tail, new Set(), new Set());
  const heavy = candidates(tail);
  for (const equation of heavy) {
    const more = chosen.late.has(equation) ? undefined : withLate(scan, tail, [...chosen.late, equation]);
    if (more === undefined || !fits(tail, more)) continue;
    if (isWorthStacks(equation, tail, chosen, more) || stacksOf(tail, more) <= stacksOf(tail, chosen)) chosen = more;
  }
  const all = withLate(scan, tail, heavy);
  const leavesNone = all !== undefined && tail.parts.equations.every((equation) => all.late.has(equation) || !isHeavy(equation));
  return leavesNone && fits(tail, all) ? all : chosen;
}

/**
 * A product with what is the same in all steps becomes one with more rows, and what is only summed is never there for all steps. Of
 * others there are as many afterwards, which save no more than their launches.
 */
function isWorthStacks({ primitive, inputs }: Equation, { varying }: Tail, before: After, more: After): boolean {
  if (primitive.lowering.kind === 'contract' && !inputs.every((input) => varying.has(input))) return true;
  return [...more.results.keys()].every((root) => root.accumulator !== undefined || before.results.has(root));
}

/** With these equations late, and what depends on them. */
function withLate(scan: Equation, tail: Tail, equations: readonly Equation[]): After | undefined {
  const late = withReaders(tail, equations);
  if (late === undefined) return undefined;
  const roots = lateRoots(tail, late);
  return after(scan, tail, withOperands(tail, late, roots), roots);
}

/** With sums that need nothing more handed over. */
function withPlainSums(scan: Equation, tail: Tail, given: After): After {
  let chosen = given;
  for (const root of tail.roots) {
    if (root.accumulator === undefined || chosen.results.has(root)) continue;
    const roots = new Set([...chosen.results.keys(), root]);
    const more = after(scan, tail, withOperands(tail, chosen.late, roots), roots);
    if (stacksOf(tail, more) <= stacksOf(tail, chosen) && fits(tail, more)) chosen = more;
  }
  return chosen;
}

function after(scan: Equation, tail: Tail, late: ReadonlySet<Equation>, roots: ReadonlySet<Root>): After {
  const steps = new AllSteps(tail.parts, [...late, ...tail.early], scan);
  const results = new Map<Root, Atom>();
  for (const root of roots) {
    const { values, accumulator } = root;
    results.set(root, accumulator === undefined ? steps.stacked(values[0]!) : sumOfTerms(steps, accumulator));
  }
  return { late, steps, results };
}

function sumOfTerms(steps: AllSteps, { terms }: Accumulator): Atom {
  const { o } = steps;
  return terms.reduce<Atom | undefined>((sum, { value, negative }) => {
    const term = total(steps, value);
    if (sum === undefined) return negative ? o.neg(term) : term;
    return negative ? o.sub(sum, term) : o.add(sum, term);
  }, undefined)!;
}

function stayingYs({ roots }: Tail, { results }: After): Root[] {
  return roots.filter((root) => root.accumulator === undefined && !results.has(root));
}

/** What the loop stacks for what comes after it, and does not stack anyway. */
function newStacks(tail: Tail, chosen: After): Var[] {
  const ys = new Set(stayingYs(tail, chosen).flatMap(({ values }) => values));
  return [...chosen.steps.stacks.keys()].filter((value) => !ys.has(value));
}

function stacksOf(tail: Tail, chosen: After): number {
  return bytesOf(newStacks(tail, chosen));
}

function fits(tail: Tail, chosen: After): boolean {
  const stacks = newStacks(tail, chosen);
  const before = stackedBytes(tail.parts);
  const ys = new Set<Atom>(tail.parts.ys);
  const intermediates = chosen.steps.heavy.filter((value) => tail.varying.has(value) && !ys.has(value));
  if (stacks.some((value) => tail.guarded.has(value))) return false;
  return bytesOf(stacks) <= STACK_GROWTH * before && bytesOf(intermediates) <= INTERMEDIATE_GROWTH * before;
}

/** Appends the scan that is left and what comes after it. */
function apply(scan: Equation, tail: Tail, chosen: After, { o, definition }: Context): Atom[] {
  const { parts } = tail;
  const { late, steps, results } = chosen;
  const sums = [...results.keys()].flatMap(({ accumulator }) => accumulator ?? []);
  const gone = new Set([...late, ...sums.flatMap(({ chain }) => chain)]);
  const carries = parts.carries.filter((carry) => !sums.some((sum) => sum.carry === carry));
  const staying = stayingYs(tail, chosen);
  const stacks = newStacks(tail, chosen);
  const inside = putTogether(o, scan, {
    ...parts,
    carries,
    equations: parts.equations.filter((equation) => !gone.has(equation)),
    ys: [...staying.flatMap(({ values }) => values), ...stacks],
  });

  const stackOf = (value: Var): Atom => {
    const place = stacks.indexOf(value);
    return inside.ys[place < 0 ? staying.findIndex(({ values }) => values[0] === value) : staying.length + place]!;
  };
  const order = [...results.keys()];
  const rest = new Jaxpr([], [...steps.stacks.values()], steps.o.equations, order.map((root) => results.get(root)!));
  const outputs = o.inline(rest, [...steps.stacks.keys()].map(stackOf));
  const resultOf = new Map(order.map((root, i) => [root, outputs[i]!]));

  const finals = parts.carries.map((carry): Atom => {
    const place = carries.indexOf(carry);
    if (place >= 0) return inside.carries[place]!;
    const sum = resultOf.get(tail.roots.find(({ accumulator }) => accumulator?.carry === carry)!)!;
    return isZero(carry.outer, definition) ? sum : o.add(carry.outer, sum);
  });
  const ys = tail.roots.slice(0, parts.ys.length).map((root) => resultOf.get(root) ?? inside.ys[staying.indexOf(root)]!);
  return [...finals, ...ys];
}

function isZero(atom: Atom, definition: (atom: Atom) => Equation | undefined): boolean {
  if (atom instanceof Literal) return atom.value === 0;
  const source = definition(atom);
  return source?.primitive.name === 'broadcast_in_dim' && isZero(source.inputs[0]!, definition);
}
