/** Lifetimes of temporaries, and the slots they share. */
import type { BufferRef, Step } from '../program.ts';

export interface Range {
  readonly first: number;
  readonly last: number;
}

/** One use of a buffer, with the loops around it from the outermost inwards. */
interface Use {
  readonly position: number;
  readonly loops: readonly number[];
  /** The loop in which the buffer carries a value from step to step. */
  readonly carriedBy: number | undefined;
}

/**
 * From its first to its last use in the order of dispatches. What is used within a loop and outside of it, or carried by
 * it, is alive during the whole loop.
 */
export function lifetimesOf(steps: readonly Step[]): Map<number, Range> {
  const uses = new Map<number, Use[]>();
  const loopRanges = new Map<number, Range>();
  let position = 0;
  const visitRef = (ref: BufferRef, loops: readonly number[], carriedBy?: number): void => {
    if (typeof ref === 'number') {
      uses.set(ref, [...(uses.get(ref) ?? []), { position, loops, carriedBy }]);
      return;
    }
    visitRef(ref.even, loops, ref.loop);
    visitRef(ref.odd, loops, ref.loop);
    visitRef(ref.initial, loops, ref.loop);
  };
  const visit = (inner: readonly Step[], loops: readonly number[]): void => {
    for (const step of inner) {
      if (step.kind !== 'dispatch') {
        const first = position;
        visit(step.steps, [...loops, step.loop]);
        loopRanges.set(step.loop, { first, last: Math.max(first, position - 1) });
      } else {
        step.buffers.forEach((ref) => visitRef(ref, loops));
        position++;
      }
    }
  };
  visit(steps, []);
  return new Map([...uses].map(([buffer, all]) => [buffer, lifetime(all, loopRanges)]));
}

function lifetime(uses: readonly Use[], loopRanges: ReadonlyMap<number, Range>): Range {
  const ranges = uses.map(({ position, loops }): Range => {
    const outlived = loops.find((loop) => uses.some((use) => use.carriedBy === loop || !use.loops.includes(loop)));
    return outlived === undefined ? { first: position, last: position } : loopRanges.get(outlived)!;
  });
  return { first: Math.min(...ranges.map(({ first }) => first)), last: Math.max(...ranges.map(({ last }) => last)) };
}

interface Slot {
  bytes: number;
  /** The last position at which it is in use. */
  until: number;
}

interface Temporary {
  readonly buffer: number;
  readonly bytes: number;
  readonly range: Range;
}

/** A slot for each of the buffers: the free slot that fits best, else the largest free one, which grows, else a new one. */
export function assignSlots(buffers: readonly Temporary[]): Map<number, number> {
  const slots: Slot[] = [];
  const assigned = new Map<number, number>();
  const inOrder = [...buffers].sort((a, b) => a.range.first - b.range.first);
  for (const { buffer, bytes, range } of inOrder) {
    const free = slots.filter(({ until }) => until < range.first);
    const fitting = free.filter((slot) => slot.bytes >= bytes);
    let slot = fitting.length > 0 ? smallest(fitting) : largest(free);
    if (slot === undefined) {
      slot = { bytes: 0, until: 0 };
      slots.push(slot);
    }
    slot.bytes = Math.max(slot.bytes, bytes);
    slot.until = range.last;
    assigned.set(buffer, slots.indexOf(slot));
  }
  return assigned;
}

function smallest(slots: readonly Slot[]): Slot | undefined {
  return slots.reduce<Slot | undefined>((best, slot) => (best === undefined || slot.bytes < best.bytes ? slot : best), undefined);
}

function largest(slots: readonly Slot[]): Slot | undefined {
  return slots.reduce<Slot | undefined>((best, slot) => (best === undefined || slot.bytes > best.bytes ? slot : best), undefined);
}
