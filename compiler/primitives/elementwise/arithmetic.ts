/** Sums, products, quotients, roundings and extrema. */
import { MAX, MIN, SIGN, NEXTAFTER, NEXTAFTER_HALF, nextafter, nextafterHalf, roundHalfEven } from '../../numerics/float.ts';
import { DIV_I32, DIV_U32, REM_I32, REM_U32, divide, remainder } from '../../numerics/integer.ts';
import { CBRT, REM } from '../../numerics/power.ts';
import { builtin, call, expression, infix } from '../../numerics/scalar-function.ts';
import { STAIRCASE, nonlinear, transposeEach, zero } from '../derivatives.ts';
import { multilinear } from '../linear.ts';
import type { Contribution } from '../derivatives.ts';
import type { Primitive } from '../primitive.ts';
import { ALL, FLOATS, NUMBERS, ROUNDED, binary, unary } from './rows.ts';

const NEGATE = expression(([x]) => `-${x}`);
const SQUARE = expression(([x]) => `${x} * ${x}`);

/** As in JAX: all of the tangent of the operand that wins, half of each in a tie. */
function winner(wins: 'gt' | 'lt', self: 0 | 1): Contribution {
  return (o, t, ...operands) => {
    const [own, other] = [operands[self]!, operands[1 - self]!];
    const half = o.literal(0.5, own.aval.dtype);
    const none = o.literal(0, own.aval.dtype);
    return o.selectN(o[wins](own, other), o.mul(t, o.selectN(o.eq(own, other), none, half)), t);
  };
}

