/**
 * exp and what is made of it. x = k ln 2 + r with |r| <= (ln 2)/2, then exp(x) = 2^k exp(r); everything rests on expm1(r), so
 * that no result near zero is a difference of numbers near one. Coefficients in this folder are minimax fits of our own.
 */
import { INFINITY, IS_NAN, SCALE } from './float.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** expm1 for |r| <= (ln 2)/2, to 1.4e-8. */
const EXPM1_REDUCED: WgslHelper = wgsl(`
fn expm1_reduced(r: f32) -> f32 {
  return r + (r * r) * ${polynomial('r', [0.5, 0.16666543, 0.041666284, 0.00836658, 0.0013946424])};
}`);

/** ln 2 in two parts: k times the first is exact, so that x - k ln 2 needs no fused multiply-add. */
export const LN2_HIGH = '0.693359375';
export const LN2_LOW = '-0.00021219444';

const REDUCE: WgslHelper = wgsl(`
fn exp_reduce(x: f32, k: f32) -> f32 {
  return (x - k * ${LN2_HIGH}) - k * ${LN2_LOW};
}`);

/** From 88.72284 on exp(x) is above the largest float32. */
const OVERFLOW = '88.72284';

export const EXP: WgslHelper = wgsl(`
fn exp_f32(x: f32) -> f32 {
  let c = clamp(x, -104.0, 89.0);
  let k = round(c * 1.442695);
  let y = scale_f32(1.0 + expm1_reduced(exp_reduce(c, k)), i32(k));
  return select(select(y, inf_f32(), x >= ${OVERFLOW}), x, is_nan_f32(x));
}`, SCALE, EXPM1_REDUCED, REDUCE, INFINITY, IS_NAN);

export const EXP2: WgslHelper = wgsl(`
fn exp2_f32(x: f32) -> f32 {
  let c = clamp(x, -151.0, 129.0);
  let k = round(c);
  let y = scale_f32(1.0 + expm1_reduced((c - k) * 0.6931472), i32(k));
  return select(select(y, inf_f32(), x >= 128.0), x, is_nan_f32(x));
}`, SCALE, EXPM1_REDUCED, INFINITY, IS_NAN);

/** 2^k expm1(r) + (2^k - 1), computed at half its size because 2^128 is no float32; half of a tiny r could be flushed to zero. */
export const EXPM1: WgslHelper = wgsl(`
fn expm1_f32(x: f32) -> f32 {
  let c = clamp(x, -18.0, 89.0);
  let k = round(c * 1.442695);
  let r = expm1_reduced(exp_reduce(c, k));
  let half = bitcast<f32>(u32(i32(k) + 126) << 23u);
  let y = select(2.0 * (half * r + (half - 0.5)), r, k == 0.0);
  return select(select(y, inf_f32(), x >= ${OVERFLOW}), x, is_nan_f32(x));
}`, EXPM1_REDUCED, REDUCE, INFINITY, IS_NAN);

/** exp is taken of negative numbers only, so nothing overflows. */
export const LOGISTIC: WgslHelper = wgsl(`
fn logistic_f32(x: f32) -> f32 {
  let e = exp_f32(-abs(x));
  return select(1.0, e, x < 0.0) / (1.0 + e);
}`, EXP);

/** h^2 = exp(|x|)/2 is finite wherever sinh and cosh are. */
const HALF_EXP = 'let h = 0.70710677 * exp_f32(0.5 * a); let large = h * h; let small = 0.25 / min(large, 1e30);';

export const SINH: WgslHelper = wgsl(`
fn sinh_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) {
    let e = expm1_f32(a);
    return sign(x) * (0.5 * (e + e / (e + 1.0)));
  }
  ${HALF_EXP}
  return select(sign(x) * (large - small), x, is_nan_f32(x));
}`, EXP, EXPM1, IS_NAN);

export const COSH: WgslHelper = wgsl(`
fn cosh_f32(x: f32) -> f32 {
  let a = abs(x);
  ${HALF_EXP}
  return select(large + small, x, is_nan_f32(x));
}`, EXP, IS_NAN);

export const TANH: WgslHelper = wgsl(`
fn tanh_f32(x: f32) -> f32 {
  let e = expm1_f32(2.0 * min(abs(x), 10.0));
  return select(sign(x) * (e / (e + 2.0)), x, is_nan_f32(x));
}`, EXPM1, IS_NAN);

export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
