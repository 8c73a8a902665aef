/** Derivatives and transposes of pointwise primitives, in the terms in which one writes them on paper. */
import type { Atom, Aval, Params } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { sameShape } from '../shape.ts';
import { range } from './batching.ts';
import { transposeWith } from './linear.ts';
import { LinearOperand } from './primitive.ts';
import type { JvpRule, TransposeRule } from './primitive.ts';

/** What an operand's tangent contributes; `values` are the operands, then the result. */
export type Contribution = (o: Builder, tangent: Atom, ...values: readonly Atom[]) => Atom;

/** One contribution per operand, `null` where it is zero. */
export function partials(...rules: readonly (Contribution | null)[]): JvpRule<Params> {
  return {
    kind: 'partials',
    partials: rules.map((rule) => {
      if (rule === null) return null;
      return (o, tangent, { inputs, outputs: [output] }) => broadcastTo(o, rule(o, tangent, ...inputs, output!), output!.aval);
    }),
  };
}

/** The derivative of a function whose values are no real numbers, or whose graph is a staircase. */
export function zero(reason: string): JvpRule<Params> {
  return { kind: 'zero', reason };
}

export const STAIRCASE: JvpRule<Params> = zero('it is constant between its jumps');
export const DISCRETE: JvpRule<Params> = zero('integers and bools have no tangents');

export function nonlinear(reason: string): TransposeRule<Params> {
  return { kind: 'nonlinear', reason };
}

/** A cotangent of the result to that of one operand, where the other operands are known. */
export type Pull = (o: Builder, cotangent: Atom, ...operands: readonly Atom[]) => Atom;

/** One rule per operand; `null` where the primitive is not linear in it. Cotangents of scalars that were broadcast are summed. */
export function transposeEach(...pulls: readonly (Pull | null)[]): Extract<TransposeRule<Params>, { readonly kind: 'rule' }> {
  const rule = transposeWith((o, cotangent, inputs) =>
    inputs.map((input, i) => {
      const pull = pulls[i] ?? null;
      // A rule reads only the operands in which it is not linear, and these are known.
      return input instanceof LinearOperand && pull !== null
        ? sumTo(o, pull(o, cotangent, ...(inputs as readonly Atom[])), input.aval)
        : null;
    }),
  );
  return { ...rule, linearIn: pulls.map((pull) => pull !== null) };
}

/** `x`, or the tensor of `shape` that repeats the scalar `x`. */
function broadcastTo(o: Builder, x: Atom, { shape }: Aval): Atom {
  return sameShape(x.aval.shape, shape) ? x : o.broadcastInDim(x, { shape, broadcastDimensions: [] });
}

/** `x`, or its sum if `shape` is that of a scalar. */
function sumTo(o: Builder, x: Atom, { shape }: Aval): Atom {
  return sameShape(x.aval.shape, shape) ? x : o.reduceSum(x, { axes: range(x.aval.shape.length) });
}
