/**
 * Kernels of a sort. First the order of every line is found: where among all elements each sorted element comes from. Then every
 * operand is read in this order. A line of n elements takes n² comparisons in two kernels while these are few, else n log² n in
 * log² n / 2 dispatches of one kernel. Equal keys keep their order.
 */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { sizeOf } from '../../shape.ts';
import { moveAxis } from '../batching.ts';
import { countedOrder } from './counted.ts';
import { orderedBits, readAt } from './keys.ts';
import { networkOrder } from './network.ts';
import type { SortParams } from './reference.ts';

/** Counting takes so many comparisons at most: about as long, on a software adapter, as the many dispatches of a network. */
const MOST_COMPARISONS = 1 << 20;

export function sortedLines(o: Builder, operands: readonly Atom[], { dimension, numKeys }: SortParams): readonly Atom[] {
  const { shape } = operands[0]!.aval;
  const extent = shape[dimension]!;
  if (extent < 2) return operands;
  const turned = operands.map((operand) => moveAxis(o, operand, dimension, shape.length - 1));
  const lines = turned.map((operand) => o.reshape(operand, { newSizes: [sizeOf(shape) / extent, extent] }));
  const keys = lines.slice(0, numKeys).map((line) => orderedBits(o, line));
  const order = sizeOf(shape) * extent <= MOST_COMPARISONS ? countedOrder(o, keys) : networkOrder(o, keys);
  return lines.map((line, i) => {
    const sorted = o.reshape(readAt(o, line, order), { newSizes: turned[i]!.aval.shape });
    return moveAxis(o, sorted, shape.length - 1, dimension);
  });
}
