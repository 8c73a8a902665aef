/** Which element of each root of a group a kernel computes at a point of its iteration space. */
import type { Atom } from '../ir/jaxpr.ts';
import { constant, flatten, scale, sum, unflatten } from '../scalar/indices.ts';
import type { Index } from '../scalar/indices.ts';
import { sizeOf } from '../shape.ts';
import type { Shape } from '../shape.ts';
import type { Root } from './plan.ts';
import { pointOf, sameRows, sizesOf } from './space.ts';
import type { Frame, Space } from './space.ts';

/** Whether a root has one element per row of the frame or one per element; undefined where it does not fit the frame. */
export function levelOf({ frame, atom }: Root, lead: Frame): 'row' | 'element' | undefined {
  if (frame.kind === 'row') return sameRows(frame, lead) ? 'row' : undefined;
  if (frame.kind === 'contract') return frame === lead ? 'element' : undefined;
  const { elements, rows } = sizesOf(lead);
  const size = sizeOf(atom.aval.shape);
  return lead.kind === 'row' && size === rows ? 'row' : size === elements ? 'element' : undefined;
}

/** Flat positions of the roots' elements, given in the order of the program; undefined where a root does not fit. */
export function positionsOf(roots: readonly Root[], space: Space): ReadonlyMap<Root, Index> | undefined {
  const positions = new Map<Root, Index>();
  const own = new Map<Atom, Root>();
  for (const root of roots) {
    const level = levelOf(root, space.frame);
    if (level === undefined) return undefined;
    positions.set(root, followed(root, own, positions) ?? (level === 'row' ? space.rows : space.elements));
    if (root.own) own.set(root.atom, root);
  }
  return positions;
}

/** A map that reads another root of the group at a permutation of its own indices, or of their digits, is computed there. */
function followed(root: Root, own: ReadonlyMap<Atom, Root>, positions: ReadonlyMap<Root, Index>): Index | undefined {
  if (root.frame.kind !== 'map') return undefined;
  const { shape } = root.atom.aval;
  for (const [variable, requests] of root.reads) {
    const source = own.get(variable);
    if (source === undefined) continue;
    const target = unflatten(positions.get(source)!, variable.aval.shape);
    for (const indices of requests) {
      const point = inverted(indices, target, shape);
      if (point !== undefined) return flatten(point, shape);
    }
  }
  return undefined;
}

/** The point of a tensor of `shape` where `indices` are `target`, if each of them is an index of the point or a digit of one. */
function inverted(indices: readonly Index[], target: readonly Index[], shape: Shape): Index[] | undefined {
  const digits = new Map<string, Digit[]>();
  for (const [axis, index] of indices.entries()) {
    const digit = digitOf(index, target[axis]!);
    const known = digits.get(digit?.of ?? '') ?? [];
    if (digit !== undefined && known.every(({ by }) => by !== digit.by)) digits.set(digit.of, [...known, digit]);
    else if (index.key !== target[axis]!.key) return undefined;
  }
  const point = pointOf(shape).map((index) => {
    return index.kind === 'constant' ? constant(0) : composed(digits.get(index.key) ?? [], index);
  });
  return point.every((index) => index !== undefined) ? point : undefined;
}

/** `index / by % size` of the index with the key `of`, which is to be `value`. */
interface Digit {
  readonly of: string;
  readonly by: number;
  readonly size: number;
  readonly value: Index;
}

function digitOf(index: Index, value: Index): Digit | undefined {
  const [inner, size] = index.kind === 'modulo' ? [index.a, index.by] : [index, Infinity];
  const [whole, by] = inner.kind === 'divide' ? [inner.a, inner.by] : [inner, 1];
  if (whole.kind !== 'variable') return undefined;
  return { of: whole.key, by, size: Math.min(size, Math.ceil(whole.size / by)), value };
}

/** The index that has these digits, if they are all that it has. */
function composed(digits: readonly Digit[], index: Index): Index | undefined {
  const ascending = digits.toSorted((a, b) => a.by - b.by);
  const complete = ascending.every(({ by }, i) => by === (i === 0 ? 1 : ascending[i - 1]!.by * ascending[i - 1]!.size));
  const last = ascending.at(-1);
  if (last === undefined || !complete || last.by * last.size <= index.high) return undefined;
  return sum(ascending.map(({ value, by }) => scale(value, by)));
}
