/** Puts the units of a block in an order that respects their dependences and keeps few bytes alive. */
import { deviceBytes } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { sizeOf } from '../shape.ts';
import type { GraphBuffer } from './graph.ts';
import { predecessors, successors } from './units.ts';
import type { Unit } from './units.ts';

export function inOrder(units: readonly Unit[], buffers: readonly GraphBuffer[]): Unit[] {
  const before = predecessors(units);
  const readers = new Map<number, number>();
  for (const { reads } of units) for (const buffer of reads) readers.set(buffer, (readers.get(buffer) ?? 0) + 1);
  const bytesOf = (buffer: number): number => {
    const { role, dtype, shape } = buffers[buffer]!;
    return role === 'temporary' ? sizeOf(shape) * deviceBytes(dtype) : 0;
  };
  /** By how much more memory is alive once the unit has run. */
  const growth = ({ reads, writes }: Unit): number => {
    const total = (some: Iterable<number>): number => [...some].reduce((sum, buffer) => sum + bytesOf(buffer), 0);
    return total(writes) - total([...reads].filter((buffer) => readers.get(buffer) === 1));
  };

  const ordered: Unit[] = [];
  const after = successors(before);
  const missing = new Map(units.map((unit) => [unit, before.get(unit)!.size]));
  const ready = new Set(units.filter((unit) => missing.get(unit) === 0));
  while (ready.size > 0) {
    const next = [...ready].reduce((best, unit) => {
      const difference = growth(unit) - growth(best) || unit.position - best.position;
      return difference < 0 ? unit : best;
    });
    next.reads.forEach((buffer) => readers.set(buffer, readers.get(buffer)! - 1));
    ready.delete(next);
    ordered.push(next);
    for (const later of after.get(next)!) {
      missing.set(later, missing.get(later)! - 1);
      if (missing.get(later) === 0) ready.add(later);
    }
  }
  if (ordered.length < units.length) throw new HeddleError('INTERNAL', 'kernels wait for each other');
  return ordered;
}
