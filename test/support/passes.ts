/** What passes make of jaxprs, as texts. */
import { expect, test } from 'vitest';
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
 * One test for each row of a table of equations and what a pass makes of them, dead code removed. `types` declares the inputs; a
 * row has the equation (after others that it needs, `n:f32[] = neg a; neg n`) and what takes its place: an operand, or equations.
 */
export function testRows(pass: Pass, types: string, output: string, rows: readonly (readonly [string, string])[]): void {
  test.each(rows.map(([before, after]) => [before === after ? `${before} stays` : `${before}  is  ${after}`, before, after]))(
    '%s',
    (_, before, after) => expectPass((jaxpr) => dce(pass(jaxpr)), program(types, output, before), program(types, output, after)),
  );
}

/** The jaxpr whose output is the last of these equations, or an operand. */
function program(types: string, output: string, text: string): string {
  const equations = text.split('; ');
  const last = equations.pop()!;
  const isOperand = /^(?:[a-z]\w*|[^ ]+:\S+)$/.test(last);
  if (!isOperand) equations.push(`r:${output} = ${last}`);
  return `{ lambda ; ${types}. let ${equations.join('; ')} in (${isOperand ? last : 'r'},) }`;
}

/** A scan equation without operands; `body` is what stands between `lambda ;` and the bracket. */
export function scanText(body: string, length: number, numCarry: number, numConsts: number): string {
  return `scan[jaxpr={ lambda ; ${body} } length=${length} num_carry=${numCarry} num_consts=${numConsts} reverse=False]`;
}
