/**
 * log and what is made of it. x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), then log(x) = e ln 2 + log1p(f); f is
 * exact, so results near zero keep their relative accuracy.
 */
import { INFINITY, IS_NAN, NAN } from './float.ts';
import { LN2_HIGH, LN2_LOW } from './exponential.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** log((1 + s) / (1 - s)) = 2 s + s z P(z) with z = s^2, for |s| <= 0.1716, to 5e-12. */
export const LOG_SERIES: readonly number[] = [0.6666666, 0.40000334, 0.28537303, 0.23582262];

/** log(1 + f) for 1 + f between sqrt(1/2) and sqrt(2). The quotient enters only below the leading term f. */
const LOG1P_REDUCED: WgslHelper = wgsl(`
fn log1p_reduced(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let half = 0.5 * f * f;
  return f - (half - s * (half + z * ${polynomial('z', LOG_SERIES)}));
}`);

/** x = 2^exponent (1 + fraction), for a positive normal x. */
export const SPLIT: WgslHelper = wgsl(`
struct Split { exponent: f32, fraction: f32 }
fn split_f32(x: f32) -> Split {
  let bits = bitcast<u32>(x) + 0x004afb0du;
  let mantissa = bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u);
  return Split(f32(i32(bits >> 23u) - 127), mantissa - 1.0);
}`);

/** The logarithm of x, which is y if x is positive, normal and finite; smaller magnitudes count as zero. */
const LOG_SPECIAL: WgslHelper = wgsl(`
fn log_special(x: f32, y: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x00800000u) { return -inf_f32(); }
  if (magnitude > 0x7f800000u || bits > 0x80000000u) { return nan_f32(); }
  return select(y, x, magnitude == 0x7f800000u);
}`, INFINITY, NAN);

export const LOG: WgslHelper = wgsl(`
fn log_f32(x: f32) -> f32 {
  let part = split_f32(x);
  return log_special(x, part.exponent * ${LN2_HIGH} + (log1p_reduced(part.fraction) + part.exponent * ${LN2_LOW}));
}`, SPLIT, LOG1P_REDUCED, LOG_SPECIAL);

export const LOG2: WgslHelper = wgsl(`
fn log2_f32(x: f32) -> f32 {
  let part = split_f32(x);
  return log_special(x, part.exponent + log1p_reduced(part.fraction) * 1.442695);
}`, SPLIT, LOG1P_REDUCED, LOG_SPECIAL);

export const LOG1P: WgslHelper = wgsl(`
fn log1p_f32(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return log1p_reduced(x); }
  return log_f32(1.0 + x);
}`, LOG, LOG1P_REDUCED);

/** Above 2^30 the square of x does not matter, and could overflow. */
export const ASINH: WgslHelper = wgsl(`
fn asinh_f32(x: f32) -> f32 {
  let a = abs(x);
  if (!(a < 1073741824.0)) { return select(sign(x) * (log_f32(a) + 0.6931472), x, is_nan_f32(x)); }
  return sign(x) * log1p_f32(a + a * a / (1.0 + sqrt(1.0 + a * a)));
}`, LOG, LOG1P, IS_NAN);

export const ACOSH: WgslHelper = wgsl(`
fn acosh_f32(x: f32) -> f32 {
  if (!(x >= 1.0)) { return nan_f32(); }
  if (x > 1073741824.0) { return log_f32(x) + 0.6931472; }
  let t = x - 1.0;
  return log1p_f32(t + sqrt(t * (t + 2.0)));
}`, LOG, LOG1P, NAN);

export const ATANH: WgslHelper = wgsl(`
fn atanh_f32(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_f32(); }
  if (a == 1.0) { return sign(x) * inf_f32(); }
  return sign(x) * (0.5 * log1p_f32(2.0 * a / (1.0 - a)));
}`, LOG1P, NAN, INFINITY);
