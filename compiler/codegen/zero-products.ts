/** Products with a literal zero: WGSL compilers take them for zero, but those of NaN and infinities are NaN. */
import { isFloat } from '../dtype.ts';
import { COPY_SIGN, IS_FINITE, NAN } from '../numerics/float.ts';
import { wgsl } from '../numerics/helper.ts';
import { call, scalarFunction } from '../numerics/scalar-function.ts';
import type { Expr, ScalarFunction } from '../scalar/expression.ts';

const TIMES_ZERO: ScalarFunction = timesZero('times_zero', '0.0, x');
const TIMES_MINUS_ZERO: ScalarFunction = timesZero('times_minus_zero', '0.0, -x');

function timesZero(name: string, signed: string): ScalarFunction {
  const code = `
fn ${name}_f32(x: f32) -> f32 {
  return select(nan_f32(), copy_sign_f32(${signed}), is_finite_f32(x));
}`;
  return scalarFunction(name, call(wgsl(code, NAN, COPY_SIGN, IS_FINITE), 'alu'));
}

type Applied = Expr & { readonly kind: 'apply' };

/** The product in a form that keeps NaN, if one of its factors is a literal zero. */
export function productWithZero({ fn, args, dtype }: Applied): Applied | undefined {
  if (fn.name !== 'mul' || !isFloat(dtype)) return undefined;
  const zero = args.find((arg) => arg.kind === 'constant' && arg.value === 0);
  const other = args.find((arg) => arg !== zero);
  if (zero?.kind !== 'constant' || other === undefined || other.kind === 'constant') return undefined;
  return { kind: 'apply', dtype, fn: Object.is(zero.value, -0) ? TIMES_MINUS_ZERO : TIMES_ZERO, args: [other] };
}
