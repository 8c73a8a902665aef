/** THE list of passes. */
import type { Jaxpr } from '../ir/jaxpr.ts';
import { canonicalize } from './canonicalize.ts';
import { cse } from './cse.ts';
import { dce } from './dce.ts';
import { fold } from './fold.ts';
import { inline } from './inline.ts';
import { loops } from './loops.ts';
import { projections } from './projections.ts';
import { simplify } from './simplify.ts';
import { sums } from './sums.ts';

/** A pure pass over a jaxpr and the jaxprs inside it. It gives back its argument itself when it finds nothing to do. */
export interface Pass {
  readonly name: string;
  /** The result computes the same bits. Otherwise it takes sums in another order, and differs by their rounding. */
  readonly exact: boolean;
  run(jaxpr: Jaxpr): Jaxpr;
}

export const PASSES: readonly Pass[] = [
  { name: 'inline', exact: true, run: inline },
  { name: 'loops', exact: true, run: loops },
  { name: 'canonicalize', exact: true, run: canonicalize },
  { name: 'simplify', exact: true, run: simplify },
  { name: 'fold', exact: true, run: fold },
  { name: 'cse', exact: true, run: cse },
  { name: 'dce', exact: true, run: dce },
  { name: 'projections', exact: true, run: projections },
  { name: 'sums', exact: false, run: sums },
];

/** Passes uncover work for one another; in practice two or three rounds find all of it. */
const MAX_ROUNDS = 8;

/**
 * Runs the passes in order, again and again until none finds anything. With passes that are `exact` the result computes the same
 * bits, NaN, infinities and the signs of zeros included; with all of them the sums that a loop takes may be rounded otherwise.
 * `observe` sees the jaxpr after every pass that changed it.
 */
export function optimize(
  jaxpr: Jaxpr,
  observe?: (pass: string, jaxpr: Jaxpr) => void,
  passes: readonly Pass[] = PASSES,
): Jaxpr {
  let current = jaxpr;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = current;
    for (const { name, run } of passes) {
      const next = run(current);
      if (next !== current) observe?.(name, next);
      current = next;
    }
    if (current === before) break;
  }
  return current;
}
