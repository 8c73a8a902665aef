/** Lists of flags, by which the rules of control flow keep account of tangents, cotangents and unknown values. */
import type { Tangent } from '../primitive.ts';
import type { Atom } from '../../ir/jaxpr.ts';

export type Flags = readonly boolean[];

export function picked<T>(items: readonly T[], flags: Flags): T[] {
  return items.filter((_, i) => flags[i]);
}

export function unpicked<T>(items: readonly T[], flags: Flags): T[] {
  return items.filter((_, i) => !flags[i]);
}

/** True where any of the lists is. */
export function anyOf(lists: readonly Flags[]): boolean[] {
  return (lists[0] ?? []).map((_, i) => lists.some((flags) => flags[i]));
}

/** Which tangents or cotangents there are. */
export function given(tangents: readonly Tangent[]): boolean[] {
  return tangents.map((tangent) => tangent !== null);
}

/** The tangents that there are. */
export function nonzero(tangents: readonly Tangent[]): Atom[] {
  return tangents.filter((tangent) => tangent !== null);
}

/** The atoms put where the flags are set, as far as they go, and zeros elsewhere. */
export function spread(atoms: readonly Tangent[], flags: Flags): Tangent[] {
  let next = 0;
  return flags.map((flag) => (flag ? (atoms[next++] ?? null) : null));
}
