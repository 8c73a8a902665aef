/** Index expressions as linear forms: a constant plus integer multiples of distinct terms. The simplifier works on these. */
import type { Index } from './indices.ts';

/** `index * by`, where the index is a variable, a quotient, a remainder or dynamic. */
export interface Term {
  readonly index: Index;
  readonly by: number;
}

export interface Sum {
  readonly constant: number;
  /** By the key of the index; no multiple is 0. */
  readonly terms: ReadonlyMap<string, Term>;
}

export function sumOf(index: Index): Sum {
  if (index.low === index.high) return { constant: index.low, terms: new Map() };
  switch (index.kind) {
    case 'add':
      return plus(sumOf(index.a), sumOf(index.b));
    case 'scale':
      return times(sumOf(index.a), index.by);
    default:
      return { constant: 0, terms: new Map([[index.key, { index, by: 1 }]]) };
  }
}

export function plus(a: Sum, b: Sum): Sum {
  const terms = new Map(a.terms);
  for (const [key, { index, by }] of b.terms) {
    const total = by + (terms.get(key)?.by ?? 0);
    if (total === 0) terms.delete(key);
    else terms.set(key, { index, by: total });
  }
  return { constant: a.constant + b.constant, terms };
}

export function times(sum: Sum, by: number): Sum {
  if (by === 0) return { constant: 0, terms: new Map() };
  const scaled = [...sum.terms].map(([key, term]): [string, Term] => [key, { index: term.index, by: term.by * by }]);
  return { constant: sum.constant * by, terms: new Map(scaled) };
}

export function lowOf({ constant, terms }: Sum): number {
  return [...terms.values()].reduce((low, { index, by }) => low + by * (by > 0 ? index.low : index.high), constant);
}

export function highOf({ constant, terms }: Sum): number {
  return [...terms.values()].reduce((high, { index, by }) => high + by * (by > 0 ? index.high : index.low), constant);
}

/**
 * `sum = quotient * by + remainder`, where the lowest value of the remainder is in [0, by). No remainder is negative, even where
 * the sum is, so dividing it is right in u32.
 */
export function split(sum: Sum, by: number): { quotient: Sum; remainder: Sum } {
  const multiples = [...sum.terms].filter(([, term]) => term.by % by === 0);
  const others = [...sum.terms].filter(([, term]) => term.by % by !== 0);
  const rest = { constant: sum.constant, terms: new Map(others) };
  const shift = Math.floor(lowOf(rest) / by);
  const quotients = multiples.map(([key, { index, by: multiple }]): [string, Term] => [key, { index, by: multiple / by }]);
  return {
    quotient: { constant: shift, terms: new Map(quotients) },
    remainder: { constant: rest.constant - shift * by, terms: rest.terms },
  };
}

/** The divisors of `by` that it shares with a multiple in the sum, `by` itself first, without 1. */
export function sharedDivisors(sum: Sum, by: number): number[] {
  const shared = [...sum.terms.values()].map((term) => greatestCommonDivisor(by, Math.abs(term.by)));
  return [...new Set([by, ...shared])].filter((divisor) => divisor > 1).sort((a, b) => b - a);
}

/** The one index that the sum is, or undefined. */
export function soleIndex({ constant, terms }: Sum): Index | undefined {
  const [term] = terms.values();
  return constant === 0 && terms.size === 1 && term?.by === 1 ? term.index : undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
