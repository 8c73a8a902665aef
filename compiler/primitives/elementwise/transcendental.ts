/** Exponentials, logarithms, trigonometric, hyperbolic and special functions. */
import { ERF, ERFC, ERF_INV, erf, erfInv, erfc } from '../../numerics/error-function.ts';
import { COSH, EXP, EXP2, EXPM1, LOGISTIC, SINH, TANH, logistic } from '../../numerics/exponential.ts';
import { DIGAMMA, LGAMMA, digamma, lgamma } from '../../numerics/gamma.ts';
import { ACOS, ASIN, ATAN, ATAN2 } from '../../numerics/inverse-trigonometric.ts';
import { ACOSH, ASINH, ATANH, LOG, LOG1P, LOG2 } from '../../numerics/logarithm.ts';
import { POW, pow } from '../../numerics/power.ts';
import { call } from '../../numerics/scalar-function.ts';
import { COS, SIN, TAN } from '../../numerics/trigonometric.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Primitive } from '../primitive.ts';
import { FLOATS, binary, unary } from './rows.ts';
import { trigamma } from './trigamma.ts';

/** 1 - x^2 and 1 + x^2. */
const oneMinusSquare = (o: Builder, x: Atom): Atom => o.sub(1, o.square(x));
const onePlusSquare = (o: Builder, x: Atom): Atom => o.add(1, o.square(x));

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);
const gauss = (o: Builder, x: Atom): Atom => o.mul(TWO_OVER_ROOT_PI, o.exp(o.neg(o.square(x))));

