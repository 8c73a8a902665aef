/**
 * Scans. Those of length 0 and 1 are unrolled. In the others, carries that never change become consts, consts that are literals
 * or given twice vanish, what depends on consts alone is computed before the loop, and stacked outputs that only repeat a const
 * or copy an xs are made outside.
 */
import { Literal, sameAval } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr, Var } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { hoist } from './hoist.ts';
import { inlineCall } from './inline.ts';
import { rewrite } from './rewrite.ts';
import type { Context } from './rewrite.ts';
import { putTogether, substitute, takeApart } from './scan-parts.ts';
import type { ScanParts } from './scan-parts.ts';

export function loops(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    if (equation.primitive.name !== 'scan') return undefined;
    const length = equation.params['length'] as number;
    if (length === 0) return zeroSteps(equation, context);
    if (length === 1) return oneStep(equation, context);
    return slimmed(equation, context);
  });
}

function zeroSteps(scan: Equation, { o }: Context): Atom[] {
  const { carries } = takeApart(scan);
  return scan.outputs.map(({ aval }, i) => carries[i]?.outer ?? o.full(0, aval));
}

function oneStep(scan: Equation, context: Context): Atom[] {
  const { consts, carries, xs } = takeApart(scan);
  const { o } = context;
  const slices = xs.map(({ outer, inner }) => o.reshape(outer, { newSizes: inner.aval.shape }));
  const operands = [...[...consts, ...carries].map(({ outer }) => outer), ...slices];
  const results = inlineCall(scan.params['jaxpr'] as Jaxpr, operands, context);
  return results.map((result, i) => (i < carries.length ? result : o.reshape(result, { newSizes: [1, ...result.aval.shape] })));
}

function slimmed(scan: Equation, { o }: Context): Atom[] | undefined {
  const given = takeApart(scan);
  const fixed = given.carries.filter(({ inner, next }) => next === inner);
  const varying = given.carries.filter(({ inner, next }) => next !== inner);
  const merged = mergeConsts({ ...given, consts: [...given.consts, ...fixed], carries: varying });
  const { before, parts } = hoist(merged);
  const outside = parts.ys.map((y) => stackOutside(y, parts));
  const unchanged = fixed.length === 0 && merged.consts.length === given.consts.length && before.length === 0;
  if (unchanged && outside.every((make) => make === undefined)) return undefined;

  o.equations.push(...before);
  const inside = putTogether(o, scan, { ...parts, ys: parts.ys.filter((_, i) => outside[i] === undefined) });
  const carries = given.carries.map(({ inner, next, outer }) => (next === inner ? outer : inside.carries.shift()!));
  const ys = outside.map((make) => (make === undefined ? inside.ys.shift()! : make(o)));
  return [...carries, ...ys];
}

/** Without the consts that are literals or that an earlier const already is. */
function mergeConsts(parts: ScanParts): ScanParts {
  const known = new Map<Var, Atom>();
  const first = new Map<Atom, Var>();
  const consts = parts.consts.filter(({ outer, inner }) => {
    const same = outer instanceof Literal ? new Literal(outer.value, inner.aval) : first.get(outer);
    if (same === undefined || !sameAval(same.aval, inner.aval)) {
      first.set(outer, inner);
      return true;
    }
    known.set(inner, same);
    return false;
  });
  return { ...substitute(parts, known), consts };
}

/** How to make the stacked output of a step's `y` without the loop, if that is possible. */
function stackOutside(y: Atom, { consts, xs, length }: ScanParts): ((o: Builder) => Atom) | undefined {
  const copied = xs.find(({ inner }) => inner === y);
  if (copied !== undefined) return () => copied.outer;
  const repeated = y instanceof Literal ? y : consts.find(({ inner }) => inner === y)?.outer;
  if (repeated === undefined) return undefined;
  const { shape } = repeated.aval;
  return (o) => o.broadcastInDim(repeated, { shape: [length, ...shape], broadcastDimensions: shape.map((_, axis) => axis + 1) });
}
