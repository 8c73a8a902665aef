/** Conditions on indices, and indices made safe under a condition. What the ranges decide is not computed at run time. */
import { applyExpr, constantExpr, indexExpr, selectExpr } from './expression.ts';
import type { Expr, ScalarFunction } from './expression.ts';
import { dynamic } from './indices.ts';
import type { Index } from './indices.ts';

export const LESS: ScalarFunction = {
  name: 'less',
  cost: 'alu',
  wgsl: ([a, b]) => `(${a} < ${b})`,
  helpers: () => [],
};

export const BOTH: ScalarFunction = {
  name: 'both',
  cost: 'alu',
  wgsl: ([a, b]) => `(${a} && ${b})`,
  helpers: () => [],
};

const TRUE = constantExpr('bool', 1);
const FALSE = constantExpr('bool', 0);

/** `a < b` of two int32 or two uint32 expressions. */
export function less(a: Expr, b: Expr): Expr {
  if (a.kind === 'constant' && b.kind === 'constant') return a.value < b.value ? TRUE : FALSE;
  return applyExpr(LESS, 'bool', [a, b]);
}

/** `a && b`. */
export function both(a: Expr, b: Expr): Expr {
  if (a.kind === 'constant') return a.value !== 0 ? b : FALSE;
  if (b.kind === 'constant') return b.value !== 0 ? a : FALSE;
  return applyExpr(BOTH, 'bool', [a, b]);
}

/** `0 <= index < extent`. One comparison is enough, because in u32 a negative index is large. */
export function within(index: Index, extent: number): Expr {
  if (index.low >= 0 && index.high < extent) return TRUE;
  if (index.high < 0 || index.low >= extent) return FALSE;
  return less(indexExpr(index, 'uint32'), constantExpr('uint32', extent));
}

/** The index where `condition` holds, which promises that it is within `extent` there, and 0 elsewhere. */
export function masked(index: Index, condition: Expr, extent: number): Index {
  if (condition.kind === 'constant' && condition.value !== 0) return index;
  const safe = selectExpr(condition, indexExpr(index, 'int32'), constantExpr('int32', 0));
  return dynamic(safe, 0, Math.max(Math.min(index.high, extent - 1), 0));
}

/** The int32 or uint32 expression clamped to [0, high]. */
export function clampedTo(value: Expr, high: number): Expr {
  const known = dynamic(value, -Infinity, Infinity);
  if (known.low >= 0 && known.high <= high) return value;
  const bound = constantExpr(value.dtype, high);
  const capped = selectExpr(less(bound, value), bound, value);
  if (value.dtype === 'uint32') return capped;
  const zero = constantExpr('int32', 0);
  return selectExpr(less(value, zero), zero, capped);
}
