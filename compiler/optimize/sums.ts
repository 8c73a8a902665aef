/**
 * Sums out of scans: a carry to which every step adds becomes one sum over all steps after the loop, the gradient of a weight one
 * contraction over steps and rows. It adds in another order than the loop, so it rounds otherwise.
 */
import type { Jaxpr } from '../ir/jaxpr.ts';
import { findAccumulators } from './accumulators.ts';
import { isHeavy } from './body.ts';
import { rewrite } from './rewrite.ts';
import { takeApart } from './scan-parts.ts';
import { sink } from './sinks.ts';

export function sums(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    if (equation.primitive.name !== 'scan') return undefined;
    const parts = takeApart(equation);
    const accumulators = parts.equations.some(isHeavy) ? findAccumulators(parts) : [];
    return accumulators.length === 0 ? undefined : sink(equation, parts, accumulators, context);
  });
}
