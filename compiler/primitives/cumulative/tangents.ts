/**
 * Tangents of the nonlinear cumulative operations. As in JAX they are those of an associative scan, in which nothing is
 * divided: so zeros are no exception, and ties count as they do there. In long lines of products and sums it does not matter
 * in which order the elements are combined, except to infinities, and one recurrence takes the place of many rounds.
 */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { PartialRule } from '../primitive.ts';
import { associativeScan } from './associative.ts';
import type { Combine } from './associative.ts';
import { cut, movesOf } from './parts.ts';
import { recurrence } from './recurrence.ts';
import type { Along } from './running.ts';

/** A combination of two values, and its partial derivatives. */
export interface Differentiable {
  readonly combine: (o: Builder, a: Atom, b: Atom) => Atom;
  readonly partials: (o: Builder, a: Atom, b: Atom, result: Atom) => readonly [byA: Atom, byB: Atom];
}

/** Lines up to this are always scanned: that is one kernel or two. */
const SHORT = 8;

export function scanTangent({ combine, partials }: Differentiable): PartialRule<Along> {
  return (o, tangent, { inputs: [x], params: { axis, reverse } }) => {
    const step: Combine<Atom> = ([a, da], [b, db]) => {
      const result = combine(o, a!, b!);
      const [byA, byB] = partials(o, a!, b!, result);
      return [result, o.add(o.mul(da!, byA), o.mul(db!, byB))];
    };
    const turned = (atom: Atom): Atom => (reverse ? o.rev(atom, { dimensions: [axis] }) : atom);
    const [, result] = associativeScan(movesOf(o), step, [turned(x!), turned(tangent)], axis);
    return turned(result!);
  };
}

/** The same where the order of combinations does not matter. */
export function recurrentTangent(combination: Differentiable): PartialRule<Along> {
  const scanned = scanTangent(combination);
  return (o, tangent, call) => {
    const { inputs: [x], outputs: [y], params: { axis, reverse } } = call;
    const extent = tangent.aval.shape[axis]!;
    if (extent <= SHORT) return scanned(o, tangent, call);
    const [start, rest, before] = reverse ? [extent - 1, 0, 1] : [0, 1, 0];
    const most = (atom: Atom, from: number): Atom => cut(o, atom, axis, from, from + extent - 1);
    const [byBefore, byElement] = combination.partials(o, most(y!, before), most(x!, rest), most(y!, rest));
    const first = cut(o, tangent, axis, start, start + 1);
    const others = recurrence(o, first, byBefore, o.mul(most(tangent, rest), byElement), { axis, reverse });
    return o.concatenate(...(reverse ? [others, first] : [first, others]), { dimension: axis });
  };
}

export const PRODUCT: Differentiable = { combine: (o, a, b) => o.mul(a, b), partials: (_, a, b) => [b, a] };

/** Equal values share the derivative. */
export function extreme(name: 'max' | 'min'): Differentiable {
  const wins = name === 'max' ? 'gt' : 'lt';
  return {
    combine: (o, a, b) => o[name](a, b),
    partials: (o, a, b) => {
      const weight = (value: number): Atom => o.full(value, a.aval);
      const tied = o.selectN(o.eq(a, b), weight(0), weight(0.5));
      const share = (own: Atom, other: Atom): Atom => o.selectN(o[wins](own, other), tied, weight(1));
      return [share(a, b), share(b, a)];
    },
  };
}

/** The partial derivatives are the shares in the sum of exponentials; an infinity counts as 0 in them. */
export const LOG_SUM: Differentiable = {
  combine: logAddExp,
  partials: (o, a, b, result) => {
    const finite = (value: Atom): Atom => o.selectN(o.eq(value, Infinity), value, o.literal(0, value.aval.dtype));
    const share = (value: Atom): Atom => o.exp(o.sub(finite(value), finite(result)));
    return [share(a), share(b)];
  },
};

/** log(exp(a) + exp(b)) without overflow. */
export function logAddExp(o: Builder, a: Atom, b: Atom): Atom {
  const difference = o.sub(a, b);
  const result = o.add(o.max(a, b), o.log1p(o.exp(o.neg(o.abs(difference)))));
  // The difference of equal infinities is NaN, and so is that of a NaN; the sum is right for both.
  return o.selectN(o.isNan(difference), result, o.add(a, b));
}
