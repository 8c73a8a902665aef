/** Reads golden/numerics.json, and compares with it. */
import { readFileSync } from 'node:fs';
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import { allocate } from '../../compiler/dtype.ts';

/** A column of results: its dtype as JAX names it, floats as hexadecimal bits. */
export interface Column {
  readonly dtype: DType;
  readonly y: readonly (string | number)[];
}

type Table = Readonly<Record<string, Column>>;

interface Numerics {
  readonly x: readonly string[];
  readonly unary: Table;
  readonly gradUnary: Readonly<Record<string, readonly string[]>>;
  readonly binaryX: readonly string[];
  readonly binary: Table;
  /** The derivatives in the first and in the second operand. */
  readonly gradBinary: Readonly<Record<string, readonly [readonly string[], readonly string[]]>>;
  readonly int32X: readonly number[];
  readonly int32Unary: Table;
  readonly int32Binary: Table;
  readonly uint32X: readonly number[];
  readonly uint32Binary: Table;
}

const FILE = new URL('../golden/numerics.json', import.meta.url);
export const NUMERICS: Numerics = JSON.parse(readFileSync(FILE, 'utf8')) as Numerics;

export function decode(dtype: DType, values: readonly (string | number)[]): TypedArray {
  const data = allocate(dtype, values.length);
  values.forEach((value, i) => (data[i] = typeof value === 'number' ? value : dtype === 'float16' ? half(value) : single(value)));
  return data;
}

/** All pairs of values, as two columns. */
export function pairs(dtype: DType, values: readonly (string | number)[]): TypedArray[] {
  const all = values.flatMap((x) => values.map((y) => [x, y] as const));
  return [decode(dtype, all.map(([x]) => x)), decode(dtype, all.map(([, y]) => y))];
}

function single(hex: string): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number.parseInt(hex, 16));
  return view.getFloat32(0);
}

function half(hex: string): number {
  const bits = Number.parseInt(hex, 16);
  const sign = bits >> 15 === 1 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

export interface Closeness {
  readonly relative: number;
  /** Beside it, denormals may count as zero. */
  readonly absolute?: number;
}

const SMALLEST_NORMAL = 2 ** -126;

export function close(actual: number, expected: number, { relative, absolute = 0 }: Closeness): boolean {
  if (Number.isNaN(expected) || Number.isNaN(actual)) return Number.isNaN(expected) && Number.isNaN(actual);
  if (actual === expected) return true;
  return Math.abs(actual - expected) <= relative * Math.abs(expected) + Math.max(absolute, SMALLEST_NORMAL);
}

/** One line per difference: the arguments, what was computed, what was expected. */
export function differences(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  args: readonly ArrayLike<number>[],
  closeness: Closeness,
): string[] {
  return Array.from(expected, (value, i) => {
    const given = actual[i] ?? NaN;
    return close(given, value, closeness) ? '' : `f(${args.map((arg) => arg[i]).join(', ')}) = ${given}, expected ${value}`;
  }).filter((line) => line !== '');
}
