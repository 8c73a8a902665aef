/** Transposition rules of linear primitives, without the symbolic zeros that every one of them would have to pass on. */
import type { Builder } from '../ir/builder.ts';
import type { Atom, Aval, Params } from '../ir/jaxpr.ts';
import type { LinearOperand, Tangent, TransposeRule } from './primitive.ts';

type RuleOf<P extends Params> = Extract<TransposeRule<P>, { readonly kind: 'rule' }>;

/** The rule of a product: of two operands that both depend on what is linear, there is no transpose. */
export function multilinear<P extends Params>(rule: RuleOf<P>): RuleOf<P> {
  return { ...rule, multilinear: true };
}

/** The rule of a primitive with one output, in terms of its cotangent; it gives one cotangent per operand. */
export function transposeWith<P extends Params>(
  rule: (o: Builder, cotangent: Atom, inputs: readonly (Atom | LinearOperand)[], params: P) => readonly Tangent[],
): RuleOf<P> {
  return {
    kind: 'rule',
    cotangents: (o, [cotangent], inputs, params) =>
      cotangent === null || cotangent === undefined ? inputs.map(() => null) : rule(o, cotangent, inputs, params),
  };
}

/** The rule of a primitive that is linear in its first operand, of which it needs the aval only, and in no other. */
export function transposeFirst<P extends Params>(
  rule: (o: Builder, cotangent: Atom, operand: Aval, params: P, rest: readonly Atom[]) => Atom,
): TransposeRule<P> {
  return transposeWith((o, cotangent, [operand, ...rest], params) => [
    rule(o, cotangent, operand!.aval, params, rest as readonly Atom[]),
    ...rest.map(() => null),
  ]);
}
