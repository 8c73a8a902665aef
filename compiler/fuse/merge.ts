/**
 * Merges kernels: first epilogues into contractions, then along every edge (softmax becomes one kernel over rows, because each of
 * its steps has the same rows), then kernels that read the same tensors, then small maps of one size. Whether one kernel can
 * compute two is decided by building it: a value may be handed on within a kernel only at the point where it was computed.
 */
import type { Block } from './block.ts';
import { kernelOf, leadFrame } from './build.ts';
import type { BuildContext } from './build.ts';
import { Candidates, isContraction } from './candidates.ts';
import { Dependences } from './dependences.ts';
import { levelOf } from './positions.ts';
import { Room } from './room.ts';
import { inProgramOrder, isKernel, mergedUnit, unitsOf } from './units.ts';
import type { KernelUnit, Unit } from './units.ts';

export function mergeBlock(block: Block, context: BuildContext): Unit[] {
  const merger = new Merger(unitsOf(block, context.plan), context);
  const { candidates } = merger;
  merger.exhaust((unit) => (isContraction(unit) ? merger.successors(unit) : []));
  merger.exhaust((unit) => merger.successors(unit));
  merger.exhaust((unit) => (isContraction(unit) ? [] : candidates.sharing(unit)));
  merger.exhaust((unit) => candidates.alike(unit));
  return merger.units();
}

class Merger {
  readonly candidates: Candidates = new Candidates();
  readonly #units: Set<Unit>;
  readonly #context: BuildContext;
  readonly #room: Room;
  readonly #dependences: Dependences;
  readonly #refused = new WeakMap<Unit, WeakSet<Unit>>();

  constructor(units: readonly Unit[], context: BuildContext) {
    this.#units = new Set(units);
    this.#context = context;
    this.#room = new Room(context);
    this.#dependences = new Dependences(units);
    units.forEach((unit) => this.candidates.add(unit));
  }

  units(): Unit[] {
    return [...this.#units];
  }

  /** The kernels that read what the unit writes. */
  successors(unit: Unit): KernelUnit[] {
    return [...this.#dependences.after(unit)].filter(isKernel);
  }

  /** Merges each kernel with its candidates until none of them can be merged. */
  exhaust(candidates: (unit: KernelUnit) => readonly KernelUnit[]): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (let unit of this.units().filter(isKernel)) {
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
    if (a.content[0]!.guard !== b.content[0]!.guard || !this.#room.suffices(a, b)) return undefined;
    const roots = inProgramOrder([...a.content, ...b.content]);
    const lead = leadFrame(roots);
    if (roots.some((root) => levelOf(root, lead) === undefined)) return undefined;
    if (this.#refused.get(a)?.has(b) || this.#dependences.separate(a, b)) return undefined;
    if (kernelOf(roots, this.#context) === undefined) {
      this.#refuse(a, b);
      this.#refuse(b, a);
      return undefined;
    }
    const merged = mergedUnit(a, b, roots);
    this.#replace(a, b, merged);
    return merged;
  }

  #replace(a: Unit, b: Unit, merged: Unit): void {
    this.#dependences.merge(a, b, merged);
    for (const old of [a, b]) {
      this.#units.delete(old);
      this.candidates.delete(old);
    }
    this.#units.add(merged);
    this.candidates.add(merged);
  }

  #refuse(a: Unit, b: Unit): void {
    const refused = this.#refused.get(a) ?? new WeakSet();
    this.#refused.set(a, refused.add(b));
  }
}
