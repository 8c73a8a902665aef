/**
 * Structural equality: two jaxprs are equal if they differ only in the names of variables, the user's lines and the module paths.
 * Consts count by their types. Equality, the hash and the key of caches all come from one canonical text.
 */
import { Jaxpr, Literal, showAval } from './jaxpr.ts';
import type { Atom, Param, Params, Var } from './jaxpr.ts';

/** Jaxprs do not change, so their texts are kept. */
const TEXTS = new WeakMap<Jaxpr, string>();

/** A text that two jaxprs share exactly when they are equal; compact, for machines. */
export function canonicalText(jaxpr: Jaxpr): string {
  const known = TEXTS.get(jaxpr);
  if (known !== undefined) return known;
  const numbers = new Map<Var, number>();
  const bind = (variable: Var): string => {
    numbers.set(variable, numbers.size);
    return showAval(variable.aval);
  };
  const read = (atom: Atom): string => (atom instanceof Literal ? literalText(atom) : String(numbers.get(atom)));
  const parts = [jaxpr.consts.map(bind).join(' '), jaxpr.inputs.map(bind).join(' ')];
  for (const { primitive, params, inputs, outputs } of jaxpr.equations) {
    const operands = inputs.map(read).join(' ');
    parts.push(`${primitive.name}${paramsText(params)} ${operands}>${outputs.map(bind).join(' ')}`);
  }
  parts.push(jaxpr.outputs.map(read).join(' '));
  const text = `{${parts.join(';')}}`;
  TEXTS.set(jaxpr, text);
  return text;
}

/** 16 hexadecimal digits; equal jaxprs have equal hashes, in every process and on every machine. */
export function hashJaxpr(jaxpr: Jaxpr): string {
  const text = canonicalText(jaxpr);
  return [0x811c9dc5, 0x1b873593].map((seed) => hash32(text, seed).toString(16).padStart(8, '0')).join('');
}

export function equalJaxprs(a: Jaxpr, b: Jaxpr): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** The parameters as a text, whatever the order of their keys. */
export function paramsText(params: Params): string {
  const names = Object.keys(params);
  if (names.length === 0) return '';
  return `[${names.sort().map((name) => `${name}=${paramText(params[name]!)}`).join(' ')}]`;
}

export function literalText({ value, aval }: Literal): string {
  return `${Object.is(value, -0) ? '-0' : value}:${showAval(aval)}`;
}

function paramText(param: Param): string {
  if (param instanceof Jaxpr) return canonicalText(param);
  if (Array.isArray(param)) return `(${(param as readonly Param[]).map(paramText).join(' ')})`;
  if (typeof param === 'string') return JSON.stringify(param);
  return Object.is(param, -0) ? '-0' : String(param);
}

/** FNV-1a over UTF-16 units, its bits mixed at the end as in MurmurHash3. */
function hash32(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
