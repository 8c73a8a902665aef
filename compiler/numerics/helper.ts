/** Building blocks of the WGSL helper functions in this folder. */
import { HeddleError } from '../errors.ts';
import type { WgslHelper } from '../scalar/expression.ts';

/** A helper, named by the first function or constant that its text declares. */
export function wgsl(code: string, ...uses: readonly WgslHelper[]): WgslHelper {
  const name = /(?:fn|const) (\w+)/.exec(code)?.[1];
  if (name === undefined) throw new HeddleError('INTERNAL', `a WGSL helper declares nothing: ${code}`);
  return { name, code: code.trim(), uses };
}

/** A polynomial in the WGSL variable `x` by Horner's scheme, coefficients from the constant term upwards. */
export function polynomial(x: string, coefficients: readonly number[]): string {
  return coefficients.map(decimal).reduceRight((sum, coefficient) => `(${sum} * ${x} + ${coefficient})`);
}

/** A number as a WGSL float: `1` alone would be an integer. */
export function decimal(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
