/** Puts bodies in the place of calls: of every `jit`, and of a `cond` whose branch is known or whose branches are all equal. */
import { equalJaxprs } from '../ir/hash.ts';
import { Jaxpr, Literal } from '../ir/jaxpr.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import { conform, rewrite } from './rewrite.ts';
import type { Context } from './rewrite.ts';

export function inline(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    const call = knownCall(equation);
    return call === undefined ? undefined : inlineCall(call.body, call.operands, context);
  });
}

/** The outputs of `body` on `operands`, its equations appended to those of the context. */
export function inlineCall(body: Jaxpr, operands: readonly Atom[], { o }: Context): Atom[] {
  return o.inline(body, body.inputs.map((input, i) => conform(o, operands[i], input.aval)));
}

interface Call {
  readonly body: Jaxpr;
  readonly operands: readonly Atom[];
}

function knownCall({ primitive, params, inputs }: Equation): Call | undefined {
  if (primitive.name === 'jit' && params['jaxpr'] instanceof Jaxpr) return { body: params['jaxpr'], operands: inputs };
  if (primitive.name !== 'cond') return undefined;
  const branches = params['branches'] as readonly Jaxpr[];
  const [index, ...operands] = inputs;
  const first = branches[0]!;
  if (branches.every((branch) => equalJaxprs(branch, first))) return { body: first, operands };
  if (!(index instanceof Literal)) return undefined;
  return { body: branches[Math.min(Math.max(index.value, 0), branches.length - 1)]!, operands };
}
