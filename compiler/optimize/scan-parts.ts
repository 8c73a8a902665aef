/** A scan equation with its lists taken apart. */
import type { Builder } from '../ir/builder.ts';
import { Jaxpr, Var } from '../ir/jaxpr.ts';
import type { Atom, Equation, Params } from '../ir/jaxpr.ts';
import { hasEffects } from '../primitives/control/guard.ts';
import { withInputs } from './rewrite.ts';

/** Something of the outside, and the variable by which the body knows it. */
export interface Bound {
  readonly outer: Atom;
  readonly inner: Var;
}

/** A value carried from step to step: `outer` at first, then `next`. */
export interface Carry extends Bound {
  readonly next: Atom;
}

export interface ScanParts {
  readonly consts: readonly Bound[];
  readonly carries: readonly Carry[];
  /** Arrays whose slices the steps read. */
  readonly xs: readonly Bound[];
  readonly equations: readonly Equation[];
  /** What each step contributes to the stacked outputs. */
  readonly ys: readonly Atom[];
  readonly length: number;
  readonly reverse: boolean;
}

export function takeApart(scan: Equation): ScanParts {
  const { jaxpr, numConsts, numCarry, length, reverse } = scan.params as ScanParams;
  const bound = scan.inputs.map((outer, i): Bound => ({ outer, inner: jaxpr.inputs[i]! }));
  const end = numConsts + numCarry;
  return {
    consts: bound.slice(0, numConsts),
    carries: bound.slice(numConsts, end).map((carry, i) => ({ ...carry, next: jaxpr.outputs[i]! })),
    xs: bound.slice(end),
    equations: jaxpr.equations,
    ys: jaxpr.outputs.slice(numCarry),
    length,
    reverse,
  };
}

interface ScanParams extends Params {
  readonly jaxpr: Jaxpr;
  readonly numConsts: number;
  readonly numCarry: number;
  readonly length: number;
  readonly reverse: boolean;
}

/** Appends the scan; gives its final carries and stacked outputs. */
export function putTogether(o: Builder, scan: Equation, parts: ScanParts): { carries: Var[]; ys: Var[] } {
  const { consts, carries, xs, equations, ys, length, reverse } = parts;
  const bound = [...consts, ...carries, ...xs];
  const body = new Jaxpr([], bound.map(({ inner }) => inner), equations, [...carries.map(({ next }) => next), ...ys]);
  const params = { ...scan.params, jaxpr: body, length, reverse, numConsts: consts.length, numCarry: carries.length };
  const isEmpty = body.outputs.length === 0 && !hasEffects(body);
  const outputs = isEmpty ? [] : o.bind(scan.primitive, bound.map(({ outer }) => outer), params);
  return { carries: outputs.slice(0, carries.length), ys: outputs.slice(carries.length) };
}

/** The parts with other atoms in the place of some variables of the body. */
export function substitute(parts: ScanParts, atoms: ReadonlyMap<Var, Atom>): ScanParts {
  if (atoms.size === 0) return parts;
  const resolve = (atom: Atom): Atom => (atom instanceof Var ? (atoms.get(atom) ?? atom) : atom);
  return {
    ...parts,
    equations: parts.equations.map((equation) => withInputs(equation, equation.inputs.map(resolve))),
    carries: parts.carries.map((carry) => ({ ...carry, next: resolve(carry.next) })),
    ys: parts.ys.map(resolve),
  };
}
