/**
 * Formats of debug.print, as in jax.debug.print: `{}` for the next value, `{name}` for one of an object, braces doubled for
 * themselves.
 */
import type { HeddleError } from '../../compiler/errors.ts';
import type { Operand } from '../trace/bind.ts';
import { describeValue } from '../trace/literal.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';

/** A value to print: tensors when the program has run, the rest as it is. */
export type Printable = Operand | ArrayBufferView | string | null | undefined;

export interface ParsedFormat {
  /** With `{0}` in the place of the first operand. */
  readonly format: string;
  readonly operands: readonly (Tensor | Variable | ArrayBufferView)[];
}

const PLACE: RegExp = /\{\{|\}\}|\{(\w*)\}|[{}]/g;

/** Puts what is known already into the format. @throws VALUE when places and values do not fit together. */
export function parseFormat(format: string, values: readonly unknown[]): ParsedFormat {
  const named = namedValues(values);
  checkPlaces(format, values, named);
  const operands: (Tensor | Variable | ArrayBufferView)[] = [];
  let next = 0;
  const text = format.replaceAll(PLACE, (place: string, name: string | undefined) => {
    if (name === undefined) return place;
    const value = named === null ? values[next++] : named[name];
    if (value instanceof Tensor || value instanceof Variable || ArrayBuffer.isView(value)) return `{${operands.push(value) - 1}}`;
    return doubled(staticText(value));
  });
  return { format: text, operands };
}

function checkPlaces(format: string, values: readonly unknown[], named: Readonly<Record<string, unknown>> | null): void {
  const found = [...format.matchAll(PLACE)];
  const single = found.find(([place]) => place.length === 1);
  if (single !== undefined) throw unfit(format, `has a single ${single[0]}, which stands for itself when it is doubled`);
  const names = found.flatMap(([, name]) => (name === undefined ? [] : [name]));
  if (named === null) {
    const other = names.find((name) => name !== '');
    if (other !== undefined) throw unfit(format, `names ${other}, and the values are not in an object`);
    const [places, given] = [counted(names.length, 'place'), counted(values.length, 'value')];
    if (names.length !== values.length) throw unfit(format, `has ${places} for ${given}`);
    return;
  }
  if (names.includes('')) throw unfit(format, 'has a place without a name, and the values are in an object');
  const missing = names.find((name) => !Object.hasOwn(named, name));
  const known = Object.keys(named).join(', ') || 'none';
  if (missing !== undefined) throw unfit(format, `names ${missing}, and the values are ${known}`);
}

/** The format with texts in its places. */
export function fillFormat(format: string, texts: readonly string[]): string {
  return format.replaceAll(PLACE, (place: string, number: string | undefined) => {
    return number === undefined ? place[0]! : (texts[Number(number)] ?? place);
  });
}

/** The one plain object whose keys are the names in the format. */
function namedValues(values: readonly unknown[]): Readonly<Record<string, unknown>> | null {
  const [only] = values;
  const isPlain = values.length === 1 && Object.prototype.toString.call(only) === '[object Object]';
  return isPlain && Object.getPrototypeOf(only) === Object.prototype ? (only as Readonly<Record<string, unknown>>) : null;
}

function staticText(value: unknown): string {
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
    throw userError('PYTREE', `debug.print: ${describeValue(value)} is not a tensor`, { fix: "debug.print('{}', x)" });
  }
  return String(value);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function doubled(text: string): string {
  return text.replaceAll(/[{}]/g, '$&$&');
}

function unfit(format: string, problem: string): HeddleError {
  return userError('VALUE', `debug.print: the format ${JSON.stringify(format)} ${problem}`, {
    fix: "debug.print('x = {}, y = {}', x, y), or debug.print('x = {x}', { x })",
  });
}
