/** How dtypes and scalar constants are spelled in WGSL. */
import type { DType } from '../dtype.ts';

const TYPES: Readonly<Record<DType, string>> = { float32: 'f32', float16: 'f16', int32: 'i32', uint32: 'u32', bool: 'bool' };

/** The type of a value while it is computed with. */
export function wgslType(dtype: DType): string {
  return TYPES[dtype];
}

/** The type of an element in a storage buffer, where WGSL allows no bool. */
export function storageType(dtype: DType): string {
  return dtype === 'bool' ? 'u32' : TYPES[dtype];
}

/** A literal that denotes exactly the value, in parentheses when it is negative; undefined where there is none. */
export function literal(dtype: DType, value: number): string | undefined {
  switch (dtype) {
    case 'bool':
      return value === 0 ? 'false' : 'true';
    case 'uint32':
      return `${value}u`;
    case 'int32':
      // 2147483648i does not exist, so the least integer cannot be written as its negation.
      return value === -2147483648 ? 'i32(-2147483648)' : signed(value, 'i');
    case 'float32':
    case 'float16':
      // NaN and the infinities have no literals, and Tint takes the negation of 0 for 0.
      return Number.isFinite(value) && !Object.is(value, -0) ? signed(value, dtype === 'float32' ? 'f' : 'h') : undefined;
  }
}

/** The bits of a float32: how values without a literal are written. */
export function bitsOf(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

function signed(value: number, suffix: string): string {
  const digits = suffix === 'i' ? `${Math.abs(value)}` : shortest(Math.abs(value));
  const text = `${digits}${suffix}`;
  return value < 0 ? `(-${text})` : text;
}

const GREATEST_FLOAT = 3.4028234663852886e38;

/** The shortest decimal that rounds to the same float32; WGSL rejects those above the greatest one, even if they round to it. */
function shortest(value: number): string {
  for (let precision = 1; precision <= 9; precision++) {
    const decimal = Number(value.toPrecision(precision));
    if (Math.fround(decimal) === value && decimal <= GREATEST_FLOAT) return `${decimal}`;
  }
  return `${value}`;
}
