/** What the axes of a convolution's operands are for, in letters. */
import type { ConvDimensions } from '../../compiler/primitives/operations.ts';
import { userError } from '../trace/user-error.ts';

/**
 * A letter for each axis of the input, the kernel and the result: N the batch, C the features, I and O the features that a kernel
 * takes and makes, any other letter a spatial axis. `['NHWC', 'HWIO', 'NHWC']`.
 */
export type ConvLayout = readonly [lhs: string, rhs: string, out: string];

/** The usual layout of convolutions of so many spatial axes: features after the batch. */
export function defaultLayout(spatial: number): ConvLayout {
  const letters = spatialLetters(spatial);
  return [`NC${letters}`, `OI${letters}`, `NC${letters}`];
}

/** The layout with features last, of transposed convolutions and of layers. */
export function featuresLast(spatial: number): ConvLayout {
  const letters = spatialLetters(spatial);
  return [`N${letters}C`, `${letters}IO`, `N${letters}C`];
}

function spatialLetters(count: number): string {
  return ['', 'H', 'HW', 'HWD'][count] ?? Array.from({ length: count }, (_, i) => i).join('');
}

/**
 * The axes by role. Spatial axes are in the order in which the kernel has them, which is also that of strides and paddings.
 * jax.lax.conv_dimension_numbers.
 *
 * @throws VALUE for letters that do not name each axis once.
 */
export function dimensionsOf(call: string, layout: ConvLayout, ranks: readonly [number, number]): ConvDimensions {
  const [lhs, rhs, out] = layout;
  const spatial = [...rhs].filter((letter) => letter !== 'I' && letter !== 'O');
  const expectLetters = (operand: string, letters: string, pair: string, rank: number): void => {
    const wanted = [...pair, ...spatial].sort().join('');
    const distinct = new Set(letters).size === letters.length;
    if (distinct && [...letters].sort().join('') === wanted && letters.length === rank) return;
    const each = `must have each of ${pair}${spatial.join('')} once`;
    const problem = letters.length === rank ? each : `have ${letters.length} letters for rank ${rank}`;
    throw userError('VALUE', `${call}: the dimension numbers '${letters}' of ${operand} ${problem}`, {
      fix: `{ dimensionNumbers: ${JSON.stringify(featuresLast(rank - 2)).replaceAll('"', "'")} }`,
    });
  };
  expectLetters('the kernel', rhs, 'OI', ranks[1]);
  expectLetters('the input', lhs, 'NC', ranks[0]);
  expectLetters('the result', out, 'NC', ranks[0]);
  const specOf = (letters: string, pair: string): number[] => [...pair, ...spatial].map((letter) => letters.indexOf(letter));
  return [specOf(lhs, 'NC'), specOf(rhs, 'OI'), specOf(out, 'NC')];
}
