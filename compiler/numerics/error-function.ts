/** erf, erfc and the inverse of erf. */
import { EXP } from './exponential.ts';
import { INFINITY, IS_NAN, NAN } from './float.ts';
import { LOG, LOG1P } from './logarithm.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

const ERF_SERIES = [1.1283791, -0.37612626, 0.112835854, -0.026853811, 0.0051883273, -0.0008010189, 0.00007853844];

/** For |x| <= 1, to 1.3e-9. */
const ERF_REDUCED: WgslHelper = wgsl(`
fn erf_reduced(x: f32) -> f32 {
  let z = x * x;
  return x * ${polynomial('z', ERF_SERIES)};
}`);

const ERFC_SERIES = [
  1.2769784, -0.09276377, -0.16603082, 0.16404875, -0.054211304, -0.008005645, 0.008659469, 0.0011461562, -0.0012661119,
  -0.00022479985,
];

/**
 * erfc(x) = exp(-x^2) P(t) / (1 + 2x) with t = (x - 2)/(x + 2), for x >= 1/2, to 5e-9 (after Shepherd and Laframboise, "Chebyshev
 * approximation of (1 + 2x) exp(x^2) erfc x", 1981). The square is split, since its rounding error would be magnified by exp.
 */
const ERFC_TAIL: WgslHelper = wgsl(`
fn erfc_tail(x: f32) -> f32 {
  let a = min(x, 10.1);
  let head = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let decay = exp_f32(-head * head) * exp_f32((head - a) * (head + a));
  let t = (a - 2.0) / (a + 2.0);
  return decay * ${polynomial('t', ERFC_SERIES)} / (1.0 + 2.0 * a);
}`, EXP);

export const ERF: WgslHelper = wgsl(`
fn erf_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1.0) { return erf_reduced(x); }
  return select(sign(x) * (1.0 - erfc_tail(a)), x, is_nan_f32(x));
}`, ERF_REDUCED, ERFC_TAIL, IS_NAN);

export const ERFC: WgslHelper = wgsl(`
fn erfc_f32(x: f32) -> f32 {
  let a = abs(x);
  if (a < 0.5) { return 1.0 - erf_reduced(x); }
  let tail = erfc_tail(a);
  return select(select(tail, 2.0 - tail, x < 0.0), x, is_nan_f32(x));
}`, ERF_REDUCED, ERFC_TAIL, IS_NAN);

/** Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), single precision: as in JAX. */
const CENTRAL = [
  1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-6, -3.5233877e-6, 3.43273939e-7,
  2.81022636e-8,
];
const TAIL = [
  2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
  -0.000200214257,
];

/**
 * -log(1 - x^2), where JAX rounds the square first: a fused 1 - x*x would move the tails by 2e-5. From 1/2 on the rounded square
 * is a multiple of 2^-24, so as an integer its complement is exact, whatever the compiler fuses.
 */
const LOG_COMPLEMENT: WgslHelper = wgsl(`
fn log_complement(x: f32) -> f32 {
  let square = x * x;
  if (square < 0.5) { return -log1p_f32(-square); }
  return -log_f32(f32(16777216u - u32(square * 16777216.0)) * 5.9604645e-8);
}`, LOG, LOG1P);

export const ERF_INV: WgslHelper = wgsl(`
fn erf_inv_f32(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_f32(); }
  if (a == 1.0) { return sign(x) * inf_f32(); }
  let w = log_complement(x);
  if (w < 5.0) {
    let c = w - 2.5;
    return x * ${polynomial('c', CENTRAL)};
  }
  let t = sqrt(w) - 3.0;
  return x * ${polynomial('t', TAIL)};
}`, LOG_COMPLEMENT, NAN, INFINITY);

/** The Maclaurin series times exp(-x^2), whose terms are all of one sign, then 1 - erfc. */
export function erf(x: number): number {
  if (!(Math.abs(x) < 2)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 - erf below 2, then the continued fraction x + (1/2)/(x + 1/(x + (3/2)/(x + ...))). */
export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** Giles' approximation, which is JAX's definition, in float64 but for the square. */
export function erfInv(x: number): number {
  if (Math.abs(x) >= 1) return Math.abs(x) === 1 ? x * Infinity : NaN;
  const w = -Math.log1p(-Math.fround(x * x));
  const [coefficients, t] = w < 5 ? [CENTRAL, w - 2.5] : [TAIL, Math.sqrt(w) - 3];
  return x * coefficients.reduceRight((sum, coefficient) => sum * t + coefficient);
}
