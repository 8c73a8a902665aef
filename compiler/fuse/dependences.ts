/** Which units of a block must run before which, while they are merged. */
import { predecessors, successors } from './units.ts';
import type { Unit } from './units.ts';

export class Dependences {
  /** The units that must run before a unit, and those that must run after it, without detours. */
  readonly #before: Map<Unit, Set<Unit>>;
  readonly #after: Map<Unit, Set<Unit>>;
  /** Grows along every dependence, so that no search goes further than to the level of what it looks for. */
  readonly #levels = new Map<Unit, number>();

  constructor(units: readonly Unit[]) {
    this.#before = predecessors(units);
    this.#after = successors(this.#before);
    for (const unit of units) this.#raise(unit, this.#levelAfter(this.#before.get(unit)!));
  }

  /** What must run after the unit, without detours. */
  after(unit: Unit): ReadonlySet<Unit> {
    return this.#after.get(unit)!;
  }

  /** Whether a third unit must run between the two, so that one kernel of both would wait for itself. */
  separate(a: Unit, b: Unit): boolean {
    return this.#leadsAround(a, b) || this.#leadsAround(b, a);
  }

  /** Puts one unit in the place of two. */
  merge(a: Unit, b: Unit, merged: Unit): void {
    for (const [forth, back] of [[this.#before, this.#after], [this.#after, this.#before]] as const) {
      const neighbours = new Set([...forth.get(a)!, ...forth.get(b)!]);
      neighbours.delete(a);
      neighbours.delete(b);
      forth.set(merged, neighbours);
      for (const neighbour of neighbours) back.get(neighbour)!.add(merged);
    }
    for (const old of [a, b]) {
      this.#before.get(old)!.forEach((other) => this.#after.get(other)?.delete(old));
      this.#after.get(old)!.forEach((other) => this.#before.get(other)?.delete(old));
      this.#before.delete(old);
      this.#after.delete(old);
      this.#levels.delete(old);
    }
    this.#raise(merged, this.#levelAfter(this.#before.get(merged)!));
  }

  #levelAfter(units: Iterable<Unit>): number {
    let level = 0;
    for (const unit of units) level = Math.max(level, (this.#levels.get(unit) ?? 0) + 1);
    return level;
  }

  /** Whether a way leads from one to the other over a third. */
  #leadsAround(from: Unit, to: Unit): boolean {
    if ([...this.#before.get(to)!].every((unit) => unit === from)) return false;
    const level = this.#levels.get(to)!;
    const seen = new Set<Unit>([from]);
    const open = [...this.#after.get(from)!].filter((unit) => unit !== to);
    for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
      if (unit === to) return true;
      if (seen.has(unit) || this.#levels.get(unit)! >= level) continue;
      seen.add(unit);
      open.push(...this.#after.get(unit)!);
    }
    return false;
  }

  /** Gives the unit at least this level, and what runs after it higher ones. */
  #raise(unit: Unit, level: number): void {
    const open: [Unit, number][] = [[unit, level]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [raised, least] = next;
      if ((this.#levels.get(raised) ?? -1) >= least) continue;
      this.#levels.set(raised, least);
      for (const later of this.#after.get(raised)!) if (this.#levels.has(later)) open.push([later, least + 1]);
    }
  }
}
