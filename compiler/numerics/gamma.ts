/** The logarithm of the gamma function and its derivative. */
import { INFINITY, IS_NAN, NAN } from './float.ts';
import { LOG } from './logarithm.ts';
import { SIN, TAN } from './trigonometric.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** lgamma(2 + u) = u (u + 1) P(u) for |u| <= 1, to 6e-9: exact at its zeros 1 and 2. */
const LGAMMA_SERIES = [
  0.42278433, -0.10031727, 0.032964945, -0.012384977, 0.0049994844, -0.0021020502, 0.0009104877, -0.00042559765, 0.00019583701,
  -0.00005239298, 0.000020214735, -0.00003874389, 0.000019320652,
];

/** digamma(2 + u) = (2 + u - root) P(u) for |u| <= 1, to 4e-8. */
const DIGAMMA_SERIES = [
  0.7853075, -0.2607386, 0.10899941, -0.049560435, 0.023455957, -0.011265609, 0.0054990025, -0.0029771961, 0.001509418,
  -0.00031087335, 0.00012538537, -0.0004141409, 0.00021651665,
];

/** For x > 0: the fit, which below 1 is shifted by the recurrence, and from 3 on Stirling's series. */
const LGAMMA_POSITIVE: WgslHelper = wgsl(`
fn lgamma_positive(x: f32) -> f32 {
  if (x >= 3.0) {
    let r = 1.0 / min(x, 1e30);
    let z = r * r;
    return (x - 0.5) * (log_f32(x) - 1.0) + (0.4189385 + r * ${polynomial('z', [1 / 12, -1 / 360, 1 / 1260, -1 / 1680])});
  }
  let u = select(x - 2.0, x - 1.0, x < 1.0);
  let fit = ${polynomial('u', LGAMMA_SERIES)};
  return select(u * (x - 1.0) * fit, x * u * fit - log_f32(x), x < 1.0);
}`, LOG);

/** The fraction of a magnitude, moved into [-1/2, 1/2], times pi. */
const PI_FRACTION: WgslHelper = wgsl(`
fn pi_fraction(a: f32) -> f32 {
  return 3.1415927 * (a - round(a));
}`);

/** Reflection: lgamma(-a) = log(pi / (a |sin(pi a)|)) - lgamma(a), infinite where a is whole. */
export const LGAMMA: WgslHelper = wgsl(`
fn lgamma_f32(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan_f32(x)) { return x; }
  if (!(a < 3e38)) { return inf_f32(); }
  if (x > 0.0) { return lgamma_positive(x); }
  if (a == floor(a)) { return inf_f32(); }
  return log_f32(3.1415927 / abs(sin_f32(pi_fraction(a)))) - log_f32(a) - lgamma_positive(a);
}`, LGAMMA_POSITIVE, PI_FRACTION, SIN, LOG, INFINITY, IS_NAN);

const DIGAMMA_POSITIVE: WgslHelper = wgsl(`
fn digamma_positive(x: f32) -> f32 {
  if (x >= 3.0) {
    let r = 1.0 / min(x, 1e30);
    let z = r * r;
    return log_f32(x) - (0.5 * r + z * ${polynomial('z', [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132])});
  }
  let u = select(x - 2.0, x - 1.0, x < 1.0);
  let root = select(1.4616321, 0.46163213, x < 1.0);
  let fit = ((x - root) - 1.2438150e-8) * ${polynomial('u', DIGAMMA_SERIES)};
  return select(fit, fit - 1.0 / x, x < 1.0);
}`, LOG);

/** Reflection: digamma(-a) = digamma(a) + 1/a + pi / tan(pi a), undefined where a is whole. */
export const DIGAMMA: WgslHelper = wgsl(`
fn digamma_f32(x: f32) -> f32 {
  let a = abs(x);
  if (is_nan_f32(x)) { return x; }
  if (x > 0.0) { return digamma_positive(x); }
  if (!(a > floor(a))) { return nan_f32(); }
  return digamma_positive(a) + 1.0 / a + 3.1415927 / tan_f32(pi_fraction(a));
}`, DIGAMMA_POSITIVE, PI_FRACTION, TAN, IS_NAN, NAN);

/** Stirling's series after the recurrence has moved x to 8 or more; reflection below zero. */
export function lgamma(x: number): number {
  if (x <= 0) {
    const sine = Math.sin(Math.PI * (x - Math.round(x)));
    return Number.isInteger(x) || x === -Infinity ? Infinity : Math.log(Math.PI / Math.abs(x * sine)) - lgamma(-x);
  }
  if (x === Infinity) return x;
  if (x === 1 || x === 2) return 0;
  let product = 1;
  let y = x;
  for (; y < 8; y++) product *= y;
  const z = 1 / (y * y);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - (z * 691) / 360360))))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** The asymptotic series after the recurrence has moved x to 8 or more; reflection below zero. */
export function digamma(x: number): number {
  if (x <= 0) {
    const whole = Number.isInteger(x) || x === -Infinity;
    return whole ? NaN : digamma(-x) - 1 / x - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let sum = 0;
  let y = x;
  for (; y < 8; y++) sum -= 1 / y;
  const z = 1 / (y * y);
  const series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132 - (z * 691) / 32760)))));
  return sum + Math.log(y) - 0.5 / y - series;
}
