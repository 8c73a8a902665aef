/** JSON as files must have it: an object, each key once. JSON.parse takes the last of two equal keys in silence. */
import type { HeddleError } from '../../compiler/errors.ts';
import { describeValue } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';
import { isPlainObject } from '../tree.ts';

/**
 * The plain data that JSON has for a value, with `toJSON()` of objects that have it. `path` is the value in messages.
 *
 * @throws VALUE for what JSON.stringify would leave out or replace: undefined, NaN, infinities, functions, instances; and for cycles.
 */
export function plainData(value: unknown, path: string, around: readonly object[] = []): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (typeof value !== 'object') throw notJson(path, describeValue(value), 'null, or a text');
  if (around.includes(value)) throw notJson(path, 'an object that contains itself', 'its parts');
  const inside = [...around, value];
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return plainData(Reflect.apply(toJSON, value, []), path, inside);
  if (Array.isArray(value)) return Array.from(value, (item, i) => plainData(item, `${path}[${i}]`, inside));
  if (!isPlainObject(value)) throw notJson(path, describeValue(value), 'a plain object');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainData(item, `${path}.${key}`, inside)]));
}

function notJson(path: string, what: string, instead: string): HeddleError {
  return userError('VALUE', `${path} is ${what}, which JSON does not have`, { fix: `${path} = ...; // ${instead}` });
}

/** @throws SyntaxError for what is no JSON, no object, or has a key twice. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new SyntaxError('it is no object');
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new SyntaxError(`the key ${twice} is there twice`);
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key that an object of the valid JSON text has twice. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const key = JSON.parse(string) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return string;
      keys.add(key);
    }
  }
  return undefined;
}
