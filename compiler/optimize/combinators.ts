/** Rules made of smaller ones. */
import type { DType } from '../dtype.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import type { Match, MatchRule } from './match.ts';

/** What `x op c` or `c op x` becomes; `dtype` is that of the operands. */
export type WithConstant = (x: Atom, c: number, dtype: DType, match: Match) => Atom | undefined;

export function withRight(rule: WithConstant): MatchRule {
  return (match) => {
    const [x, c] = [match.input(0), match.constant(match.input(1))];
    return c === undefined ? undefined : rule(x, c, x.aval.dtype, match);
  };
}

export function withLeft(rule: WithConstant): MatchRule {
  return (match) => {
    const [c, x] = [match.constant(match.input(0)), match.input(1)];
    return c === undefined ? undefined : rule(x, c, x.aval.dtype, match);
  };
}

export function withEither(rule: WithConstant): MatchRule {
  return (match) => withRight(rule)(match) ?? withLeft(rule)(match);
}

type IsConstant = (c: number, dtype: DType) => boolean;

/** x op c = x. */
export function neutral(isNeutral: IsConstant): WithConstant {
  return (x, c, dtype) => (isNeutral(c, dtype) ? x : undefined);
}

/** x op c = c. */
export function absorbing(absorbs: IsConstant): WithConstant {
  return (_, c, dtype, match) => (absorbs(c, dtype) ? match.fill(c) : undefined);
}

/** x op x. */
export function withItself(rule: (x: Atom, match: Match) => Atom | undefined): MatchRule {
  return (match) => (sameAtom(match.input(0), match.input(1)) ? rule(match.input(0), match) : undefined);
}

/** f(g(x)) = x. */
export function undoes(inner: string): MatchRule {
  return (match) => match.argument(match.input(0), inner);
}

/** f(g(x)) = g(x). */
export function keeps(...inner: readonly string[]): MatchRule {
  return (match) => (inner.some((name) => match.made(match.input(0), name)) ? match.input(0) : undefined);
}

export function sameAtom(a: Atom, b: Atom): boolean {
  if (a === b) return true;
  return a instanceof Literal && b instanceof Literal && Object.is(a.value, b.value) && a.aval.dtype === b.aval.dtype;
}
