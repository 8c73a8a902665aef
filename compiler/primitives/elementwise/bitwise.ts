/** Logic of bits and bools, and shifts. */
import {
  SHIFT_LEFT_U32, SHIFT_RIGHT_ARITHMETIC_I32, SHIFT_RIGHT_LOGICAL_U32, populationCount, shiftLeft, shiftRightArithmetic,
  shiftRightLogical,
} from '../../numerics/integer.ts';
import { builtin, expression, infix } from '../../numerics/scalar-function.ts';
import type { ByDType, Form } from '../../numerics/scalar-function.ts';
import type { WgslHelper } from '../../scalar/expression.ts';
import { DISCRETE } from '../derivatives.ts';
import type { Primitive } from '../primitive.ts';
import { DISCRETES, INTEGERS, binary, unary } from './rows.ts';

/** A shift whose helper takes `type`, the other integer type being reinterpreted; a negative amount is a large one. */
function shift(helper: WgslHelper, type: 'i32' | 'u32'): ByDType<Form> {
  const form = (own: 'i32' | 'u32'): Form =>
    expression(([x, y]) => {
      const value = `${helper.name}(${own === type ? x : `bitcast<${type}>(${x})`}, ${own === 'u32' ? y : `bitcast<u32>(${y})`})`;
      return own === type ? value : `bitcast<${own}>(${value})`;
    }, helper);
  return { int32: form('i32'), uint32: form('u32') };
}

const AMOUNT = [[-100, 100], [0, 36]] as const;

export const BITWISE: readonly Primitive[] = [
  unary('not', 'All bits inverted; of a bool its opposite.', DISCRETES, {
    reference: { integer: (x) => ~x, bool: (x) => 1 - x }, jvp: DISCRETE,
    wgsl: { integer: expression(([x]) => `~${x}`), bool: expression(([x]) => `!${x}`) },
  }),
  unary('population_count', 'How many bits are set.', INTEGERS, {
    reference: populationCount, wgsl: builtin('countOneBits'), jvp: DISCRETE,
  }),
  unary('clz', 'How many zero bits lead.', INTEGERS, {
    reference: Math.clz32, wgsl: builtin('countLeadingZeros'), jvp: DISCRETE,
  }),
  binary('and', 'Bits set in both.', DISCRETES, { reference: (x, y) => x & y, wgsl: infix('&'), jvp: DISCRETE }),
  binary('or', 'Bits set in either.', DISCRETES, { reference: (x, y) => x | y, wgsl: infix('|'), jvp: DISCRETE }),
  binary('xor', 'Bits set in exactly one.', DISCRETES, {
    reference: (x, y) => x ^ y, wgsl: { integer: infix('^'), bool: infix('!=') }, jvp: DISCRETE,
  }),
  binary('shift_left', 'Bits moved up, zeros moved in; 0 for amounts from 32 and below 0.', INTEGERS, {
    reference: shiftLeft, wgsl: shift(SHIFT_LEFT_U32, 'u32'), jvp: DISCRETE, domain: AMOUNT,
  }),
  binary('shift_right_logical', 'Bits moved down, zeros moved in; 0 for amounts from 32 and below 0.', INTEGERS, {
    reference: shiftRightLogical, wgsl: shift(SHIFT_RIGHT_LOGICAL_U32, 'u32'), jvp: DISCRETE, domain: AMOUNT,
  }),
  binary('shift_right_arithmetic', 'Bits moved down, the top bit repeated; amounts from 32 and below 0 count as 31.', INTEGERS, {
    reference: shiftRightArithmetic, wgsl: shift(SHIFT_RIGHT_ARITHMETIC_I32, 'i32'), jvp: DISCRETE, domain: AMOUNT,
  }),
];
