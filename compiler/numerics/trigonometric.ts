/**
 * sin, cos and tan. The angle is reduced to quadrant * pi/2 + rest, |rest| <= pi/4, in integer arithmetic (Payne and Hanek,
 * "Radian reduction for trigonometric functions", 1983): right for every float32, and nothing that a compiler may reassociate.
 */
import { NAN } from './float.ts';
import { MULTIPLY_HIGH } from './integer.ts';
import { polynomial, wgsl } from './helper.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** 32 zeros, then the bits of 2/pi. */
const TWO_OVER_PI: WgslHelper = wgsl(`
const two_over_pi = array<u32, 8>(
  0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu);`);

/**
 * |x| = mantissa * 2^e. Of 2^e * 2/pi the bits worth 4 or more give whole turns: 96 bits from the one worth 2 on are enough, as
 * no float32 is nearer than 2^-32 to a multiple of pi/2. The product's top two bits are the quadrant, the next 62 the fraction,
 * which is taken as negative from one half on.
 */
const REDUCE_ANGLE: WgslHelper = wgsl(`
struct Angle { quadrant: u32, rest: f32 }
fn reduce_angle(x: f32) -> Angle {
  let bits = bitcast<u32>(x);
  let magnitude = bits & 0x7fffffffu;
  if (magnitude < 0x3f490fdbu) { return Angle(0u, x); }
  if (magnitude >= 0x7f800000u) { return Angle(0u, nan_f32()); }
  let mantissa = (magnitude & 0x007fffffu) | 0x00800000u;
  let position = (magnitude >> 23u) - 120u;
  let word = position >> 5u;
  let left = position & 31u;
  let right = 31u - left;
  let a = (two_over_pi[word] << left) | ((two_over_pi[word + 1u] >> 1u) >> right);
  let b = (two_over_pi[word + 1u] << left) | ((two_over_pi[word + 2u] >> 1u) >> right);
  let c = (two_over_pi[word + 2u] << left) | ((two_over_pi[word + 3u] >> 1u) >> right);
  let low = mantissa * b + multiply_high(mantissa, c);
  let carry = select(0u, 1u, low < mantissa * b);
  let high = mantissa * a + multiply_high(mantissa, b) + carry;
  let fraction = vec2<u32>((high << 2u) | (low >> 30u), low << 2u);
  let negative = fraction.x >> 31u;
  let distance = select(fraction, ~fraction, negative == 1u);
  let size = (f32(distance.x) + f32(distance.y) * 2.3283064e-10) * 3.6572952e-10;
  let quadrant = (high >> 30u) + negative;
  let mirrored = bits >> 31u;
  return Angle(select(quadrant, 0u - quadrant, mirrored == 1u) & 3u, select(size, -size, negative != mirrored));
}`, NAN, TWO_OVER_PI, MULTIPLY_HIGH);

/** sin and cos of an angle within [-pi/4, pi/4], to 4e-9 and 1e-10. */
const SIN_COS_REDUCED: WgslHelper = wgsl(`
fn sin_cos_reduced(r: f32) -> vec2<f32> {
  let z = r * r;
  let sine = r + (r * z) * ${polynomial('z', [-0.16666655, 0.008332178, -0.00019517234])};
  let cosine = 1.0 - (0.5 * z - (z * z) * ${polynomial('z', [0.041666646, -0.0013887367, 0.00002443839])});
  return vec2<f32>(sine, cosine);
}`);

const SIN_QUADRANT: WgslHelper = wgsl(`
fn sin_quadrant(quadrant: u32, rest: f32) -> f32 {
  let both = sin_cos_reduced(rest);
  let value = select(both.x, both.y, (quadrant & 1u) == 1u);
  return select(value, -value, (quadrant & 2u) == 2u);
}`, SIN_COS_REDUCED);

export const SIN: WgslHelper = wgsl(`
fn sin_f32(x: f32) -> f32 {
  let angle = reduce_angle(x);
  return sin_quadrant(angle.quadrant, angle.rest);
}`, REDUCE_ANGLE, SIN_QUADRANT);

export const COS: WgslHelper = wgsl(`
fn cos_f32(x: f32) -> f32 {
  let angle = reduce_angle(x);
  return sin_quadrant(angle.quadrant + 1u, angle.rest);
}`, REDUCE_ANGLE, SIN_QUADRANT);

export const TAN: WgslHelper = wgsl(`
fn tan_f32(x: f32) -> f32 {
  let angle = reduce_angle(x);
  let both = sin_cos_reduced(angle.rest);
  return select(both.x / both.y, -both.y / both.x, (angle.quadrant & 1u) == 1u);
}`, REDUCE_ANGLE, SIN_COS_REDUCED);
