/** THE list of passes. */
import type { Jaxpr } from '../ir/jaxpr.ts';
import { canonicalize } from './canonicalize.ts';
import { cse } from './cse.ts';
import { dce } from './dce.ts';
import { fold } from './fold.ts';
import { inline } from './inline.ts';
import { loops } from './loops.ts';
import { simplify } from './simplify.ts';

/** A pure pass over a jaxpr and the jaxprs inside it. It gives back its argument itself when it finds nothing to do. */
export interface Pass {
  readonly name: string;
  run(jaxpr: Jaxpr): Jaxpr;
}

export const PASSES: readonly Pass[] = [
  { name: 'inline', run: inline },
  { name: 'loops', run: loops },
  { name: 'canonicalize', run: canonicalize },
  { name: 'simplify', run: simplify },
  { name: 'fold', run: fold },
  { name: 'cse', run: cse },
  { name: 'dce', run: dce },
];

/** Passes uncover work for one another; in practice two or three rounds find all of it. */
const MAX_ROUNDS = 8;

/**
 * Runs the passes in order, again and again until none finds anything. The result computes the same bits, NaN, infinities and the
 * signs of zeros included. `observe` sees the jaxpr after every pass that changed it.
 */
export function optimize(jaxpr: Jaxpr, observe?: (pass: string, jaxpr: Jaxpr) => void): Jaxpr {
  let current = jaxpr;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = current;
    for (const { name, run } of PASSES) {
      const next = run(current);
      if (next !== current) observe?.(name, next);
      current = next;
    }
    if (current === before) break;
  }
  return current;
}
