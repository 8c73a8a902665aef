/**
 * How reductions combine, in WGSL. Each has a state with an identity, a way in for one element, an associative combination, and
 * a way out. Half floats are accumulated in single precision, and bools are compared as 0 and 1.
 */
import type { DType } from '../dtype.ts';
import { isFloat } from '../dtype.ts';
import type { Stage } from '../fuse/kernel.ts';
import { INFINITY, IS_NAN, MAX, MIN } from '../numerics/float.ts';
import type { WgslHelper } from '../scalar/expression.ts';
import { literal, wgslType } from './literals.ts';
import { asFactor, asOperand, asSummand } from './precedence.ts';

export interface Reduction {
  /** The WGSL type of the state. */
  readonly type: string;
  readonly helpers: readonly WgslHelper[];
  /** The state of no elements. */
  readonly identity: string;
  /** The state of one element; `argmax` and `argmin` remember its position. */
  lift(value: string, position: string): string;
  combine(a: string, b: string): string;
  /** The result in the dtype of the stage. */
  result(state: string): string;
}

export function reductionOf({ monoid, dtype, value }: Stage): Reduction {
  switch (monoid) {
    case 'sum':
      return simple(dtype, value.dtype, wide(dtype), 0, (a, b) => `${asSummand(a)} + ${asFactor(b)}`);
    case 'prod':
      return simple(dtype, value.dtype, wide(dtype), 1, (a, b) => `${asFactor(a)} * ${asOperand(b)}`);
    case 'and':
      return simple(dtype, value.dtype, dtype, ALL_ONES[dtype] ?? 1, (a, b) => `${asOperand(a)} & ${asOperand(b)}`);
    case 'or':
      return simple(dtype, value.dtype, dtype, 0, (a, b) => `${asOperand(a)} | ${asOperand(b)}`);
    case 'max':
    case 'min':
      return extremum(monoid, dtype, value.dtype);
    case 'argmax':
    case 'argmin':
      return position(monoid, dtype, comparable(value.dtype));
  }
}

const ALL_ONES: Readonly<Partial<Record<DType, number>>> = { int32: -1, uint32: 0xffffffff };

type Combine = (a: string, b: string) => string;

function simple(dtype: DType, operand: DType, state: DType, identity: number, combine: Combine): Reduction {
  return {
    type: wgslType(state),
    helpers: [],
    identity: literal(state, identity) ?? '',
    lift: (value) => cast(value, operand, state),
    combine,
    result: (text) => cast(text, state, dtype),
  };
}

/** `max` or `min`; a NaN wins. */
function extremum(monoid: 'max' | 'min', dtype: DType, operand: DType): Reduction {
  const state = comparable(dtype);
  const identity = identityOf(monoid, state);
  if (!isFloat(state)) return simple(dtype, operand, state, identity, (a, b) => `${monoid}(${a}, ${b})`);
  const helper = monoid === 'max' ? MAX : MIN;
  return {
    ...simple(dtype, operand, state, 0, (a, b) => `${helper.name}(${a}, ${b})`),
    helpers: [INFINITY, helper],
    identity: infinity(identity),
  };
}

/** The position of the first greatest or least element; a NaN is both, and the first one wins. */
function position(monoid: 'argmax' | 'argmin', dtype: DType, compared: DType): Reduction {
  const element = wgslType(compared);
  const type = `Extremum_${element}`;
  const name = `reduce_${monoid}_${element}`;
  const float = isFloat(compared);
  const struct: WgslHelper = { name: type, code: `struct ${type} { value: ${element}, position: u32 }`, uses: [] };
  const order = monoid === 'argmax' ? '>' : '<';
  const nan = `
  let a_nan = ${IS_NAN.name}(a.value);
  let b_nan = ${IS_NAN.name}(b.value);
  better = select(better, a_nan && (first || !b_nan), a_nan || b_nan);`;
  const code = `fn ${name}(a: ${type}, b: ${type}) -> ${type} {
  let first = a.position < b.position;
  var better = a.value ${order} b.value || (a.value == b.value && first);${float ? nan : ''}
  return ${type}(select(b.value, a.value, better), select(b.position, a.position, better));
}`;
  const identity = identityOf(monoid === 'argmax' ? 'max' : 'min', compared);
  return {
    type,
    helpers: [struct, ...(float ? [INFINITY] : []), { name, code, uses: float ? [IS_NAN] : [] }],
    identity: `${type}(${literal(compared, identity) ?? infinity(identity)}, 0xffffffffu)`,
    lift: (value, at) => `${type}(${element}(${value}), ${at})`,
    combine: (a, b) => `${name}(${a}, ${b})`,
    result: (state) => `${wgslType(dtype)}(${state}.position)`,
  };
}

/** An infinity; as a constant expression WGSL would reject it. */
function infinity(value: number): string {
  return value < 0 ? `-${INFINITY.name}()` : `${INFINITY.name}()`;
}

function wide(dtype: DType): DType {
  return dtype === 'float16' ? 'float32' : dtype;
}

function comparable(dtype: DType): DType {
  return dtype === 'bool' ? 'uint32' : wide(dtype);
}

function identityOf(monoid: 'max' | 'min', dtype: DType): number {
  const max = monoid === 'max';
  if (dtype === 'int32') return max ? -2147483648 : 2147483647;
  if (dtype === 'uint32') return max ? 0 : 4294967295;
  return max ? -Infinity : Infinity;
}

function cast(text: string, from: DType, to: DType): string {
  return from === to ? text : `${wgslType(to)}(${text})`;
}
