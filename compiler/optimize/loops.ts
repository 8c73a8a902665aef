/**
 * Scans. Those of length 0 and 1 are unrolled. In the others, carries that never change become consts, consts that are literals
 * vanish, consts and xs that are broadcast are broadcast in the body, operands given twice and values stacked twice are given and
 * stacked once, what depends on consts alone is computed before the loop, and stacked outputs that only repeat a const or copy an
 * xs are made outside.
 */
import { Literal, Var, sameAval } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { hoist } from './hoist.ts';
import { inlineCall } from './inline.ts';
import { rewrite } from './rewrite.ts';
import type { Context } from './rewrite.ts';
import { putTogether, substitute, takeApart } from './scan-parts.ts';
import type { Bound, ScanParts } from './scan-parts.ts';

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

function slimmed(scan: Equation, { o, definition }: Context): Atom[] | undefined {
  const given = takeApart(scan);
  const fixed = given.carries.filter(({ inner, next }) => next === inner);
  const varying = given.carries.filter(({ inner, next }) => next !== inner);
  const slim = fixed.length === 0 ? given : { ...given, consts: [...given.consts, ...fixed], carries: varying };
  const merged = mergeOperands(broadcastInside(slim, definition));
  const { before, parts } = hoist(merged);
  const { ys } = parts;
  const outside = ys.map((y) => stackOutside(y, parts));
  const inLoop = ys.filter((y, i) => outside[i] === undefined && ys.indexOf(y) === i);
  if (parts === given && inLoop.length === ys.length) return undefined;

  o.equations.push(...before);
  const inside = putTogether(o, scan, { ...parts, ys: inLoop });
  const carries = given.carries.map(({ inner, next, outer }) => (next === inner ? outer : inside.carries.shift()!));
  return [...carries, ...ys.map((y, i) => outside[i]?.(o) ?? inside.ys[inLoop.indexOf(y)]!)];
}

/** With sources broadcast in the body in the place of consts that are broadcasts, and of xs that are, of equal slices. */
function broadcastInside(parts: ScanParts, definition: Context['definition']): ScanParts {
  const sources: Bound[] = [];
  const equations: Equation[] = [];
  const staysAs = (sliced: 0 | 1) => ({ outer, inner }: Bound): boolean => {
    const equation = definition(outer);
    if (equation?.primitive.name !== 'broadcast_in_dim') return true;
    const source = equation.inputs[0]!;
    const dimensions = equation.params['broadcastDimensions'] as readonly number[];
    if ((sliced === 1 && dimensions.includes(0)) || source.aval.weak !== inner.aval.weak) return true;
    const repeated = new Var(source.aval);
    const params = { shape: inner.aval.shape, broadcastDimensions: dimensions.map((axis) => axis - sliced) };
    sources.push({ outer: source, inner: repeated });
    equations.push({ ...equation, inputs: [repeated], params, outputs: [inner] });
    return false;
  };
  const [consts, xs] = [parts.consts.filter(staysAs(0)), parts.xs.filter(staysAs(1))];
  if (sources.length === 0) return parts;
  return { ...parts, consts: [...consts, ...sources], xs, equations: [...equations, ...parts.equations] };
}

/** Without consts that are literals, and without operands that are given already. */
function mergeOperands(parts: ScanParts): ScanParts {
  const known = new Map<Var, Atom>();
  const notKnown = (): ((operand: Bound) => boolean) => {
    const first = new Map<Atom, Var>();
    return ({ outer, inner }) => {
      const same = outer instanceof Literal ? new Literal(outer.value, inner.aval) : first.get(outer);
      if (same === undefined || !sameAval(same.aval, inner.aval)) {
        first.set(outer, inner);
        return true;
      }
      known.set(inner, same);
      return false;
    };
  };
  const [consts, xs] = [parts.consts.filter(notKnown()), parts.xs.filter(notKnown())];
  return known.size === 0 ? parts : { ...substitute(parts, known), consts, xs };
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