export const TRANSCENDENTAL: readonly Primitive[] = [
  unary('exp', 'e to the power x.', FLOATS, { reference: Math.exp, wgsl: call(EXP), jvp: (o, t, _, y) => o.mul(t, y) }),
  unary('exp2', '2 to the power x.', FLOATS, {
    reference: (x) => 2 ** x, wgsl: call(EXP2), jvp: (o, t, _, y) => o.mul(t, o.mul(Math.LN2, y)),
  }),
  unary('expm1', 'exp(x) - 1, accurate near 0.', FLOATS, {
    reference: Math.expm1, wgsl: call(EXPM1), jvp: (o, t, _, y) => o.mul(t, o.add(y, 1)),
  }),
  unary('log', 'The natural logarithm; -inf at 0, NaN below.', FLOATS, {
    reference: Math.log, wgsl: call(LOG), jvp: (o, t, x) => o.div(t, x), domain: [0.05, 20],
  }),
  unary('log2', 'The logarithm to base 2.', FLOATS, {
    reference: Math.log2, wgsl: call(LOG2), jvp: (o, t, x) => o.div(t, o.mul(Math.LN2, x)), domain: [0.05, 20],
  }),
  unary('log1p', 'log(1 + x), accurate near 0.', FLOATS, {
    reference: Math.log1p, wgsl: call(LOG1P), jvp: (o, t, x) => o.div(t, o.add(x, 1)), domain: [-0.9, 20],
  }),
  unary('logistic', 'The sigmoid 1 / (1 + exp(-x)).', FLOATS, {
    reference: logistic, wgsl: call(LOGISTIC), jvp: (o, t, _, y) => o.mul(t, o.mul(y, o.sub(1, y))),
  }),

  unary('sin', 'The sine of an angle in radians.', FLOATS, {
    reference: Math.sin, wgsl: call(SIN), jvp: (o, t, x) => o.mul(t, o.cos(x)),
  }),
  unary('cos', 'The cosine of an angle in radians.', FLOATS, {
    reference: Math.cos, wgsl: call(COS), jvp: (o, t, x) => o.neg(o.mul(t, o.sin(x))),
  }),
  unary('tan', 'The tangent of an angle in radians.', FLOATS, {
    reference: Math.tan, wgsl: call(TAN), jvp: (o, t, _, y) => o.mul(t, onePlusSquare(o, y)), domain: [-1.4, 1.4],
  }),
  unary('asin', 'The inverse sine, from -pi/2 to pi/2; NaN outside [-1, 1].', FLOATS, {
    reference: Math.asin, wgsl: call(ASIN), jvp: (o, t, x) => o.mul(t, o.rsqrt(oneMinusSquare(o, x))), domain: [-0.95, 0.95],
  }),
  unary('acos', 'The inverse cosine, from 0 to pi; NaN outside [-1, 1].', FLOATS, {
    reference: Math.acos, wgsl: call(ACOS), jvp: (o, t, x) => o.neg(o.mul(t, o.rsqrt(oneMinusSquare(o, x)))),
    domain: [-0.95, 0.95],
  }),
  unary('atan', 'The inverse tangent, from -pi/2 to pi/2.', FLOATS, {
    reference: Math.atan, wgsl: call(ATAN), jvp: (o, t, x) => o.div(t, onePlusSquare(o, x)),
  }),
  binary('atan2', 'The angle of the point (y, x), the first operand being the ordinate, from -pi to pi.', FLOATS, {
    reference: Math.atan2, wgsl: call(ATAN2),
    jvp: [
      (o, t, y, x) => o.mul(t, o.div(x, o.add(o.square(y), o.square(x)))),
      (o, t, y, x) => o.mul(t, o.div(o.neg(y), o.add(o.square(y), o.square(x)))),
    ],
    domain: [[0.5, 4], [-4, 4]],
  }),

  unary('sinh', 'The hyperbolic sine.', FLOATS, {
    reference: Math.sinh, wgsl: call(SINH), jvp: (o, t, x) => o.mul(t, o.cosh(x)),
  }),
  unary('cosh', 'The hyperbolic cosine.', FLOATS, {
    reference: Math.cosh, wgsl: call(COSH), jvp: (o, t, x) => o.mul(t, o.sinh(x)),
  }),
  unary('tanh', 'The hyperbolic tangent.', FLOATS, {
    reference: Math.tanh, wgsl: call(TANH), jvp: (o, t, _, y) => o.mul(t, oneMinusSquare(o, y)),
  }),
  unary('asinh', 'The inverse hyperbolic sine.', FLOATS, {
    reference: Math.asinh, wgsl: call(ASINH), jvp: (o, t, x) => o.mul(t, o.rsqrt(onePlusSquare(o, x))),
  }),
  unary('acosh', 'The inverse hyperbolic cosine; NaN below 1.', FLOATS, {
    reference: Math.acosh, wgsl: call(ACOSH), jvp: (o, t, x) => o.mul(t, o.rsqrt(o.mul(o.sub(x, 1), o.add(x, 1)))),
    domain: [1.1, 20],
  }),
  unary('atanh', 'The inverse hyperbolic tangent; NaN outside [-1, 1].', FLOATS, {
    reference: Math.atanh, wgsl: call(ATANH), jvp: (o, t, x) => o.div(o.div(t, o.add(x, 1)), o.sub(1, x)),
    domain: [-0.95, 0.95],
  }),

  unary('erf', 'The error function.', FLOATS, { reference: erf, wgsl: call(ERF), jvp: (o, t, x) => o.mul(t, gauss(o, x)) }),
  unary('erfc', '1 - erf(x), accurate where that is small.', FLOATS, {
    reference: erfc, wgsl: call(ERFC), jvp: (o, t, x) => o.neg(o.mul(t, gauss(o, x))),
  }),
  unary('erf_inv', 'The inverse of erf; infinite at -1 and 1, NaN outside.', FLOATS, {
    reference: erfInv, wgsl: call(ERF_INV),
    jvp: (o, t, _, y) => o.mul(t, o.mul(1 / TWO_OVER_ROOT_PI, o.exp(o.square(y)))), domain: [-0.99, 0.99],
  }),
  unary('lgamma', 'The logarithm of the magnitude of the gamma function.', FLOATS, {
    reference: lgamma, wgsl: call(LGAMMA), jvp: (o, t, x) => o.mul(t, o.digamma(x)), domain: [0.1, 20],
  }),
  unary('digamma', 'The derivative of lgamma; NaN at 0, -1, -2, ...', FLOATS, {
    reference: digamma, wgsl: call(DIGAMMA), jvp: (o, t, x) => o.mul(t, trigamma(o, x)), domain: [0.1, 20],
  }),

  binary('pow', 'x to the power y, with the rules of C for zeros, infinities and NaN.', FLOATS, {
    reference: pow, wgsl: call(POW),
    jvp: [
      (o, t, x, y) => o.mul(t, o.mul(y, o.pow(x, o.sub(y, 1)))),
      // As in JAX, log(0) counts as 0 here.
      (o, t, x, _, power) => o.mul(t, o.mul(o.log(o.selectN(o.eq(x, 0), x, o.literal(1, x.aval.dtype))), power)),
    ],
    domain: [[0.1, 8], [-3, 3]],
  }),
];
