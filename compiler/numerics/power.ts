/** pow, cbrt, powers with a fixed whole exponent, and the exact remainder. */
import { EXP2 } from './exponential.ts';
import { COPY_SIGN, INFINITY, IS_NAN, NAN, SCALE } from './float.ts';
import { LOG2, LOG_SERIES, SPLIT } from './logarithm.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** The upper 12 bits: products of two such numbers are exact. Compilers cannot see through the mask and regroup the sums. */
const UPPER: WgslHelper = wgsl(`
fn upper_f32(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}`);

/**
 * x^y for positive normal finite x and finite y, through log2(x) as a sum of two floats, good to 2^-31: its error is magnified by
 * y. 2.8853901 is 2/ln 2, the factor of s in log2((1 + s)/(1 - s)).
 */
const POW_POSITIVE: WgslHelper = wgsl(`
fn pow_positive(x: f32, y: f32) -> f32 {
  let part = split_f32(x);
  let f = part.fraction;
  let s = f / (2.0 + f);
  let s_high = upper_f32(s);
  let d_high = upper_f32(2.0 + f);
  let s_low = ((f - s_high * d_high) - s_high * (f - (d_high - 2.0))) / (2.0 + f);
  let z = s * s;
  let series = 1.442695 * (s * z * ${polynomial('z', LOG_SERIES)});
  let lead = 2.884765625 * s_high;
  let low = (2.8853901 * s_low + 0.00062445678 * s_high) + series;
  let log_high = upper_f32(part.exponent + (lead + low));
  let log_low = low - ((log_high - part.exponent) - lead);
  let y_high = upper_f32(y);
  let power = log_high * y_high;
  let rest = log_low * y + log_high * (y - y_high);
  if (power > 129.0) { return inf_f32(); }
  if (power < -152.0) { return 0.0; }
  let k = round(power);
  return scale_f32(exp2_f32((power - k) + rest), i32(k));
}`, UPPER, SPLIT, SCALE, EXP2, INFINITY);

/** The rules of C for zeros, infinities and NaN; a negative base needs a whole exponent, which then gives the sign. */
export const POW: WgslHelper = wgsl(`
fn pow_f32(x: f32, y: f32) -> f32 {
  if (x == 1.0 || y == 0.0) { return 1.0; }
  if (is_nan_f32(x) || is_nan_f32(y)) { return nan_f32(); }
  let a = abs(x);
  let size = abs(y);
  let infinite = bitcast<u32>(size) == 0x7f800000u;
  let whole = floor(size) == size;
  let odd = whole && size < 16777216.0 && (u32(size) & 1u) == 1u;
  var result = 1.0;
  if (a < 1.1754944e-38 || bitcast<u32>(a) == 0x7f800000u) {
    result = select(0.0, inf_f32(), (a < 1.0) == (y < 0.0));
  } else if (infinite) {
    if (a != 1.0) { result = select(0.0, inf_f32(), (a < 1.0) == (y < 0.0)); }
  } else if (bitcast<u32>(x) > 0x80000000u && !whole) {
    return nan_f32();
  } else {
    result = pow_positive(a, y);
  }
  return select(result, -result, odd && bitcast<u32>(x) >= 0x80000000u);
}`, POW_POSITIVE, IS_NAN, NAN, INFINITY);

/** One Newton step from an approximation makes the cube root right to the last bits. */
export const CBRT: WgslHelper = wgsl(`
fn cbrt_f32(x: f32) -> f32 {
  let a = abs(x);
  if (bitcast<u32>(a) < 0x00800000u || bitcast<u32>(a) >= 0x7f800000u) { return x; }
  let y = exp2_f32(log2_f32(a) * 0.33333334);
  return sign(x) * (y - (y - (a / y) / y) * 0.33333334);
}`, EXP2, LOG2);

/**
 * The exact remainder x - y trunc(x / y): long division of the mantissas, eight bits at a time. Rounding x / y instead would be
 * wrong for large quotients.
 */
export const REM: WgslHelper = wgsl(`
fn rem_f32(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b < 0x00800000u) { return nan_f32(); }
  if (b == 0x7f800000u || a < b) { return x; }
  let divisor = (b & 0x007fffffu) | 0x00800000u;
  var rest = ((a & 0x007fffffu) | 0x00800000u) % divisor;
  var shift = (a >> 23u) - (b >> 23u);
  for (var i = 0u; i < 32u; i += 1u) {
    let step = min(shift, 8u);
    rest = (rest << step) % divisor;
    shift -= step;
    if (shift == 0u) { break; }
  }
  return copy_sign_f32(scale_f32(f32(rest), i32(b >> 23u) - 150), x);
}`, NAN, COPY_SIGN, SCALE);

/** x^n in WGSL, unrolled. */
export function integerPowHelper(n: number, type: 'f32' | 'i32' | 'u32'): WgslHelper {
  const one = { f32: '1.0', i32: '1i', u32: '1u' }[type];
  const lines: string[] = [];
  const power = repeatedSquares(Math.abs(n), 'x', one, (a, b) => {
    const name = `p${lines.length}`;
    lines.push(`  let ${name} = ${a} * ${b};`);
    return name;
  });
  const name = `integer_pow_${n < 0 ? 'minus_' : ''}${Math.abs(n)}_${type}`;
  lines.push(`  return ${n < 0 ? `${one} / ` : ''}${power};`);
  return wgsl([`fn ${name}(x: ${type}) -> ${type} {`, ...lines, '}'].join('\n'));
}

/** x^n on the host. */
export function integerPow(x: number, n: number, multiply: (a: number, b: number) => number): number {
  const power = repeatedSquares(Math.abs(n), x, 1, multiply);
  return n < 0 ? 1 / power : power;
}

/** x^n for n >= 0, with the products that JAX makes. */
function repeatedSquares<T>(n: number, x: T, one: T, multiply: (a: T, b: T) => T): T {
  let power: T | undefined;
  let square = x;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = power === undefined ? square : multiply(power, square);
    if (rest > 1) square = multiply(square, square);
  }
  return power ?? one;
}

/** C's pow, where ECMAScript says NaN: pow(1, y) is 1, pow(-1, +-inf) is 1. */
export function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}
