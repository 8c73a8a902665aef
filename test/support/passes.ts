/** What passes make of jaxprs, as texts. */
import { expect } from 'vitest';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { dce } from '../../compiler/optimize/dce.ts';

type Pass = (jaxpr: Jaxpr) => Jaxpr;

/** Whatever their layout and names, the pass makes `after` of `before`. */
export function expectPass(pass: Pass, before: string, after: string): void {
  const result = pass(parseJaxpr(before));
  verifyJaxpr(result);
  expect(printJaxpr(result)).toBe(printJaxpr(parseJaxpr(after)));
}

/** The pass finds nothing to do. */
export function expectUntouched(pass: Pass, text: string): void {
  const jaxpr = parseJaxpr(text);
  expect(pass(jaxpr)).toBe(jaxpr);
}

/**
 * A table of equations and what a pass makes of them: `types` declares the inputs, every row is the right-hand side of the one output
 * and what takes its place (an operand, or equations `d:f32[] = ...; result`). What became unused is removed.
 */
export function expectRows(pass: Pass, types: string, output: string, rows: readonly (readonly [string, string])[]): void {
  for (const [before, after] of rows) {
    const parts = after.split(/;\s*/);
    const result = parts.pop()!;
    const isAtom = /^(?:[a-z]\w*|[^ ]+:\S+)$/.test(result);
    const equations = [...parts, ...(isAtom ? [] : [`r:${output} = ${result}`])];
    const setup = before.split(/;\s*/);
    const last = setup.pop()!;
    expectPass(
      (jaxpr) => dce(pass(jaxpr)),
      `{ lambda ; ${types}. let ${[...setup, `r:${output} = ${last}`].join('; ')} in (r,) }`,
      `{ lambda ; ${types}. let ${equations.join('; ')} in (${isAtom ? result : 'r'},) }`,
    );
  }
}