export const ARITHMETIC: readonly Primitive[] = [
  unary('neg', 'The negative.', NUMBERS, {
    reference: (x) => -x, wgsl: { float: NEGATE, int32: NEGATE, uint32: expression(([x]) => `0u - ${x}`) },
    jvp: { kind: 'linear' }, transpose: transposeEach((o, ct) => o.neg(ct)),
  }),
  unary('abs', 'The magnitude. That of the lowest int32 is itself.', NUMBERS, {
    // As in JAX, the derivative at 0 is 1.
    reference: Math.abs, wgsl: builtin('abs'), jvp: (o, t, x) => o.selectN(o.ge(x, 0), o.neg(t), t),
  }),
  unary('sign', '-1, 0 or 1; NaN of NaN.', NUMBERS, {
    reference: Math.sign, jvp: STAIRCASE,
    wgsl: { float: call(SIGN, 'alu'), int32: builtin('sign'), uint32: expression(([x]) => `min(${x}, 1u)`) },
  }),
  unary('floor', 'Rounds down.', FLOATS, { reference: Math.floor, wgsl: builtin('floor'), jvp: STAIRCASE }),
  unary('ceil', 'Rounds up.', FLOATS, { reference: Math.ceil, wgsl: builtin('ceil'), jvp: STAIRCASE }),
  unary('trunc', 'Rounds towards zero.', FLOATS, { reference: Math.trunc, wgsl: builtin('trunc'), jvp: STAIRCASE }),
  unary('round', 'Rounds to the nearest whole number, halves to the even one.', FLOATS, {
    reference: roundHalfEven, wgsl: builtin('round'), jvp: STAIRCASE,
  }),
  unary('square', 'x times x.', NUMBERS, {
    reference: { float: (x) => x * x, integer: (x) => Math.imul(x, x) }, wgsl: SQUARE,
    jvp: (o, t, x) => o.mul(t, o.mul(2, x)), tolerance: ROUNDED,
  }),
  unary('sqrt', 'The square root; NaN below zero.', FLOATS, {
    reference: Math.sqrt, wgsl: builtin('sqrt'), jvp: (o, t, _, y) => o.mul(t, o.div(0.5, y)), domain: [0.1, 10],
    tolerance: 4e-7,
  }),
  unary('rsqrt', 'One over the square root; infinite at zero, NaN below.', FLOATS, {
    reference: (x) => 1 / Math.sqrt(x), wgsl: builtin('inverseSqrt'),
    jvp: (o, t, x, y) => o.mul(t, o.mul(-0.5, o.div(y, x))), domain: [0.1, 10], tolerance: 4e-7,
  }),
  unary('cbrt', 'The cube root, also of negative numbers.', FLOATS, {
    reference: Math.cbrt, wgsl: call(CBRT), jvp: (o, t, _, y) => o.div(o.mul(t, 1 / 3), o.mul(y, y)),
  }),

  binary('add', 'The sum. Integers wrap.', NUMBERS, {
    reference: (x, y) => x + y, wgsl: infix('+'), tolerance: ROUNDED,
    jvp: [(_, t) => t, (_, t) => t], transpose: transposeEach((_, ct) => ct, (_, ct) => ct),
  }),
  binary('sub', 'The difference. Integers wrap.', NUMBERS, {
    reference: (x, y) => x - y, wgsl: infix('-'), tolerance: ROUNDED,
    jvp: [(_, t) => t, (o, t) => o.neg(t)], transpose: transposeEach((_, ct) => ct, (o, ct) => o.neg(ct)),
  }),
  binary('mul', 'The product. Integers wrap.', NUMBERS, {
    reference: { float: (x, y) => x * y, integer: Math.imul }, wgsl: infix('*'), tolerance: ROUNDED,
    jvp: [(o, t, _, y) => o.mul(t, y), (o, t, x) => o.mul(x, t)],
    transpose: multilinear(transposeEach((o, ct, _, y) => o.mul(ct, y), (o, ct, x) => o.mul(x, ct))),
  }),
  binary('div', 'The quotient; of integers truncated, and -1 (the highest uint32) where the divisor is 0.', NUMBERS, {
    reference: { float: (x, y) => x / y, integer: divide },
    wgsl: { float: infix('/'), int32: call(DIV_I32, 'alu'), uint32: call(DIV_U32, 'alu') }, tolerance: 4e-7,
    jvp: [(o, t, _, y) => o.div(t, y), (o, t, x, y) => o.mul(o.mul(o.neg(t), x), o.integerPow(y, { y: -2 }))],
    transpose: transposeEach((o, ct, _, y) => o.div(ct, y), null), domain: [[-4, 4], [1, 4]],
  }),
  binary('rem', 'The remainder of the truncated quotient, with the sign of x; of integers x where the divisor is 0.', NUMBERS, {
    reference: { float: (x, y) => x % y, integer: remainder },
    wgsl: { float: call(REM, 'heavy'), int32: call(REM_I32, 'alu'), uint32: call(REM_U32, 'alu') }, tolerance: 0,
    jvp: [(_, t) => t, (o, t, x, y) => o.neg(o.mul(t, o.trunc(o.div(x, y))))],
    transpose: nonlinear('rem jumps in both operands'), domain: [[-9, 9], [1, 4]],
  }),
  binary('max', 'The larger one; NaN if one is NaN. Of bools: or.', ALL, {
    reference: Math.max, wgsl: { float: call(MAX, 'alu'), integer: builtin('max'), bool: infix('|') },
    jvp: [winner('gt', 0), winner('gt', 1)],
  }),
  binary('min', 'The smaller one; NaN if one is NaN. Of bools: and.', ALL, {
    reference: Math.min, wgsl: { float: call(MIN, 'alu'), integer: builtin('min'), bool: infix('&') },
    jvp: [winner('lt', 0), winner('lt', 1)],
  }),
  binary('nextafter', 'The next representable number after x in the direction of y.', FLOATS, {
    reference: { float32: nextafter, float16: nextafterHalf },
    wgsl: { float32: call(NEXTAFTER, 'alu'), float16: call(NEXTAFTER_HALF, 'alu') },
    jvp: zero('JAX defines it so'), domain: [0.1, 4],
  }),
];
