/**
 * The scan of an associative combination (Blelloch, 1990): neighbours are combined in pairs, the half as long sequence of
 * these is scanned, and what stands between its elements is combined with them. The pairs are those of
 * jax.lax.associative_scan.
 */
import type { Aval } from '../../ir/jaxpr.ts';
import type { Shape } from '../../shape.ts';

/** The movements that it takes: of atoms in rules, of tensors in traced programs. */
export interface Moves<T> {
  slice(x: T, startIndices: readonly number[], limitIndices: readonly number[], strides: readonly number[]): T;
  concatenate(operands: readonly T[], dimension: number): T;
  reshape(x: T, newSizes: Shape): T;
}

/** Combines what came before with what comes after: as many tensors of the same shapes as there are elements. */
export type Combine<T> = (before: readonly T[], after: readonly T[]) => readonly T[];

/** The combination of all elements up to each position of `axis`; `elements` have one extent there. */
export function associativeScan<T extends { readonly aval: Aval }>(
  moves: Moves<T>,
  combine: Combine<T>,
  elements: readonly T[],
  axis: number,
): readonly T[] {
  const extent = elements[0]?.aval.shape[axis] ?? 0;
  if (extent < 2) return elements;
  const half = Math.floor(extent / 2);
  const part = (parts: readonly T[], start: number, limit: number, stride = 1): T[] =>
    parts.map((x) => sliceAlong(moves, x, axis, start, limit, stride));
  const odd = associativeScan(moves, combine, combine(part(elements, 0, extent - 1, 2), part(elements, 1, extent, 2)), axis);
  const first = part(elements, 0, 1);
  if (extent === 2) return joined(moves, first, odd, axis);
  const later = combine(part(odd, 0, Math.ceil(extent / 2) - 1), part(elements, 2, extent, 2));
  const even = joined(moves, first, later, axis);
  const pairs = part(even, 0, half).map((x, i) => interleave(moves, x, odd[i]!, axis));
  return extent % 2 === 0 ? pairs : joined(moves, pairs, part(even, half, half + 1), axis);
}

function sliceAlong<T extends { readonly aval: Aval }>(
  moves: Moves<T>,
  x: T,
  axis: number,
  start: number,
  limit: number,
  stride: number,
): T {
  const { shape } = x.aval;
  const along = (value: number, others: (extent: number) => number): number[] =>
    shape.map((extent, i) => (i === axis ? value : others(extent)));
  return moves.slice(x, along(start, () => 0), along(limit, (extent) => extent), along(stride, () => 1));
}

function joined<T>(moves: Moves<T>, before: readonly T[], after: readonly T[], axis: number): T[] {
  return before.map((x, i) => moves.concatenate([x, after[i]!], axis));
}

/** Elements of the two in turn. */
function interleave<T extends { readonly aval: Aval }>(moves: Moves<T>, even: T, odd: T, axis: number): T {
  const { shape } = even.aval;
  const [before, extent, after] = [shape.slice(0, axis), shape[axis]!, shape.slice(axis + 1)];
  const columns = [even, odd].map((x) => moves.reshape(x, [...before, extent, 1, ...after]));
  return moves.reshape(moves.concatenate(columns, axis + 1), [...before, 2 * extent, ...after]);
}
