/** Rows of one line: what a function of one or two elements needs to become a primitive. */
import type { DType } from '../../dtype.ts';
import { aval } from '../../ir/jaxpr.ts';
import type { Atom, Params } from '../../ir/jaxpr.ts';
import type { Builder } from '../../ir/builder.ts';
import { choose, scalarFunction } from '../../numerics/scalar-function.ts';
import type { ByDType, Form } from '../../numerics/scalar-function.ts';
import { nonlinear, partials } from '../derivatives.ts';
import type { Contribution } from '../derivatives.ts';
import { definePointwise } from '../pointwise.ts';
import type { ScalarReference } from '../pointwise.ts';
import type { Domain, JvpRule, Primitive, TransposeRule } from '../primitive.ts';

export const FLOATS: readonly DType[] = ['float32', 'float16'];
export const INTEGERS: readonly DType[] = ['int32', 'uint32'];
export const NUMBERS: readonly DType[] = [...FLOATS, ...INTEGERS];
export const DISCRETES: readonly DType[] = [...INTEGERS, 'bool'];
export const ALL: readonly DType[] = [...NUMBERS, 'bool'];

/** Results that WGSL rounds in either direction. */
export const ROUNDED = 2e-7;

type Interval = readonly [low: number, high: number];

/** One interval for all operands, or one for each. */
type Domains = Interval | readonly Interval[];

interface Line<F> {
  /** In float64, from and to numbers that the dtype holds; what it gives is rounded. */
  readonly reference: F | ByDType<F>;
  readonly wgsl: Form | ByDType<Form>;
  /** The dtype of the result, if it is not that of the operands. */
  readonly gives?: DType;
  readonly transpose?: TransposeRule<Params>;
  /** Where tests draw floats. */
  readonly domain?: Domains;
  /** 0 means exact. Unless given, that of this library's own functions: 2e-6 if one is called, else exact. */
  readonly tolerance?: number;
}

interface UnaryLine extends Line<(x: number) => number> {
  /** The tangent of the result y = f(x), given that of x. */
  readonly jvp: ((o: Builder, t: Atom, x: Atom, y: Atom) => Atom) | JvpRule<Params>;
}

interface BinaryLine extends Line<(x: number, y: number) => number> {
  /** For each operand what its tangent contributes, given both operands and the result. */
  readonly jvp: readonly [Contribution, Contribution] | JvpRule<Params>;
}

export function unary(name: string, doc: string, takes: readonly DType[], line: UnaryLine): Primitive {
  const { jvp } = line;
  return row(name, doc, 1, takes, line, typeof jvp === 'function' ? partials(jvp as Contribution) : jvp);
}

export function binary(name: string, doc: string, takes: readonly DType[], line: BinaryLine): Primitive {
  const { jvp } = line;
  return row(name, doc, 2, takes, line, 'kind' in jvp ? jvp : partials(...jvp));
}

function row<F extends ScalarReference>(
  name: string,
  doc: string,
  arity: 1 | 2,
  takes: readonly DType[],
  { reference, wgsl, gives, transpose, domain = [-4, 4], tolerance }: Line<F>,
  jvp: JvpRule<Params>,
): Primitive {
  const scalar = scalarFunction(name, wgsl);
  return definePointwise<Params>({
    name,
    doc,
    arity,
    takes,
    ...(gives === undefined ? {} : { result: ({ shape }) => aval(gives, shape) }),
    reference: (operand) => (typeof reference === 'function' ? reference : choose(name, reference, operand)),
    scalar: () => scalar,
    jvp,
    transpose: transpose ?? nonlinear(`${name} is not linear`),
    domain: isInterval(domain) ? toDomain(domain) : domain.map(toDomain),
    tolerance: tolerance ?? (scalar.cost === 'heavy' ? 2e-6 : 0),
  });
}

function isInterval(domain: Domains): domain is Interval {
  return typeof domain[0] === 'number';
}

function toDomain([low, high]: Interval): Domain {
  return { low, high };
}
