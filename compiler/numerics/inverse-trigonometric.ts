/** asin, acos, atan and atan2. */
import { COPY_SIGN, IS_NAN, NAN } from './float.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** For |x| <= 1/2, to 5e-9. */
const ASIN_REDUCED: WgslHelper = wgsl(`
fn asin_reduced(x: f32) -> f32 {
  let z = x * x;
  return x + (x * z) * ${polynomial('z', [0.16666754, 0.07495242, 0.045477062, 0.02414779, 0.04221825])};
}`);

/** asin(x) = pi/2 - 2 asin(sqrt((1 - x)/2)), where 1 - x is exact for x >= 1/2. */
export const ASIN: WgslHelper = wgsl(`
fn asin_f32(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_f32(); }
  if (a <= 0.5) { return asin_reduced(x); }
  return sign(x) * (1.5707964 - 2.0 * asin_reduced(sqrt(0.5 * (1.0 - a))));
}`, ASIN_REDUCED, NAN);

export const ACOS: WgslHelper = wgsl(`
fn acos_f32(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_f32(); }
  if (a <= 0.5) { return 1.5707964 - asin_reduced(x); }
  let angle = 2.0 * asin_reduced(sqrt(0.5 * (1.0 - a)));
  return select(angle, 3.1415927 - angle, x < 0.0);
}`, ASIN_REDUCED, NAN);

const ATAN_SERIES = [
  -0.33333153, 0.19993773, -0.14211059, 0.10666019, -0.07552241, 0.04321213, -0.01636807, 0.0029207226,
];

/** For 0 <= t <= 1, to 2e-8. */
const ATAN_REDUCED: WgslHelper = wgsl(`
fn atan_reduced(t: f32) -> f32 {
  let z = t * t;
  return t + (t * z) * ${polynomial('z', ATAN_SERIES)};
}`);

export const ATAN: WgslHelper = wgsl(`
fn atan_f32(x: f32) -> f32 {
  let a = min(abs(x), 1e30);
  let steep = a > 1.0;
  let angle = atan_reduced(select(a, 1.0, steep) / select(1.0, a, steep));
  return select(copy_sign_f32(select(angle, 1.5707964 - angle, steep), x), x, is_nan_f32(x));
}`, ATAN_REDUCED, COPY_SIGN, IS_NAN);

/** Signs are read as bits, because atan2 tells 0 from -0. The quotient is one that WGSL promises to compute accurately. */
export const ATAN2: WgslHelper = wgsl(`
fn atan2_f32(y: f32, x: f32) -> f32 {
  if (is_nan_f32(x) || is_nan_f32(y)) { return nan_f32(); }
  let ax = abs(x);
  let ay = abs(y);
  let large = max(ax, ay);
  var t = 0.0;
  if (bitcast<u32>(large) == 0x7f800000u) {
    t = select(0.0, 1.0, ax == ay);
  } else if (large > 0.0) {
    let scale = select(1.0, 0.0625, large > 1e30);
    t = (min(ax, ay) * scale) / (large * scale);
  }
  let flat = atan_reduced(t);
  let acute = select(flat, 1.5707964 - flat, ay > ax);
  return copy_sign_f32(select(acute, 3.1415927 - acute, (bitcast<u32>(x) >> 31u) == 1u), y);
}`, ATAN_REDUCED, COPY_SIGN, IS_NAN, NAN);
