/** The order of short lines: the rank of an element is how many come before it. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { comesBefore } from './keys.ts';

/** Of keys of shape [lines, extent] the flat positions of the elements in order, of the same shape. */
export function countedOrder(o: Builder, keys: readonly Atom[]): Atom {
  const [lines, extent] = keys[0]!.aval.shape as readonly [number, number];
  const shape = [lines, extent, extent];
  const along = (dimension: number): Atom => o.iota({ dtype: 'uint32', shape, dimension });
  const spread = (x: Atom, axis: number): Atom => o.broadcastInDim(x, { shape, broadcastDimensions: [0, axis] });
  const own = keys.map((key) => spread(key, 1));
  const other = keys.map((key) => spread(key, 2));
  const earlier = comesBefore(o, other, own, o.lt(along(2), along(1)));
  const ranks = o.reduceSum(o.convertElementType(earlier, { newDtype: 'uint32', weakType: false }), { axes: [2] });
  // In row r of a line's square the one hit is in the column of the element with rank r.
  const hits = o.eq(spread(ranks, 2), along(1));
  const positions = o.add(o.mul(along(0), extent), along(2));
  return o.reduceSum(o.selectN(hits, o.literal(0, 'uint32'), positions), { axes: [2] });
}
