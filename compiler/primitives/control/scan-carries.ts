/** What the rules of scan share: operands by their kinds, and flags that spread along the carries. */
import type { Aval } from '../../ir/jaxpr.ts';
import type { ScanParams } from '../../reference/scan.ts';
import type { Flags } from './flags.ts';

export interface Groups<T> {
  readonly consts: readonly T[];
  readonly carries: readonly T[];
  readonly xs: readonly T[];
}

/** Something per operand, by the kinds of operands. */
export function grouped<T>(
  items: readonly T[],
  { numConsts, numCarry }: Pick<ScanParams, 'numConsts' | 'numCarry'>,
): Groups<T> {
  const end = numConsts + numCarry;
  return { consts: items.slice(0, numConsts), carries: items.slice(numConsts, end), xs: items.slice(end) };
}

/** The type of a value of each step, for all steps. */
export function stackedAval(aval: Aval, length: number): Aval {
  return { ...aval, shape: [length, ...aval.shape] };
}

/**
 * A carry is flagged when its initial value is, or when the body flags it, given the flagged carries; this is found by iterating.
 * `flagsOf` tells which outputs of the body are flagged, carries first.
 */
export function spreadFlags<T>(
  initial: Flags,
  body: (carries: Flags) => T,
  flagsOf: (result: T) => Flags,
): { readonly result: T; readonly carries: Flags } {
  let carries = initial;
  for (;;) {
    const result = body(carries);
    const flags = flagsOf(result);
    const grown = carries.map((flag, i) => flag || flags[i]!);
    if (grown.every((flag, i) => flag === carries[i])) return { result, carries };
    carries = grown;
  }
}
