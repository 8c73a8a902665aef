/** Conversions between dtypes as JAX has them: floats to integers are truncated and clamped, NaN becomes 0. */
import { roundTo } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import { IS_NAN } from './float.ts';
import { wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

export const TO_I32: WgslHelper = wgsl(`
fn i32_from_f32(x: f32) -> i32 {
  if (is_nan_f32(x)) { return 0; }
  if (x >= 2147483648.0) { return 2147483647; }
  if (x < -2147483648.0) { return -2147483648; }
  return i32(x);
}`, IS_NAN);

export const TO_U32: WgslHelper = wgsl(`
fn u32_from_f32(x: f32) -> u32 {
  if (is_nan_f32(x) || x <= 0.0) { return 0u; }
  if (x >= 4294967296.0) { return 0xffffffffu; }
  return u32(x);
}`, IS_NAN);

export const TO_BOOL: WgslHelper = wgsl(`
fn bool_from_f32(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) != 0u;
}`);

/** Rounded once, to the nearest: SwiftShader's own conversion is one unit off for some numbers above 2^31. */
export const FROM_U32: WgslHelper = wgsl(`
fn f32_from_u32(x: u32) -> f32 {
  return f32(x >> 16u) * 65536.0 + f32(x & 0xffffu);
}`);

const LIMITS = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;

/** The value of `x`, an element of dtype `from`, as dtype `to`. */
export function convert(x: number, from: DType, to: DType): number {
  const clamps = (from === 'float32' || from === 'float16') && (to === 'int32' || to === 'uint32');
  if (clamps) return Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, LIMITS[to][0]), LIMITS[to][1]));
  return roundTo(to, x);
}
