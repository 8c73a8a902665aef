/** Hand-written kernels for the tests of code generation: short ways to write expressions, and data to run them on. */
import { expect } from 'vitest';
import type { DType } from '../../compiler/dtype.ts';
import type { ContractKernel, MapKernel, RowKernel, Stage, Store } from '../../compiler/fuse/kernel.ts';
import { DEFAULT_PROFILE, type DeviceProfile } from '../../compiler/program.ts';
import { applyExpr, loadExpr, type Expr, type ScalarFunction } from '../../compiler/scalar/expression.ts';
import { flatten, type Index } from '../../compiler/scalar/indices.ts';

export const HARDWARE: DeviceProfile = DEFAULT_PROFILE;
export const SOFTWARE: DeviceProfile = { ...DEFAULT_PROFILE, software: true };

/** An array in a buffer as a function of its indices. */
export function array(buffer: number, shape: readonly number[], dtype: DType = 'float32'): (...indices: Index[]) => Expr {
  return (...indices) => loadExpr(dtype, buffer, flatten(indices, shape));
}

export function store(buffer: number, shape: readonly number[], indices: readonly Index[], value: Expr): Store {
  return { buffer, dtype: value.dtype, index: flatten(indices, shape), value };
}

/** `infix('+')(a, b)`; the result has the dtype of the first operand unless it is given. */
export function infix(operator: string, dtype?: DType): (a: Expr, b: Expr) => Expr {
  const fn: ScalarFunction = { name: operator, cost: 'alu', wgsl: ([a, b]) => `${a} ${operator} ${b}`, helpers: () => [] };
  return (a, b) => applyExpr(fn, dtype ?? a.dtype, [a, b]);
}

export function call(name: string, dtype?: DType): (...args: Expr[]) => Expr {
  const fn: ScalarFunction = { name, cost: 'heavy', wgsl: (args) => `${name}(${args.join(', ')})`, helpers: () => [] };
  return (...args) => applyExpr(fn, dtype ?? args[0]!.dtype, args);
}

export const plus = infix('+');
export const minus = infix('-');
export const times = infix('*');
export const over = infix('/');
export const less = infix('<', 'bool');
export const exp = call('exp');
export const sqrt = call('sqrt');

export function reduced(stage: number, dtype: DType = 'float32'): Expr {
  return { kind: 'reduced', dtype, stage };
}

export function stage(monoid: Stage['monoid'], value: Expr, dtype: DType = value.dtype): Stage {
  return { monoid, dtype, value };
}

/** `argmax` or `argmin` of a value, whose position is an index. */
export function position(monoid: 'argmax' | 'argmin', value: Expr, index: Index, dtype: DType = 'int32'): Stage {
  return { monoid, dtype, value, position: index };
}

const BASE = { loops: [], sources: [] } as const;

export function mapKernel(kernel: Pick<MapKernel, 'domain' | 'stores'> & Partial<MapKernel>): MapKernel {
  return { ...BASE, kind: 'map', label: 'map', ...kernel };
}

export function rowKernel(kernel: Pick<RowKernel, 'rows' | 'columns' | 'stages'> & Partial<RowKernel>): RowKernel {
  return { ...BASE, kind: 'row', label: 'row', rowStores: [], elementStores: [], ...kernel };
}

export function contractKernel(
  kernel: Pick<ContractKernel, 'm' | 'n' | 'k' | 'lhs' | 'rhs' | 'stores'> & Partial<ContractKernel>,
): ContractKernel {
  return { ...BASE, kind: 'contract', label: 'contract', batch: [], accumulator: 'float32', ...kernel };
}

/** Numbers between -1 and 1 that depend on the seed only. */
export function noise(length: number, seed = 1): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** What results are written into: an untouched element keeps this value. */
export const UNTOUCHED = 12345;

/** An array for results, with some elements more than the kernel may write. */
export function blank(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(length + 7).fill(UNTOUCHED);
}

export function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

/** Equal up to a difference relative to the greater of 1 and the expected value; NaN is only like NaN. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const wrong = Array.from(expected, (value, at) => ({ at, value, actual: actual[at]! })).filter(({ value, actual: found }) => {
    return !(Object.is(found, value) || Math.abs(found - value) <= tolerance * Math.max(1, Math.abs(value)));
  });
  expect(wrong.slice(0, 5)).toEqual([]);
}
