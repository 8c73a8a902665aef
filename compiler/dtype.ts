/**
 * The dtypes of Heddle, their spellings in the IR and in WGSL, how arrays of them live on the host, and JAX's promotion lattice.
 */

/** A dtype by its name in the API, which is JAX's name. */
export type DType = 'float32' | 'float16' | 'int32' | 'uint32' | 'bool';

/** A dtype by its short name in the printed IR. */
export type ShortDType = 'f32' | 'f16' | 'i32' | 'u32' | 'bool';

/** The typed arrays that hold elements on the host: float16 is kept as rounded float32 values, bool as 0 and 1; see inDoublePrecision. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

/** An array on the host, row-major. `data.length` is the product of `shape`. */
export interface HostArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

export const DTYPES: readonly DType[] = ['float32', 'float16', 'int32', 'uint32', 'bool'];

const SHORT: Readonly<Record<DType, ShortDType>> = { float32: 'f32', float16: 'f16', int32: 'i32', uint32: 'u32', bool: 'bool' };

export function shortName(dtype: DType): ShortDType {
  return SHORT[dtype];
}

export function fromShortName(name: string): DType | undefined {
  return DTYPES.find((dtype) => SHORT[dtype] === name);
}

export function isDType(value: unknown): value is DType {
  return DTYPES.includes(value as DType);
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float16';
}

export function isInteger(dtype: DType): boolean {
  return dtype === 'int32' || dtype === 'uint32';
}

/** Bytes of one element in a device buffer (bool is stored as u32, because WGSL's bool is not host-shareable). */
export function deviceBytes(dtype: DType): number {
  return dtype === 'float16' ? 2 : 4;
}

export function allocate(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case 'float32':
    case 'float16':
      return doublePrecision ? new Float64Array(size) : new Float32Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'uint32':
      return new Uint32Array(size);
    case 'bool':
      return new Uint8Array(size);
  }
}

let doublePrecision = false;

/**
 * Runs `f` with floats kept in float64 wherever host arrays are made: for tests, which compare a program with itself in better
 * arithmetic, to tell an error of the program from one of rounding.
 */
export function inDoublePrecision<T>(f: () => T): T {
  const outer = doublePrecision;
  doublePrecision = true;
  try {
    return f();
  } finally {
    doublePrecision = outer;
  }
}

/** The value that `value` becomes when it is stored as `dtype`; integers wrap, bools are 0 or 1. */
export function roundTo(dtype: DType, value: number): number {
  switch (dtype) {
    case 'float32':
      return doublePrecision ? value : Math.fround(value);
    case 'float16':
      return doublePrecision ? value : roundToHalf(value);
    case 'int32':
      return value | 0;
    case 'uint32':
      return value >>> 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}

/** Rounds to the nearest IEEE binary16 value, ties to even. */
export function roundToHalf(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const magnitude = Math.abs(value);
  const exponent = Math.max(Math.floor(Math.log2(magnitude)), -14);
  const unit = 2 ** (exponent - 10);
  const quotient = magnitude / unit;
  const floor = Math.floor(quotient);
  const rest = quotient - floor;
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor) * unit;
  return Math.sign(value) * (rounded > 65504 ? Infinity : rounded);
}

export interface Promotable {
  readonly dtype: DType;
  readonly weak: boolean;
}

const RANK: Readonly<Record<DType, number>> = { bool: 0, uint32: 1, int32: 1, float16: 2, float32: 3 };

/**
 * JAX's type promotion (jax.numpy.promote_types with weak types, x64 off). A weak operand never widens a strong one of
 * its own kind: `f16 * weak f32` is f16; `i32 * weak f32` is weak f32; u32 with i32 is i32.
 */
export function promote(a: Promotable, b: Promotable): Promotable {
  if (a.dtype === b.dtype) return { dtype: a.dtype, weak: a.weak && b.weak };
  if (a.weak !== b.weak) {
    const [weak, strong] = a.weak ? [a, b] : [b, a];
    const sameKind = isFloat(weak.dtype) === isFloat(strong.dtype) && strong.dtype !== 'bool';
    if (sameKind || isFloat(strong.dtype)) return strong;
    return { dtype: weak.dtype, weak: weak.dtype !== 'bool' };
  }
  const weak = a.weak && b.weak;
  if (RANK[a.dtype] === RANK[b.dtype]) return { dtype: 'int32', weak };
  return { dtype: RANK[a.dtype] > RANK[b.dtype] ? a.dtype : b.dtype, weak };
}
