/**
 * Contractions out of scans, for all steps at once: of the xs before the loop, and after it those that only stacked outputs need.
 * Every element is computed as before.
 */
import type { Jaxpr } from '../ir/jaxpr.ts';
import { isHeavy } from './body.ts';
import { hoistProjections } from './input-projections.ts';
import { rewrite } from './rewrite.ts';
import { putTogether, takeApart } from './scan-parts.ts';
import { sink } from './sinks.ts';

export function projections(jaxpr: Jaxpr): Jaxpr {
  return rewrite(jaxpr, () => (equation, context) => {
    if (equation.primitive.name !== 'scan') return undefined;
    const given = takeApart(equation);
    if (!given.equations.some(isHeavy)) return undefined;
    const hoisted = hoistProjections(equation, given);
    context.o.equations.push(...(hoisted?.before ?? []));
    const parts = hoisted?.parts ?? given;
    const sunk = sink(equation, parts, [], context);
    if (sunk !== undefined || hoisted === undefined) return sunk;
    const { carries, ys } = putTogether(context.o, equation, parts);
    return [...carries, ...ys];
  });
}
