/** Paths into a module graph: parts sort per level, numbers numerically and before strings, strings by code point. */
import { userError } from '../trace/user-error.ts';
import { compareCodePoints } from '../tree.ts';

export type PathPart = string | number;

export function joinPath(path: readonly PathPart[]): string {
  return path.join('/');
}

export function splitPath(path: string): PathPart[] {
  return path.split('/').map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part));
}

export function comparePaths(a: readonly PathPart[], b: readonly PathPart[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = compareParts(a[i]!, b[i]!);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function compareParts(a: PathPart, b: PathPart): number {
  if (typeof a === 'number' || typeof b === 'number') {
    return typeof a === 'number' && typeof b === 'number' ? a - b : typeof a === 'number' ? -1 : 1;
  }
  return compareCodePoints(a, b);
}

/** @throws STATE_PATH for a field name that a path cannot hold. */
export function checkPart(part: string, owner: string): void {
  if (!part.includes('/')) return;
  throw userError('STATE_PATH', `${owner} has a field named '${part}': '/' separates the parts of a path`, {
    fix: `this.${part.replaceAll('/', '_')} = ...`,
  });
}

/** The name that was probably meant; undefined where there are none. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  return [...known].sort((one, other) => editDistance(name, one) - editDistance(name, other))[0];
}

/**
 * Makes `value` what is found under the parts of a path in nested objects; missing ones are made. Fields may have any name, also that of
 * a method.
 */
export function setAt(root: object, parts: readonly PathPart[], value: unknown): void {
  let owner = root as Record<PathPart, unknown>;
  for (const part of parts.slice(0, -1)) {
    if (!Object.hasOwn(owner, part)) owner[part] = {};
    owner = owner[part] as Record<PathPart, unknown>;
  }
  owner[parts.at(-1)!] = value;
}

/** How many letters to insert, delete or replace to make one text of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      row.push(Math.min(previous[j + 1]! + 1, row[j]! + 1, previous[j]! + (b[j] === letter ? 0 : 1)));
    }
    previous = row;
  }
  return previous[b.length]!;
}
