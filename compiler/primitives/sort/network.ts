/**
 * The order of long lines, by Batcher's bitonic sorter (1968) in the form in which every comparison puts the earlier element
 * at the lower place: runs of 2, 4, 8 ... elements are merged, each merge beginning with comparisons of mirrored places. So
 * places beyond the end of a line, which would hold elements after all others, need not exist.
 */
import { Builder } from '../../ir/builder.ts';
import { aval } from '../../ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../ir/jaxpr.ts';
import { range } from '../batching.ts';
import { comesBefore, readAt } from './keys.ts';

/** Of keys of shape [lines, extent] the flat positions of the elements in order, of the same shape. */
export function networkOrder(o: Builder, keys: readonly Atom[]): Atom {
  const [lines, extent] = keys[0]!.aval.shape as readonly [number, number];
  const shape = [lines, extent];
  const row = o.mul(o.iota({ dtype: 'uint32', shape, dimension: 0 }), extent);
  const unsorted = [...keys, o.add(row, o.iota({ dtype: 'uint32', shape, dimension: 1 }))];
  const masks = masksOf(o, Math.ceil(Math.log2(extent)));
  const params = { length: masks.aval.shape[0]!, reverse: false, numConsts: 0, numCarry: unsorted.length };
  // Keys move with their positions: both are read where they lie side by side.
  const sorted = o.scan(...unsorted, masks, { jaxpr: stepOf(unsorted.length, [lines, extent]), ...params }) as readonly Atom[];
  return sorted.at(-1)!;
}

/** What a place is to be xored with for the place that it is compared with, step by step: merge m has steps 0 to m. */
function masksOf(o: Builder, merges: number): Atom {
  const steps = (merges * (merges + 1)) / 2;
  const triangular = (m: Atom): Atom => o.shiftRightLogical(o.mul(m, o.add(m, 1)), 1);
  const table = { dtype: 'uint32', shape: [steps, merges] } as const;
  const begun = o.ge(o.iota({ ...table, dimension: 0 }), triangular(o.add(o.iota({ ...table, dimension: 1 }), 1)));
  const merge = o.reduceSum(o.convertElementType(begun, { newDtype: 'uint32', weakType: false }), { axes: [1] });
  const step = o.sub(o.iota({ dtype: 'uint32', shape: [steps], dimension: 0 }), triangular(merge));
  const one = o.full(1, merge.aval);
  const distance = o.shiftLeft(one, o.sub(merge, step));
  const mirror = o.sub(o.shiftLeft(o.add(one, one), merge), 1);
  return o.selectN(o.eq(step, 0), distance, mirror);
}

/** Keys, positions and a mask to the keys and positions after one comparison of every place. */
function stepOf(count: number, shape: readonly [lines: number, extent: number]): Jaxpr {
  const [, extent] = shape;
  const o = new Builder();
  const own = range(count).map(() => o.newVar(aval('uint32', shape)));
  const mask = o.newVar(aval('uint32', []));
  const place = o.iota({ dtype: 'uint32', shape, dimension: 1 });
  const partner = o.xor(place, mask);
  const row = o.mul(o.iota({ dtype: 'uint32', shape, dimension: 0 }), extent);
  const there = o.add(row, o.min(partner, extent - 1));
  const other = own.map((x) => readAt(o, x, there));
  // No two positions are equal, so that one of two places always comes before the other.
  const isBefore = comesBefore(o, own, other, o.full(0, { dtype: 'bool', shape }));
  const isMisplaced = o.and(o.ne(isBefore, o.lt(place, partner)), o.lt(partner, extent));
  return o.build([], [...own, mask], own.map((x, i) => o.selectN(isMisplaced, x, other[i]!)));
}
