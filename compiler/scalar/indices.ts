/**
 * Index expressions: the integer arithmetic by which views vanish. Every node knows its exact range and a structural key, and the
 * constructors simplify, so that most reshapes leave no division behind. WGSL evaluates them in u32; a negative
 * intermediate is only reached under a mask that discards the result.
 */
import { HeddleError } from '../errors.ts';
import type { Shape } from '../shape.ts';
import { sizeOf, stridesOf } from '../shape.ts';
import { keyOf } from './expression.ts';
import type { Expr } from './expression.ts';
import { shorten } from './keys.ts';
import { highOf, plus, sharedDivisors, soleIndex, split, sumOf, times } from './sums.ts';
import type { Sum } from './sums.ts';

interface IndexNode {
  /** Equal keys mean equal expressions. */
  readonly key: string;
  /** Inclusive bounds of the value. */
  readonly low: number;
  readonly high: number;
}

export type Index =
  | (IndexNode & { readonly kind: 'constant'; readonly value: number })
  | IndexVariable
  | (IndexNode & { readonly kind: 'add'; readonly a: Index; readonly b: Index })
  | (IndexNode & { readonly kind: 'scale'; readonly a: Index; readonly by: number })
  | (IndexNode & { readonly kind: 'divide'; readonly a: Index; readonly by: number })
  | (IndexNode & { readonly kind: 'modulo'; readonly a: Index; readonly by: number })
  | (IndexNode & { readonly kind: 'dynamic'; readonly value: Expr });

/** A loop or thread index: 0 <= variable < size. Names are unique within a kernel. */
export interface IndexVariable extends IndexNode {
  readonly kind: 'variable';
  readonly name: string;
  readonly size: number;
}

export function constant(value: number): Index {
  return { kind: 'constant', key: `${value}`, low: value, high: value, value };
}

export function variable(name: string, size: number): IndexVariable {
  return { kind: 'variable', key: name, low: 0, high: Math.max(size - 1, 0), name, size };
}

/** A value read at run time, which the caller knows to lie between the bounds. */
export function dynamic(value: Expr, low: number, high: number): Index {
  if (value.kind === 'constant') return constant(value.value);
  if (low === high) return constant(low);
  if (value.kind === 'index') return value.index;
  return { kind: 'dynamic', key: shorten(`[${keyOf(value)}]`), low, high, value };
}

export function add(a: Index, b: Index): Index {
  return indexOf(recombine(plus(sumOf(a), sumOf(b))));
}

export function sum(indices: readonly Index[]): Index {
  return indices.reduce(add, constant(0));
}

export function scale(a: Index, by: number): Index {
  return indexOf(times(sumOf(a), by));
}

/** Floor division by a positive integer. */
export function divide(a: Index, by: number): Index {
  expectPositive(by);
  if (by === 1) return a;
  if (a.low >= 0 && a.high < by) return constant(0);
  const dividend = sumOf(a);
  for (const divisor of sharedDivisors(dividend, by)) {
    const { quotient, remainder } = split(dividend, divisor);
    if (highOf(remainder) < divisor) return divide(indexOf(quotient), by / divisor);
  }
  const { quotient, remainder } = split(dividend, by);
  const rest = soleIndex(remainder);
  if (rest?.kind === 'divide') return add(indexOf(quotient), divide(rest.a, rest.by * by));
  if (rest?.kind === 'modulo' && rest.by % by === 0) return add(indexOf(quotient), modulo(divide(rest.a, by), rest.by / by));
  return add(indexOf(quotient), divideNode(indexOf(remainder), by));
}

/** The non-negative remainder of division by a positive integer. */
export function modulo(a: Index, by: number): Index {
  expectPositive(by);
  if (by === 1) return constant(0);
  if (a.low >= 0 && a.high < by) return a;
  const { remainder } = split(sumOf(a), by);
  for (const divisor of sharedDivisors(remainder, by)) {
    const { quotient, remainder: below } = split(remainder, divisor);
    if (highOf(below) < divisor) return add(scale(modulo(indexOf(quotient), by / divisor), divisor), indexOf(below));
  }
  const rest = soleIndex(remainder);
  if (rest?.kind === 'modulo' && rest.by % by === 0) return modulo(rest.a, by);
  return moduloNode(indexOf(remainder), by);
}

/** The row-major position of `indices` in an array of `shape`. */
export function flatten(indices: readonly Index[], shape: Shape): Index {
  const strides = stridesOf(shape);
  const parts = indices.map((index, axis) => times(sumOf(index), shape[axis] === 1 ? 0 : strides[axis]!));
  return indexOf(recombine(parts.reduce(plus, { constant: 0, terms: new Map() })));
}

/** The indices of the element at a row-major position in an array of `shape`. */
export function unflatten(position: Index, shape: Shape): Index[] {
  if (sizeOf(shape) === 0) return shape.map(() => constant(0));
  const strides = stridesOf(shape);
  return shape.map((extent, axis) => modulo(divide(position, strides[axis]!), extent));
}

/** The canonical index of a sum: terms in the order of their keys, the constant last. */
function indexOf({ constant: offset, terms }: Sum): Index {
  const ordered = [...terms.values()].sort((a, b) => (a.index.key < b.index.key ? -1 : 1));
  const parts = ordered.map(({ index, by }) => (by === 1 ? index : scaleNode(index, by)));
  if (offset !== 0 || parts.length === 0) parts.push(constant(offset));
  return parts.reduce(addNode);
}

/** Puts quotient and remainder together again: `(x // c) * c + x % c` is x. */
function recombine(total: Sum): Sum {
  for (const { index, by } of total.terms.values()) {
    if (index.kind !== 'modulo') continue;
    const quotient = times(sumOf(divide(index.a, index.by)), by * index.by);
    const complete = [...quotient.terms].every(([key, term]) => total.terms.get(key)?.by === term.by);
    if (!complete || quotient.terms.size === 0) continue;
    const without = plus(total, times(plus(quotient, sumOf(scale(index, by))), -1));
    return recombine(plus(without, times(sumOf(index.a), by)));
  }
  return total;
}

function addNode(a: Index, b: Index): Index {
  return { kind: 'add', key: shorten(`(${a.key}+${b.key})`), low: a.low + b.low, high: a.high + b.high, a, b };
}

function scaleNode(a: Index, by: number): Index {
  const ends = [a.low * by, a.high * by];
  return { kind: 'scale', key: shorten(`${a.key}*${by}`), low: Math.min(...ends), high: Math.max(...ends), a, by };
}

function divideNode(a: Index, by: number): Index {
  return { kind: 'divide', key: shorten(`${a.key}/${by}`), low: Math.floor(a.low / by), high: Math.floor(a.high / by), a, by };
}

function moduloNode(a: Index, by: number): Index {
  return { kind: 'modulo', key: shorten(`${a.key}%${by}`), low: 0, high: by - 1, a, by };
}

function expectPositive(divisor: number): void {
  if (!Number.isInteger(divisor) || divisor < 1) throw new HeddleError('INTERNAL', `an index was divided by ${divisor}`);
}
