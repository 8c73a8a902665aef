/**
 * Puts bodies in the place of calls: of every `jit`, `remat` and call with a custom derivative, and of a `cond` whose branch is known
 * or whose branches are all equal.
 */
import { calledJaxpr } from '../primitives/control/calls.ts';
import { equalJaxprs } from '../ir/hash.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Equation, Jaxpr } from '../ir/jaxpr.ts';
import { conform, rewrite } from './rewrite.ts';
import type { Context } from './rewrite.ts';

export function inline(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    if (equation.primitive.name === 'remat') return inlineRemat(equation, context);
    const call = knownCall(equation);
    return call === undefined ? undefined : inlineCall(call.body, call.operands, context);
  });
}

/** The outputs of `body` on `operands`, its equations appended to those of the context. */
export function inlineCall(body: Jaxpr, operands: readonly Atom[], { o }: Context): Atom[] {
  return o.inline(body, body.inputs.map((input, i) => conform(o, operands[i], input.aval)));
}

/** What recomputes stands behind barriers, or it would be merged with the first computation. */
function inlineRemat({ params, inputs }: Equation, context: Context): Atom[] {
  const guard = (input: Atom): Atom => (input instanceof Literal ? input : context.o.optimizationBarrier(input));
  return inlineCall(params['jaxpr'] as Jaxpr, params['differentiated'] === true ? inputs.map(guard) : inputs, context);
}

interface Call {
  readonly body: Jaxpr;
  readonly operands: readonly Atom[];
}

function knownCall(equation: Equation): Call | undefined {
  const { primitive, params, inputs } = equation;
  const called = calledJaxpr(equation);
  if (called !== undefined) return { body: called, operands: inputs };
  if (primitive.name !== 'cond') return undefined;
  const branches = params['branches'] as readonly Jaxpr[];
  const [index, ...operands] = inputs;
  const first = branches[0]!;
  if (branches.every((branch) => equalJaxprs(branch, first))) return { body: first, operands };
  if (!(index instanceof Literal)) return undefined;
  return { body: branches[Math.min(Math.max(index.value, 0), branches.length - 1)]!, operands };
}
