/**
 * The intermediate representation: a jaxpr is a typed program in static single assignment form, with structured control flow in
 * equations whose parameters are jaxprs (`jit`, `scan`, `cond`). The names are those of JAX.
 */
import type { DType } from '../dtype.ts';
import { shortName } from '../dtype.ts';
import type { Shape } from '../shape.ts';
import type { Primitive } from '../primitives/primitive.ts';

/** An abstract value: what is known of a tensor when it is traced. A weak type came from a JS number and gives way in promotion. */
export interface Aval {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly weak: boolean;
}

/** A variable of a jaxpr. Variables are compared by identity; printing names them. */
export class Var {
  readonly aval: Aval;

  constructor(aval: Aval) {
    this.aval = aval;
  }
}

/** A scalar constant. Its value has been rounded to its dtype; bools are 0 and 1. */
export class Literal {
  readonly value: number;
  readonly aval: Aval;

  constructor(value: number, aval: Aval) {
    this.value = value;
    this.aval = aval;
  }
}

export type Atom = Var | Literal;

/** Where the user wrote the operation. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Param = number | string | boolean | null | Jaxpr | readonly Param[];

/** Static parameters of an equation. Keys are camelCase here and snake_case in the printed text. */
export interface Params {
  readonly [name: string]: Param;
}

export interface Equation {
  readonly primitive: Primitive;
  readonly inputs: readonly Atom[];
  readonly params: Params;
  readonly outputs: readonly Var[];
  readonly source: Source | undefined;
  /** The module under which the operation was traced (`layers/linear`), or ''. */
  readonly path: string;
}

/**
 * `consts` are variables bound to captured values outside the jaxpr; they come before `inputs`. Jaxprs inside equations have no
 * consts: what they capture is passed as leading operands.
 */
export class Jaxpr {
  readonly consts: readonly Var[];
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];

  constructor(consts: readonly Var[], inputs: readonly Var[], equations: readonly Equation[], outputs: readonly Atom[]) {
    this.consts = consts;
    this.inputs = inputs;
    this.equations = equations;
    this.outputs = outputs;
  }
}

export function aval(dtype: DType, shape: Shape, weak = false): Aval {
  return { dtype, shape, weak };
}

/** `f32[2,3]`, a weak type as `~f32[2,3]`. */
export function showAval({ dtype, shape, weak }: Aval): string {
  return `${weak ? '~' : ''}${shortName(dtype)}[${shape.join(',')}]`;
}

export function sameAval(a: Aval, b: Aval): boolean {
  return (
    a.dtype === b.dtype && a.weak === b.weak && a.shape.length === b.shape.length && a.shape.every((n, i) => n === b.shape[i])
  );
}

/** The jaxprs among an equation's parameters, in the order of the parameters. */
export function subJaxprs(equation: Equation): Jaxpr[] {
  const found: Jaxpr[] = [];
  const visit = (param: Param): void => {
    if (param instanceof Jaxpr) found.push(param);
    else if (Array.isArray(param)) param.forEach(visit);
  };
  Object.values(equation.params).forEach(visit);
  return found;
}

/** The equation with every jaxpr among its parameters replaced by `f` of it; the equation itself if it has none. */
export function mapSubJaxprs(equation: Equation, f: (jaxpr: Jaxpr) => Jaxpr): Equation {
  if (subJaxprs(equation).length === 0) return equation;
  const map = (param: Param): Param =>
    param instanceof Jaxpr ? f(param) : Array.isArray(param) ? (param as readonly Param[]).map(map) : param;
  const params = Object.fromEntries(Object.entries(equation.params).map(([name, param]) => [name, map(param)]));
  return { ...equation, params };
}
