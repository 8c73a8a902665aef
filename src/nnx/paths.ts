/** Paths into a module graph: parts sort per level, numbers numerically and before strings, strings by code point. */
import { HeddleError } from '../../compiler/errors.ts';
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
  throw new HeddleError('STATE_PATH', `${owner} has a field named '${part}': '/' separates the parts of a path`, {
    fix: `this.${part.replaceAll('/', '_')} = ...`,
  });
}
