/** Jaxprs written as functions of a Builder and its inputs. */
import { Builder } from '../../compiler/ir/builder.ts';
import { Var } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';

export function jaxprOf(avals: readonly Aval[], body: (o: Builder, ...inputs: Var[]) => readonly Atom[]): Jaxpr {
  const o = new Builder();
  const inputs = avals.map((type) => new Var(type));
  return o.build([], inputs, body(o, ...inputs));
}
