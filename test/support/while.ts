/** Jaxprs of one while loop. */
import type { Builder } from '../../compiler/ir/builder.ts';
import type { Atom, Aval, Jaxpr, Var } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { jaxprOf } from './jaxprs.ts';

export interface WhileParts {
  /** Consts, which condition and body share, then carries. */
  readonly types: readonly Aval[];
  readonly consts: number;
  readonly condition: (o: Builder, ...values: Var[]) => Atom;
  readonly body: (o: Builder, ...values: Var[]) => readonly Atom[];
  readonly maxIterations?: number | null;
}

/** `(consts, carries) => final carries` */
export function whileOf({ types, consts, condition, body, maxIterations = null }: WhileParts): Jaxpr {
  const params = {
    condJaxpr: jaxprOf(types, condition),
    bodyJaxpr: jaxprOf(types, body),
    condConsts: consts,
    bodyConsts: consts,
    maxIterations,
  };
  return jaxprOf(types, (o, ...inputs) => {
    const given = inputs.slice(0, consts);
    return o.bind(findPrimitive('while')!, [...given, ...given, ...inputs.slice(consts)], params);
  });
}
