/** Static fields of modules: plain arrays and objects are data, and count by deep value; everything else is itself. */
import { typeName } from '../trace/printing.ts';

type PlainData = unknown[] | Record<string, unknown>;

/** A copy of plain data, which nobody else can change; what contains itself does so in the copy too. */
export function copyStatic(value: unknown, copies: Map<object, object> = new Map()): unknown {
  if (!isPlain(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copy: object = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  return Object.assign(copy, mapFields(value, (child) => copyStatic(child, copies)));
}

export function copyStatics(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return mapFields(fields, (value) => copyStatic(value));
}

/** A static value for readers; what is met again inside itself is cut. */
export function showStatic(value: unknown, ancestors: readonly unknown[] = []): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return value.name || 'function';
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (!isPlain(value)) return typeName(value.constructor);
  if (ancestors.includes(value)) return '...';
  const show = (child: unknown): string => showStatic(child, [...ancestors, value]);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  const entries = Object.entries(value).map(([name, child]) => `${name}: ${show(child)}`);
  return `{${entries.join(', ')}}`;
}

function mapFields(fields: object, f: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, f(value)]));
}

function isPlain(value: unknown): value is PlainData {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
