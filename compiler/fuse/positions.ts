/** Which element of each root of a group a kernel computes at a point of its iteration space. */
import type { Atom } from '../ir/jaxpr.ts';
import { constant, flatten, unflatten } from '../scalar/indices.ts';
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

/** A map that reads another root of the group at a permutation of its own indices is computed where that root is. */
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

/** The point of a tensor of `shape` where `indices`, functions of the point, are `target`, if they are a permutation of it. */
function inverted(indices: readonly Index[], target: readonly Index[], shape: Shape): Index[] | undefined {
  const known = new Map<string, Index>();
  for (const [axis, index] of indices.entries()) {
    if (index.kind === 'variable' && !known.has(index.key)) known.set(index.key, target[axis]!);
    else if (index.key !== target[axis]!.key) return undefined;
  }
  const point = pointOf(shape).map((index) => (index.kind === 'constant' ? constant(0) : known.get(index.key)));
  return point.every((index) => index !== undefined) ? point : undefined;
}
