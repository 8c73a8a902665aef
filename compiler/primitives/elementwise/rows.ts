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
import type { Domain, JvpRule, Primitive, TransposeRule } from '../primitive.ts';

export const FLOATS: readonly DType[] = ['float32', 'float16'];
export const INTEGERS: readonly DType[] = ['int32', 'uint32'];
export const NUMBERS: readonly DType[] = [...FLOATS, ...INTEGERS];
export const DISCRETES: readonly DType[] = [...INTEGERS, 'bool'];
export const ALL: readonly DType[] = [...NUMBERS, 'bool'];

/** Results that WGSL rounds in either direction. */
export const ROUNDED = 2e-7;

type Interval = readonly [low: number, high: number];

interface Line<F> {
  /** In float64, from and to numbers that the dtype holds; what it gives is rounded. */
  readonly reference: F | ByDType<F>;
  readonly wgsl: Form | ByDType<Form>;
  /** The dtype of the result, if it is not that of the operands. */
  readonly gives?: DType;
  readonly transpose?: TransposeRule<Params>;
  /** 0 means exact. Unless given, that of this library's own functions: 2e-6 if one is called, else exact. */
  readonly tolerance?: number;
}

interface UnaryLine extends Line<(x: number) => number> {
  /** The tangent of the result y = f(x), given that of x. */
  readonly jvp: ((o: Builder, t: Atom, x: Atom, y: Atom) => Atom) | JvpRule<Params>;
  readonly domain?: Interval;
}

interface BinaryLine extends Line<(x: number, y: number) => number> {
  /** For each operand what its tangent contributes, given both operands and the result. */
  readonly jvp: readonly [Contribution | null, Contribution | null] | JvpRule<Params>;
  readonly domain?: Interval | readonly [Interval, Interval];
}

export function unary(name: string, doc: string, takes: readonly DType[], line: UnaryLine): Primitive {
  const { jvp } = line;
  return row(name, doc, 1, takes, line, typeof jvp === 'function' ? partials(jvp as Contribution) : jvp, domainOf(line.domain));
}

export function binary(name: string, doc: string, takes: readonly DType[], line: BinaryLine): Primitive {
  const { jvp, domain } = line;
  const each = domain !== undefined && typeof domain[0] === 'object' ? (domain as readonly [Interval, Interval]) : undefined;
  const rule = 'kind' in jvp ? jvp : partials(...jvp);
  return row(name, doc, 2, takes, line, rule, each?.map(domainOf) ?? domainOf(domain as Interval | undefined));
}

function row<F extends (x: number, y: number) => number>(
  name: string,
  doc: string,
  arity: 1 | 2,
  takes: readonly DType[],
  line: Line<F>,
  jvp: JvpRule<Params>,
  domain: Domain | readonly Domain[],
): Primitive {
  const { reference, gives } = line;
  const scalar = scalarFunction(name, line.wgsl);
  return definePointwise<Params>({
    name,
    doc,
    arity,
    takes,
    ...(gives === undefined ? {} : { result: ({ shape }) => aval(gives, shape) }),
    reference: (operand) => (typeof reference === 'function' ? reference : choose(name, reference, operand)),
    scalar: () => scalar,
    jvp,
    transpose: line.transpose ?? nonlinear(`${name} is not linear`),
    domain,
    tolerance: line.tolerance ?? (scalar.cost === 'heavy' ? 2e-6 : 0),
  });
}

function domainOf([low, high]: Interval = [-4, 4]): Domain {
  return { low, high };
}
