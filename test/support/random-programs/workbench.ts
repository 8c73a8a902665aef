/**
 * A jaxpr under construction with the values of its variables. Every equation is evaluated when it is added, once as it is and
 * once with its operands shaken by relative errors as a GPU makes them; equations whose results blow up or differ are refused.
 */
import { isFloat } from '../../../compiler/dtype.ts';
import type { DType, HostArray } from '../../../compiler/dtype.ts';
import { HeddleError } from '../../../compiler/errors.ts';
import { Builder } from '../../../compiler/ir/builder.ts';
import { Var, aval } from '../../../compiler/ir/jaxpr.ts';
import type { Atom, Params } from '../../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../../compiler/primitives/index.ts';
import type { Domain, Primitive } from '../../../compiler/primitives/primitive.ts';
import { filled, fromNumbers } from '../../../compiler/reference/arrays.ts';
import { evaluate } from '../../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import type { Random } from './random.ts';

export interface Known {
  readonly atom: Atom;
  readonly value: HostArray;
  readonly shaken: HostArray;
  /** Every device computes the same bits. */
  readonly exact: boolean;
}

export interface Limits {
  readonly allows: (primitive: string) => boolean;
  readonly dtypes: readonly DType[];
  readonly maxElements: number;
  /** Whether there may be loops without a reverse derivative. */
  readonly whileLoops?: boolean;
}

const MAX_MAGNITUDE = 1e4;
/** Devices flush what is smaller to zero. */
const SMALLEST_NORMAL: Readonly<Record<DType, number>> = { float32: 1.2e-38, float16: 6.2e-5, int32: 0, uint32: 0, bool: 0 };
/** Above this a primitive is a series or a table, and is only trusted inside its domain. */
const TRUSTED_TOLERANCE = 2.5e-7;
/** What a device may do to a result, relative to it. */
const SHAKING: Readonly<Record<DType, number>> = { float32: 4e-6, float16: 2e-3, int32: 0, uint32: 0, bool: 0 };
/** How far that may move later results, relative to them or to 1. */
export const MAX_DIFFERENCE: Readonly<Record<DType, number>> = { float32: 1e-4, float16: 2e-2, int32: 0, uint32: 0, bool: 0 };

/** Where these jump, an error of the last bit becomes one of the first: their operands must be exact. */
const JUMPS: ReadonlySet<string> = new Set([
  'sign', 'floor', 'ceil', 'round', 'trunc', 'rem', 'nextafter', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'argmax', 'argmin',
  'convert_element_type', 'bitcast_convert_type',
]);

export class Workbench {
  readonly o: Builder = new Builder();
  readonly values: Known[] = [];
  readonly limits: Limits;
  random: Random;

  constructor(limits: Limits, random: Random) {
    this.limits = limits;
    this.random = random;
  }

  /** A new variable of the value's type, to be bound as an input. */
  input({ value, shaken, exact }: Pick<Known, 'value' | 'shaken' | 'exact'>): Var {
    const variable = new Var(aval(value.dtype, value.shape));
    this.values.push({ atom: variable, value, shaken, exact });
    return variable;
  }

  /** A literal; of a small value unless it is given. */
  literal(dtype: DType, value: number = this.#smallNumber(dtype)): Known {
    const atom = this.o.literal(value, dtype);
    const array = filled(dtype, [], atom.value);
    return { atom, value: array, shaken: array, exact: true };
  }

  /** One of the values that fit, a later one more often. */
  pick(fits: (value: HostArray) => boolean = () => true): Known | undefined {
    return this.random.pickLate(this.values.filter(({ value }) => fits(value)));
  }

  /** Appends the equation, if it is allowed and well-conditioned; operands outside a domain that matters are clamped first. */
  apply(name: string, operands: readonly Known[], params: Params = {}): boolean {
    const primitive = findPrimitive(name);
    if (primitive === undefined || !this.limits.allows(name)) return false;
    const needsDomain = primitive.lowering.kind === 'element' && primitive.tolerance > TRUSTED_TOLERANCE;
    const moderate = needsDomain ? this.#clamped(primitive, operands) : operands;
    const results = moderate && this.#evaluate(primitive, moderate, params);
    if (results === undefined) return false;
    const outputs = this.o.bind(primitive, moderate!.map(({ atom }) => atom), params);
    outputs.forEach((atom, i) => this.values.push({ ...results[i]!, atom }));
    return true;
  }

  #evaluate(primitive: Primitive, operands: readonly Known[], params: Params): Omit<Known, 'atom'>[] | undefined {
    const allExact = operands.every(({ exact }) => exact);
    if (JUMPS.has(primitive.name) && !allExact) return undefined;
    if (!this.#isTyped(primitive, operands, params)) return undefined;
    const values = primitive.reference(operands.map(({ value }) => value), params, evaluate);
    const shaken = primitive.reference(operands.map((operand) => operand.shaken), params, evaluate);
    const results = values.map((value, i) => {
      const exact = !isFloat(value.dtype) || (allExact && primitive.tolerance === 0);
      return { value, shaken: exact ? shaken[i]! : this.#shake(shaken[i]!), exact };
    });
    return results.every(isConditioned) ? results : undefined;
  }

  #isTyped(primitive: Primitive, operands: readonly Known[], params: Params): boolean {
    const { dtypes, maxElements } = this.limits;
    try {
      const types = primitive.type(operands.map(({ atom }) => atom.aval), params);
      return types.every(({ dtype, shape }) => dtypes.includes(dtype) && sizeOf(shape) <= maxElements);
    } catch (error) {
      if (error instanceof HeddleError) return false;
      throw error;
    }
  }

  #clamped({ domain }: Primitive, operands: readonly Known[]): Known[] | undefined {
    const clamped = operands.map((operand, i) => this.#clamp(operand, Array.isArray(domain) ? domain[i] : (domain as Domain)));
    return clamped.includes(undefined) ? undefined : (clamped as Known[]);
  }

  #clamp(operand: Known, { low, high }: Domain): Known | undefined {
    const { dtype, data } = operand.value;
    if (dtype === 'bool' || data.every((value) => value >= low && value <= high)) return operand;
    const least = dtype === 'uint32' ? Math.max(low, 0) : low;
    const bounds = [Math.ceil(least * 2) / 2, Math.floor(high * 2) / 2].map((bound) => this.literal(dtype, bound));
    return this.apply('clamp', [bounds[0]!, operand, bounds[1]!]) ? this.values.at(-1) : undefined;
  }

  #smallNumber(dtype: DType): number {
    if (isFloat(dtype)) return this.random.between(-8, 8) / 4;
    return this.random.between(dtype === 'int32' ? -4 : 0, 4);
  }

  #shake({ dtype, shape, data }: HostArray): HostArray {
    const shaken = (value: number): number => value * (1 + (this.random.chance(50) ? SHAKING[dtype] : -SHAKING[dtype]));
    return fromNumbers(dtype, shape, Array.from(data, shaken));
  }
}

function isConditioned({ value, shaken }: Omit<Known, 'atom'>): boolean {
  return value.data.every((element, i) => {
    if (!isFloat(value.dtype)) return element === shaken.data[i];
    const magnitude = Math.abs(element);
    if (magnitude > 0 && magnitude < SMALLEST_NORMAL[value.dtype]) return false;
    return magnitude <= MAX_MAGNITUDE && Math.abs(shaken.data[i]! - element) <= MAX_DIFFERENCE[value.dtype] * Math.max(1, magnitude);
  });
}
