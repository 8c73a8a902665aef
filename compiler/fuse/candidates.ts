/** The kernels of a block by what makes them candidates for a merge: tensors that they read, or the size of small maps. */
import { sizeOf } from '../shape.ts';
import { SMALL_MAP_ELEMENTS } from './costs.ts';
import { isKernel } from './units.ts';
import type { KernelUnit, Unit } from './units.ts';

export class Candidates {
  readonly #readers = new Map<number, Set<KernelUnit>>();
  readonly #smallMaps = new Map<number, Set<KernelUnit>>();

  add(unit: Unit): void {
    if (isKernel(unit)) this.#groupsOf(unit).forEach((group) => group.add(unit));
  }

  delete(unit: Unit): void {
    if (isKernel(unit)) this.#groupsOf(unit).forEach((group) => group.delete(unit));
  }

  /** The kernels without contractions that read something that the unit reads. */
  sharing({ reads }: KernelUnit): KernelUnit[] {
    return [...new Set([...reads].flatMap((buffer) => [...groupOf(this.#readers, buffer)]))];
  }

  /** The small maps of its size, if it is one. */
  alike(unit: KernelUnit): KernelUnit[] {
    return isSmallMap(unit) ? [...groupOf(this.#smallMaps, pointsOf(unit))] : [];
  }

  #groupsOf(unit: KernelUnit): Set<KernelUnit>[] {
    const groups = isContraction(unit) ? [] : [...unit.reads].map((buffer) => groupOf(this.#readers, buffer));
    return isSmallMap(unit) ? [...groups, groupOf(this.#smallMaps, pointsOf(unit))] : groups;
  }
}

export function isContraction({ content }: KernelUnit): boolean {
  return content.some(({ frame }) => frame.kind === 'contract');
}

function isSmallMap({ content }: KernelUnit): boolean {
  return content.every(({ frame, atom }) => frame.kind === 'map' && sizeOf(atom.aval.shape) <= SMALL_MAP_ELEMENTS);
}

/** How many points a map has. */
function pointsOf({ content }: KernelUnit): number {
  return sizeOf(content[0]!.atom.aval.shape);
}

function groupOf(groups: Map<number, Set<KernelUnit>>, key: number): Set<KernelUnit> {
  let group = groups.get(key);
  if (group === undefined) groups.set(key, (group = new Set()));
  return group;
}
