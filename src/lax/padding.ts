/** How far windows reach beyond what they move over: 'SAME', 'VALID', or amounts. */
import { dilated } from '../../compiler/primitives/windows/geometry.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { userError } from '../trace/user-error.ts';

/**
 * `VALID` pads nothing; `SAME` so that there are as many windows as elements, divided by the stride and rounded up, with the odd
 * element at the end, and `SAME_LOWER` with it at the start; pairs are [before, after] for each axis, negative amounts crop.
 */
export type Padding = 'VALID' | 'SAME' | 'SAME_LOWER' | readonly (readonly [number, number])[];

/** How windows lie along an axis, but for the padding. */
export interface Unpadded {
  readonly extent: number;
  readonly window: number;
  readonly stride: number;
  readonly windowDilation: number;
}

/** The amounts for each axis. jax.lax.padtype_to_pads. @throws VALUE for a word that is none of the three. */
export function paddingOf(call: string, padding: Padding, axes: readonly Unpadded[]): readonly (readonly [number, number])[] {
  if (Array.isArray(padding)) return padding as readonly (readonly [number, number])[];
  switch (padding) {
    case 'VALID':
      return axes.map(() => [0, 0]);
    case 'SAME':
    case 'SAME_LOWER':
      return axes.map(({ extent, window, stride, windowDilation }) => {
        const covered = (Math.ceil(extent / stride) - 1) * stride + dilated(window, windowDilation);
        const total = Math.max(0, covered - extent);
        const less = Math.floor(total / 2);
        return padding === 'SAME' ? [less, total - less] : [total - less, less];
      });
    default:
      throw noPadding(call, padding, `'SAME', 'SAME_LOWER', 'VALID'`);
  }
}

export function noPadding(call: string, padding: unknown, words: string): HeddleError {
  const problem = `${call}: there is no padding ${JSON.stringify(padding)}; it is ${words} or pairs of numbers`;
  return userError('VALUE', problem, { fix: `'SAME' // in place of ${JSON.stringify(padding)}` });
}
