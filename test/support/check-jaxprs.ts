/**
 * Runs in every test process: each jaxpr that any test compiles is verified as traced and after every pass, and its text must parse back
 * to an equal jaxpr.
 */
import { vi } from 'vitest';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type * as Pipeline from '../../compiler/optimize/pipeline.ts';

vi.mock('../../compiler/optimize/pipeline.ts', async (original) => {
  const pipeline = await original<typeof Pipeline>();
  const { equalJaxprs } = await import('../../compiler/ir/hash.ts');
  const { parseJaxpr } = await import('../../compiler/ir/parse.ts');
  const { printJaxpr } = await import('../../compiler/ir/print.ts');
  const { verifyJaxpr } = await import('../../compiler/ir/verify.ts');

  const check = (jaxpr: Jaxpr): void => {
    verifyJaxpr(jaxpr);
    const text = printJaxpr(jaxpr);
    if (!equalJaxprs(parseJaxpr(text), jaxpr)) throw new Error(`the text of this jaxpr parses to another one:\n${text}`);
  };

  return {
    ...pipeline,
    optimize: (...[jaxpr, observe, passes]: Parameters<typeof pipeline.optimize>): Jaxpr => {
      check(jaxpr);
      const verified = (pass: string, next: Jaxpr): void => {
        verifyJaxpr(next);
        observe?.(pass, next);
      };
      return pipeline.optimize(jaxpr, verified, passes);
    },
  };
});
