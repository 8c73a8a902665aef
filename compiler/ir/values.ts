/** Numbers, booleans and strings as Python writes them. */
import { isFloat } from '../dtype.ts';
import { showAval } from './jaxpr.ts';
import type { Literal } from './jaxpr.ts';

/** `2.0:f32[]`, `3:i32[]`, `True:bool[]`. */
export function showLiteral({ value, aval }: Literal): string {
  const shown = aval.dtype === 'bool' ? (value === 0 ? 'False' : 'True') : isFloat(aval.dtype) ? showFloat(value) : String(value);
  return `${shown}:${showAval(aval)}`;
}

/** Python's `repr` of a float: the shortest digits that read back, an exponent below 1e-4 and from 1e16. */
export function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  if (value === 0) return '0.0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 16) return decimal(mantissa, power);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** A number among parameters: an integer without a point. */
export function showNumber(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : showFloat(value);
}

/** Names stand without quotes. */
export function showString(value: string): string {
  return BARE_STRING.test(value) && !WORDS.has(value) ? value : JSON.stringify(value);
}

const BARE_STRING: RegExp = /^(?:[A-Za-z_$][\w$.]*|<[\w$.]+>)$/;

/** What a word among values means. */
export const WORDS: ReadonlyMap<string, number | boolean | null> = new Map<string, number | boolean | null>([
  ['True', true],
  ['False', false],
  ['None', null],
  ['nan', NaN],
  ['inf', Infinity],
]);

/** `d.ddd` times ten to the `power`, without an exponent. */
function decimal(mantissa: string, power: number): string {
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, '0');
  return `${sign}${whole}.${digits.slice(power + 1) || '0'}`;
}
