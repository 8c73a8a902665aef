/** Linear recurrences along an axis. */
import { Builder } from '../../ir/builder.ts';
import { aval } from '../../ir/jaxpr.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { moveAxis, range } from '../batching.ts';
import { isLong, runAlong } from './lines.ts';
import type { Combination } from './lines.ts';
import type { Along } from './running.ts';

/** Steps `y -> factor * y + term`: two of them are one. */
const STEPS: Combination = {
  identity: () => [1, 0],
  combine: (o, [f, t], [g, u]) => [o.mul(f!, g!), o.add(o.mul(t!, g!), u!)],
};

/** `y[i] = factors[i] * y[i - 1] + terms[i]`, beginning with `first`, which has extent 1 along the axis. */
export function recurrence(o: Builder, first: Atom, factors: Atom, terms: Atom, along: Along): Atom {
  const { shape } = terms.aval;
  if (!isLong(shape, along.axis)) return inLoop(o, first, factors, terms, along);
  const spread = o.broadcastInDim(first, { shape, broadcastDimensions: range(shape.length) });
  const [factor, term] = runAlong(o, [factors, terms], along, STEPS);
  return o.add(o.mul(factor!, spread), term!);
}

function inLoop(o: Builder, first: Atom, factors: Atom, terms: Atom, { axis, reverse }: Along): Atom {
  const { dtype, shape } = terms.aval;
  const rest = aval(dtype, shape.filter((_, i) => i !== axis));
  const body = new Builder();
  const [value, factor, term] = [body.newVar(rest), body.newVar(rest), body.newVar(rest)];
  const next = body.add(body.mul(factor, value), term);
  const [, results] = o.scan(
    o.reshape(first, { newSizes: rest.shape }),
    moveAxis(o, factors, axis, 0),
    moveAxis(o, terms, axis, 0),
    { jaxpr: body.build([], [value, factor, term], [next, next]), length: shape[axis]!, reverse, numConsts: 0, numCarry: 1 },
  ) as readonly Atom[];
  return moveAxis(o, results!, 0, axis);
}
