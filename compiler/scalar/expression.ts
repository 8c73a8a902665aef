/** Scalar expressions: what one element of a tensor is, as a function of its indices. Kernels are made of these. */
import type { DType } from '../dtype.ts';
import type { Aval } from '../ir/jaxpr.ts';
import type { Index } from './indices.ts';
import { shorten } from './keys.ts';

/** A piece of WGSL that defines one module-scope function (or constant), with what it needs. It is emitted once, on demand. */
export interface WgslHelper {
  readonly name: string;
  readonly code: string;
  readonly uses: readonly WgslHelper[];
}

/** How a scalar operation is written in WGSL. */
export interface ScalarFunction {
  readonly name: string;
  /** `free` costs nothing (a bitcast), `alu` a few instructions, `heavy` a transcendental or a hash. */
  readonly cost: 'free' | 'alu' | 'heavy';
  /** The WGSL expression; `operand` is the dtype of the first argument. Arguments are names or parenthesised expressions. */
  wgsl(args: readonly string[], operand: DType, result: DType): string;
  helpers(operand: DType, result: DType): readonly WgslHelper[];
  /** The WGSL expression is a vector, of which this is the result; functions that share it compute it once. */
  readonly component?: 'x' | 'y';
}

export type Expr =
  /** May be NaN or infinite; the emitter writes those from bits. */
  | { readonly kind: 'constant'; readonly dtype: DType; readonly value: number }
  /** `index` is the flat row-major element index into the buffer. */
  | { readonly kind: 'load'; readonly dtype: DType; readonly buffer: number; readonly index: Index }
  /** An index as a value (`iota`, range tests). */
  | { readonly kind: 'index'; readonly dtype: 'int32' | 'uint32'; readonly index: Index }
  | { readonly kind: 'apply'; readonly dtype: DType; readonly fn: ScalarFunction; readonly args: readonly Expr[] }
  /** `condition ? yes : no`; the branch not taken is evaluated too, so its loads must be in bounds. */
  | { readonly kind: 'select'; readonly dtype: DType; readonly condition: Expr; readonly yes: Expr; readonly no: Expr }
  /** The result of a reduction stage of the kernel that holds this expression. */
  | { readonly kind: 'reduced'; readonly dtype: DType; readonly stage: number };

/** A tensor seen as a function from its indices to a scalar expression: the one mechanism for views. */
export interface Value {
  readonly aval: Aval;
  at(indices: readonly Index[]): Expr;
}

export function constantExpr(dtype: DType, value: number): Expr {
  return { kind: 'constant', dtype, value };
}

export function loadExpr(dtype: DType, buffer: number, index: Index): Expr {
  return { kind: 'load', dtype, buffer, index };
}

export function indexExpr(index: Index, dtype: 'int32' | 'uint32'): Expr {
  if (index.kind === 'constant') return constantExpr(dtype, dtype === 'int32' ? index.value | 0 : index.value >>> 0);
  if (index.kind === 'dynamic' && index.value.dtype === dtype) return index.value;
  return { kind: 'index', dtype, index };
}

export function applyExpr(fn: ScalarFunction, dtype: DType, args: readonly Expr[]): Expr {
  return { kind: 'apply', dtype, fn, args };
}

/** `condition ? yes : no`, or the one that is chosen when the condition is constant. */
export function selectExpr(condition: Expr, yes: Expr, no: Expr): Expr {
  if (condition.kind === 'constant') return condition.value !== 0 ? yes : no;
  return { kind: 'select', dtype: yes.dtype, condition, yes, no };
}

const KEYS = new WeakMap<Expr, string>();

/** Equal keys mean equal expressions; scalar functions are told apart by name. */
export function keyOf(expr: Expr): string {
  const known = KEYS.get(expr);
  if (known !== undefined) return known;
  const key = shorten(describe(expr));
  KEYS.set(expr, key);
  return key;
}

function describe(expr: Expr): string {
  switch (expr.kind) {
    case 'constant':
      return `${expr.dtype}:${Object.is(expr.value, -0) ? '-0' : expr.value}`;
    case 'load':
      return `load(${expr.buffer},${expr.index.key})`;
    case 'index':
      return `${expr.dtype}(${expr.index.key})`;
    case 'apply':
      return `${expr.fn.name}:${expr.dtype}(${expr.args.map(keyOf).join(',')})`;
    case 'select':
      return `select(${keyOf(expr.condition)},${keyOf(expr.yes)},${keyOf(expr.no)})`;
    case 'reduced':
      return `reduced(${expr.stage})`;
  }
}
