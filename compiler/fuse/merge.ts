/**
 * Merges kernels: first epilogues into contractions, then along every edge (softmax becomes one kernel over rows, because each of
 * its steps has the same rows), then kernels that read the same tensors, then small maps of one size. Whether one kernel can
 * compute two is decided by building it: a value may be handed on within a kernel only at the point where it was computed.
 */
import { sizeOf } from '../shape.ts';
import type { Block } from './block.ts';
import { buildKernel } from './build.ts';
import type { BuildContext } from './build.ts';
import { SMALL_MAP_ELEMENTS } from './costs.ts';
import { isKernel, kernelUnit, predecessors, unitsOf } from './units.ts';
import type { KernelUnit, Unit } from './units.ts';

export function mergeBlock(block: Block, context: BuildContext): Unit[] {
  const merger = new Merger(unitsOf(block, context.plan), context);
  merger.exhaust((unit) => (isContraction(unit) ? merger.successors(unit) : []));
  merger.exhaust((unit) => merger.successors(unit));
  merger.exhaust((unit) => (isContraction(unit) ? [] : merger.sharing(unit)));
  merger.exhaust((unit) => {
    const isAlike = (other: KernelUnit): boolean => isSmallMap(other) && pointsOf(other) === pointsOf(unit);
    return isSmallMap(unit) ? merger.kernels().filter(isAlike) : [];
  });
  return merger.units();
}

function isContraction({ content }: KernelUnit): boolean {
  return content.some(({ frame }) => frame.kind === 'contract');
}

function isSmallMap({ content }: KernelUnit): boolean {
  return content.every(({ frame, atom }) => frame.kind === 'map' && sizeOf(atom.aval.shape) <= SMALL_MAP_ELEMENTS);
}

/** How many points a map has. */
function pointsOf({ content }: KernelUnit): number {
  return sizeOf(content[0]!.atom.aval.shape);
}

class Merger {
  readonly #units: Set<Unit>;
  readonly #context: BuildContext;
  readonly #refused = new WeakMap<Unit, WeakSet<Unit>>();
  /** The units that must run before a unit, and those that must run after it, without detours. */
  readonly #before: Map<Unit, Set<Unit>>;
  readonly #after: Map<Unit, Set<Unit>>;

  constructor(units: readonly Unit[], context: BuildContext) {
    this.#units = new Set(units);
    this.#context = context;
    this.#before = predecessors(units);
    this.#after = inverse(this.#before);
  }

  units(): Unit[] {
    return [...this.#units];
  }

  kernels(): KernelUnit[] {
    return [...this.#units].filter(isKernel);
  }

  /** The kernels that read what the unit writes. */
  successors(unit: Unit): KernelUnit[] {
    return [...this.#after.get(unit)!].filter(isKernel);
  }

  /** The kernels that read something that the unit reads. */
  sharing(unit: Unit): KernelUnit[] {
    return this.kernels().filter((other) => !isContraction(other) && [...unit.reads].some((buffer) => other.reads.has(buffer)));
  }

  /** Merges each kernel with its candidates until none of them can be merged. */
  exhaust(candidates: (unit: KernelUnit) => readonly KernelUnit[]): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (let unit of this.kernels()) {
        if (!this.#units.has(unit)) continue;
        for (let merged = this.#mergeFirst(unit, candidates(unit)); merged; merged = this.#mergeFirst(unit, candidates(unit))) {
          unit = merged;
          changed = true;
        }
      }
    }
  }

  #mergeFirst(unit: KernelUnit, candidates: readonly KernelUnit[]): KernelUnit | undefined {
    const inOrder = [...candidates].sort((a, b) => a.position - b.position);
    for (const candidate of inOrder) {
      const merged = candidate === unit ? undefined : this.#merge(unit, candidate);
      if (merged !== undefined) return merged;
    }
    return undefined;
  }

  #merge(a: KernelUnit, b: KernelUnit): KernelUnit | undefined {
    if (a.content[0]!.guard !== b.content[0]!.guard) return undefined;
    if (this.#refused.get(a)?.has(b) || this.#leadsAround(a, b) || this.#leadsAround(b, a)) return undefined;
    const merged = kernelUnit([...a.content, ...b.content], Math.max(a.position, b.position), this.#context.plan);
    if (buildKernel(merged.content, this.#context) === undefined) {
      this.#refuse(a, b);
      this.#refuse(b, a);
      return undefined;
    }
    this.#replace(a, b, merged);
    return merged;
  }

  #replace(a: Unit, b: Unit, merged: Unit): void {
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
      this.#units.delete(old);
    }
    this.#units.add(merged);
  }

  #refuse(a: Unit, b: Unit): void {
    const refused = this.#refused.get(a) ?? new WeakSet();
    this.#refused.set(a, refused.add(b));
  }

  /** Whether a third unit must run between the two, so that one kernel of both would wait for itself. */
  #leadsAround(from: Unit, to: Unit): boolean {
    if ([...this.#before.get(to)!].every((unit) => unit === from)) return false;
    const seen = new Set<Unit>([from]);
    const open = [...this.#after.get(from)!].filter((unit) => unit !== to);
    for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
      if (unit === to) return true;
      if (seen.has(unit)) continue;
      seen.add(unit);
      open.push(...this.#after.get(unit)!);
    }
    return false;
  }
}

function inverse(before: ReadonlyMap<Unit, ReadonlySet<Unit>>): Map<Unit, Set<Unit>> {
  const after = new Map<Unit, Set<Unit>>([...before.keys()].map((unit) => [unit, new Set()]));
  for (const [unit, earlier] of before) for (const other of earlier) after.get(other)!.add(unit);
  return after;
}
