/** Numbers and names as short texts of one line. */
import type { HeddleError } from '../../compiler/errors.ts';
import { userError } from '../trace/user-error.ts';

/** Four significant digits: `0.1234`, `1.5e-7`. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Seconds as `0:07`, `12:30`, `2:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (part: number): string => String(part).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** The text without line breaks and other control characters, which would leave the line. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Control}+/gu, ' ').replaceAll(/\p{Surrogate}/gu, '\uFFFD');
}

/** Characters that terminals show two columns wide. */
const WIDE: RegExp =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hangul}|[\u3000-\u30FF\u3400-\u4DBF\uFE30-\uFE6F\uFF00-\uFF60]/u;

/** The columns of a terminal that the text takes. */
export function columnsOf(text: string): number {
  return [...text].reduce((columns, letter) => columns + letterColumns(letter), 0);
}

function letterColumns(letter: string): number {
  return /\p{Mark}|\u200D/u.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
}

/** As much of the text as fits; an ellipsis stands for the rest. */
export function cutTo(columns: number, text: string): string {
  if (columnsOf(text) <= columns) return text;
  let cut = '';
  let left = columns - 1;
  for (const letter of text) {
    left -= letterColumns(letter);
    if (left < 0) break;
    cut += letter;
  }
  return columns < 1 ? '' : `${cut}…`;
}

/** @throws VALUE unless the number is an integer from `least` on. */
export function checkCount(call: string, name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw userError('VALUE', `${call}: ${name} is ${String(value)}, not an integer from ${least} on`, { fix: `${name}: ${least}` });
}

/** The error for a value that is no number, such as a tensor that has to be read first. */
export function notNumber(call: string, name: string, found: string): HeddleError {
  return userError('VALUE', `${call}: ${name} is ${found}, not a number`, { fix: `{ ${name}: await ${name}.item() }` });
}
