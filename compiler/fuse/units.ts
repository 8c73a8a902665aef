/** The units of a block that are put in order: roots that become one kernel, loops and branches; and how they depend. */
import type { Var } from '../ir/jaxpr.ts';
import { sizeOf } from '../shape.ts';
import type { Block, Branches, Loop } from './block.ts';
import { isRoot, targetsOf } from './plan.ts';
import type { Plan, Root } from './plan.ts';

export interface Unit {
  /** One kernel's roots, in the order of the program, or a loop, or branches. */
  readonly content: readonly Root[] | Loop | Branches;
  /** Its place in the program: that of its last item. */
  readonly position: number;
  /** The buffers read and written. */
  readonly reads: ReadonlySet<number>;
  readonly writes: ReadonlySet<number>;
}

export type KernelUnit = Unit & { readonly content: readonly Root[] };

export function isKernel(unit: Unit): unit is KernelUnit {
  return Array.isArray(unit.content);
}

/** One unit for every item of the block. Tensors without elements need no kernel. */
export function unitsOf(block: Block, plan: Plan): Unit[] {
  const items = plan.items.get(block) ?? [];
  return items.flatMap((item, position) => {
    if (!isRoot(item)) return controlUnit(item, position, plan);
    return sizeOf(item.atom.aval.shape) === 0 ? [] : kernelUnit([item], position, plan);
  });
}

function kernelUnit(roots: readonly Root[], position: number, plan: Plan): KernelUnit {
  const reads = new Set<number>();
  const writes = new Set<number>();
  for (const root of roots) {
    for (const variable of root.reads.keys()) reads.add(bufferOf(variable, plan));
    for (const { buffer } of targetsOf(root)) writes.add(buffer);
  }
  for (const buffer of writes) reads.delete(buffer);
  return { content: roots, position, reads, writes };
}

/** One kernel for the roots of two units, given in order. */
export function mergedUnit(a: KernelUnit, b: KernelUnit, content: readonly Root[]): KernelUnit {
  const writes = new Set([...a.writes, ...b.writes]);
  const reads = new Set([...a.reads, ...b.reads].filter((buffer) => !writes.has(buffer)));
  return { content, position: Math.max(a.position, b.position), reads, writes };
}

export function inProgramOrder(roots: readonly Root[]): Root[] {
  return roots.toSorted((a, b) => b.order - a.order);
}

function controlUnit(item: Loop | Branches, position: number, plan: Plan): Unit {
  const reads = new Set<number>();
  const writes = new Set<number>();
  const blocks = item.kind === 'loop' ? [item.body] : item.cases.map(({ block }) => block);
  for (const unit of blocks.flatMap((block) => unitsOf(block, plan))) {
    unit.reads.forEach((buffer) => reads.add(buffer));
    unit.writes.forEach((buffer) => writes.add(buffer));
  }
  if (item.kind === 'branches') reads.add(plan.wholes.get(item.index)!);
  else {
    for (const { initial, result, other } of item.carries) {
      reads.add(plan.wholes.get(initial)!);
      writes.add(bufferOf(result, plan));
      if (other !== undefined) writes.add(bufferOf(other, plan));
    }
  }
  for (const buffer of writes) reads.delete(buffer);
  return { content: item, position, reads, writes };
}

function bufferOf(variable: Var, plan: Plan): number {
  return plan.homes.get(variable)!.buffer;
}

/** Which units must come before a unit: those that write what it reads. */
export function predecessors(units: readonly Unit[]): Map<Unit, Set<Unit>> {
  const writers = new Map<number, Unit[]>();
  for (const unit of units) for (const buffer of unit.writes) writers.set(buffer, [...(writers.get(buffer) ?? []), unit]);
  return new Map(units.map((unit) => [unit, new Set([...unit.reads].flatMap((buffer) => writers.get(buffer) ?? []))]));
}

/** Which units come after a unit, of those that must come before. */
export function successors(before: ReadonlyMap<Unit, ReadonlySet<Unit>>): Map<Unit, Set<Unit>> {
  const after = new Map<Unit, Set<Unit>>([...before.keys()].map((unit) => [unit, new Set()]));
  for (const [unit, earlier] of before) for (const other of earlier) after.get(other)!.add(unit);
  return after;
}
