/** Pointwise primitives with parameters: powers with a fixed exponent, and conversions of dtype. */
import type { DType } from '../../dtype.ts';
import { DTYPES, isFloat, isInteger, roundTo, shortName } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import { aval, showAval } from '../../ir/jaxpr.ts';
import { reinterpret } from '../../numerics/bits.ts';
import type { Word } from '../../numerics/bits.ts';
import { FROM_U32, TO_BOOL, TO_I32, TO_U32, convert } from '../../numerics/convert.ts';
import { integerPow, integerPowHelper } from '../../numerics/power.ts';
import { call, expression, scalarFunction } from '../../numerics/scalar-function.ts';
import type { ByDType, Form } from '../../numerics/scalar-function.ts';
import type { ScalarFunction } from '../../scalar/expression.ts';
import { nonlinear, zero } from '../derivatives.ts';
import { transposeFirst } from '../linear.ts';
import { definePointwise } from '../pointwise.ts';
import type { Primitive } from '../primitive.ts';
import { ALL, NUMBERS, ROUNDED } from './rows.ts';

const integerPowRow = definePointwise<{ readonly y: number }>({
  name: 'integer_pow',
  doc: 'x to a fixed whole power, by repeated squaring; a negative power of an integer is an error.',
  arity: 1,
  takes: NUMBERS,
  result(operand, { y }) {
    if (Number.isInteger(y) && (y >= 0 || isFloat(operand.dtype))) return operand;
    const exponents = isFloat(operand.dtype) ? 'whole numbers' : 'whole numbers from 0';
    throw new HeddleError('VALUE', `integer_pow: exponents of ${showAval(operand)} are ${exponents}, was given ${y}`, {
      fix: `lax.pow(x.astype('float32'), ${y})`,
    });
  },
  reference: (operand, { y }) => (x) => integerPow(x, y, isInteger(operand) ? Math.imul : (a, b) => roundTo('float32', a * b)),
  scalar: ({ y }) =>
    scalarFunction(`integer_pow_${y}`, {
      float: call(integerPowHelper(y, 'f32'), 'alu'),
      ...(y < 0 ? {} : { int32: call(integerPowHelper(y, 'i32'), 'alu'), uint32: call(integerPowHelper(y, 'u32'), 'alu') }),
    }),
  jvp: {
    kind: 'partials',
    partials: [
      (o, t, { inputs: [x], params: { y } }) =>
        y === 0 ? o.full(0, x!.aval) : o.mul(t, o.mul(y, o.integerPow(x!, { y: y - 1 }))),
    ],
  },
  transpose: nonlinear('integer_pow is not linear'),
  sampleParams: (operand) => (isFloat(operand) ? [3, -2] : [0, 5]).map((y) => ({ y })),
  domain: { low: 0.5, high: 4 },
  tolerance: ROUNDED * 4,
});

const IDENTITY: Form = { cost: 'free', helpers: [], write: ([x = '']) => x };
const constructed = (type: string): Form => expression(([x]) => `${type}(${x})`);

/** By the dtype of the result, then by that of the operand. */
const CONVERSIONS: Readonly<Record<DType, ByDType<Form>>> = {
  float32: {
    float32: IDENTITY, float: constructed('f32'), bool: constructed('f32'),
    int32: constructed('f32'), uint32: call(FROM_U32, 'alu'),
  },
  // Integers beyond float16 become infinite, as floats do.
  float16: {
    float16: IDENTITY, float: constructed('f16'), bool: constructed('f16'),
    integer: expression(([x]) => `f16(f32(${x}))`),
  },
  int32: { int32: IDENTITY, float: call(TO_I32, 'alu'), integer: constructed('i32'), bool: constructed('i32') },
  uint32: { uint32: IDENTITY, float: call(TO_U32, 'alu'), integer: constructed('u32'), bool: constructed('u32') },
  bool: { bool: IDENTITY, float: call(TO_BOOL, 'alu'), integer: constructed('bool') },
};

const WORDS: readonly Word[] = ['float32', 'int32', 'uint32'];

function scalarFunctions(name: string, form: (result: DType) => Form | ByDType<Form>): ReadonlyMap<DType, ScalarFunction> {
  return new Map(DTYPES.map((dtype) => [dtype, scalarFunction(name, form(dtype))]));
}

const CONVERT = scalarFunctions('convert_element_type', (result) => CONVERSIONS[result]);
const BITCAST = scalarFunctions('bitcast_convert_type', (result) => constructed(`bitcast<${shortName(result)}>`));

const convertElementType = definePointwise<{ readonly newDtype: DType; readonly weakType: boolean }>({
  name: 'convert_element_type',
  doc: 'The value in another dtype: floats are truncated and clamped to integers, NaN becomes 0, what is not 0 becomes true.',
  arity: 1,
  takes: ALL,
  result: ({ shape }, { newDtype, weakType }) => aval(newDtype, shape, weakType),
  reference: (operand, { newDtype }) => (x) => convert(x, operand, newDtype),
  scalar: ({ newDtype }) => CONVERT.get(newDtype)!,
  jvp: {
    kind: 'rule',
    tangents: (o, { params }, [t]) => [t === null || !isFloat(params.newDtype) ? null : o.convertElementType(t!, params)],
  },
  transpose: transposeFirst((o, ct, { dtype, weak }) => o.convertElementType(ct, { newDtype: dtype, weakType: weak })),
  sampleParams: (operand) =>
    DTYPES.filter((newDtype) => newDtype !== operand).map((newDtype) => ({ newDtype, weakType: false })),
  domain: { low: -100, high: 100 },
  tolerance: 0,
});

const bitcastConvertType = definePointwise<{ readonly newDtype: Word }>({
  name: 'bitcast_convert_type',
  doc: 'The same 32 bits read as another dtype.',
  arity: 1,
  takes: WORDS,
  result(operand, { newDtype }) {
    if (WORDS.includes(newDtype)) return aval(newDtype, operand.shape, operand.weak);
    throw new HeddleError('DTYPE', `bitcast_convert_type: ${showAval(operand)} has 32 bits, ${shortName(newDtype)} does not`, {
      fix: `lax.convertElementType(x, '${newDtype}')`,
    });
  },
  reference: (operand, { newDtype }) => (x) => reinterpret(x, operand as Word, newDtype),
  scalar: ({ newDtype }) => BITCAST.get(newDtype)!,
  jvp: zero('bits have no tangents'),
  transpose: nonlinear('bitcast_convert_type is not linear'),
  sampleParams: (operand) => WORDS.filter((newDtype) => newDtype !== operand).map((newDtype) => ({ newDtype })),
  // As bits, these are the floats from 0.5 to 4.
  domain: { low: 0x3f000000, high: 0x40800000 },
  tolerance: 0,
});

export const PARAMETRIC: readonly Primitive[] = [integerPowRow, convertElementType, bitcastConvertType];
