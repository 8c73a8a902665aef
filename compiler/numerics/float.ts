/**
 * Tests and choices of float32 values. WGSL may assume that NaN and infinity do not occur, so they are recognised by their bits,
 * and made from bits that are no constant expression (an overflowing constant is a compile error).
 */
import { roundToHalf } from '../dtype.ts';
import { reinterpret } from './bits.ts';
import { wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

export const NAN: WgslHelper = wgsl(`
fn nan_f32() -> f32 {
  let bits = 0x7fc00000u;
  return bitcast<f32>(bits);
}`);

export const INFINITY: WgslHelper = wgsl(`
fn inf_f32() -> f32 {
  let bits = 0x7f800000u;
  return bitcast<f32>(bits);
}`);

export const IS_NAN: WgslHelper = wgsl(`
fn is_nan_f32(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`);

export const IS_FINITE: WgslHelper = wgsl(`
fn is_finite_f32(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}`);

export const SIGN: WgslHelper = wgsl(`
fn sign_f32(x: f32) -> f32 {
  return select(sign(x), x, is_nan_f32(x));
}`, IS_NAN);

/** The magnitude of the first with the sign bit of the second, and not by masks, which Mesa's software adapter mistakes. */
export const COPY_SIGN: WgslHelper = wgsl(`
fn copy_sign_f32(x: f32, y: f32) -> f32 {
  let size = abs(x);
  return select(size, -size, bitcast<u32>(y) >= 0x80000000u);
}`);

export const MAX: WgslHelper = wgsl(`
fn max_f32(x: f32, y: f32) -> f32 {
  return select(select(max(x, y), y, is_nan_f32(y)), x, is_nan_f32(x));
}`, IS_NAN);

export const MIN: WgslHelper = wgsl(`
fn min_f32(x: f32, y: f32) -> f32 {
  return select(select(min(x, y), y, is_nan_f32(y)), x, is_nan_f32(x));
}`, IS_NAN);

export const CLAMP: WgslHelper = wgsl(`
fn clamp_f32(low: f32, x: f32, high: f32) -> f32 {
  return min_f32(max_f32(low, x), high);
}`, MIN, MAX);

/** x * 2^k for -252 <= k <= 254, where one factor could overflow. */
export const SCALE: WgslHelper = wgsl(`
fn scale_f32(x: f32, k: i32) -> f32 {
  let half = k >> 1u;
  return (x * bitcast<f32>(u32(half + 127) << 23u)) * bitcast<f32>(u32(k - half + 127) << 23u);
}`);

export const NEXTAFTER: WgslHelper = wgsl(`
fn nextafter_f32(x: f32, y: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let towards = bitcast<u32>(y);
  if (is_nan_f32(x)) { return x; }
  if (is_nan_f32(y) || x == y) { return y; }
  if ((bits & 0x7fffffffu) == 0u) { return bitcast<f32>((towards & 0x80000000u) | 1u); }
  return bitcast<f32>(select(bits - 1u, bits + 1u, (y > x) == ((bits >> 31u) == 0u)));
}`, IS_NAN);

export const NEXTAFTER_HALF: WgslHelper = wgsl(`
fn nextafter_f16(x: f32, y: f32) -> f32 {
  let bits = pack2x16float(vec2<f32>(x, 0.0)) & 0xffffu;
  if (is_nan_f32(x)) { return x; }
  if (is_nan_f32(y) || x == y) { return y; }
  let next = select(bits - 1u, bits + 1u, (y > x) == ((bits >> 15u) == 0u));
  let first = ((bitcast<u32>(y) >> 16u) & 0x8000u) | 1u;
  return unpack2x16float(select(next, first, (bits & 0x7fffu) == 0u)).x;
}`, IS_NAN);

/** Rounds to the nearest integer, ties to even. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : Math.ceil(x);
}

/** NaN if one of them is NaN, as `Math.max` and `Math.min` have it. */
export function clamp(low: number, x: number, high: number): number {
  return Math.min(Math.max(low, x), high);
}

/** The float32 next to x in the direction of y. */
export function nextafter(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y) || x === y) return x === y ? y : NaN;
  if (x === 0) return Math.sign(y) * 2 ** -149;
  const bits = reinterpret(x, 'float32', 'uint32');
  return reinterpret(y > x === x > 0 ? bits + 1 : bits - 1, 'uint32', 'float32');
}

/** The float16 next to x in the direction of y. */
export function nextafterHalf(x: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y) || x === y) return x === y ? y : NaN;
  if (Math.abs(x) === Infinity) return Math.sign(x) * 65504;
  const unit = 2 ** Math.max(Math.floor(Math.log2(Math.abs(x) || 2 ** -24)) - 10, -24);
  const next = roundToHalf(x + Math.sign(y - x) * unit);
  const between = roundToHalf(x + Math.sign(y - x) * (unit / 2));
  return between === x ? next : between;
}
