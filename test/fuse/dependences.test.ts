/** What rules out merges before a kernel is built says no more than what it stands for. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { kernelOf } from '../../compiler/fuse/build.ts';
import type { BuildContext } from '../../compiler/fuse/build.ts';
import { Dependences } from '../../compiler/fuse/dependences.ts';
import { flatten } from '../../compiler/fuse/flatten.ts';
import { materialize } from '../../compiler/fuse/materialize.ts';
import { Room } from '../../compiler/fuse/room.ts';
import { inProgramOrder, isKernel, unitsOf } from '../../compiler/fuse/units.ts';
import type { Unit } from '../../compiler/fuse/units.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

interface Drawn {
  /** The units that each reads, of those before it. */
  readonly reads: readonly (readonly number[])[];
  readonly merges: readonly (readonly [number, number])[];
}

const GRAPHS: fc.Arbitrary<Drawn> = fc.record({
  reads: fc.array(fc.array(fc.nat(100), { maxLength: 3 }), { minLength: 2, maxLength: 14 }),
  merges: fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 12 }),
});

function unit(position: number, reads: Iterable<number>, writes: Iterable<number>): Unit {
  return { content: [], position, reads: new Set(reads), writes: new Set(writes) };
}

/** Whether a way of more than one step leads from one unit to the other, by looking at all ways. */
function leadsAround(units: readonly Unit[], from: Unit, to: Unit): boolean {
  const follows = (a: Unit, b: Unit): boolean => [...a.writes].some((buffer) => b.reads.has(buffer));
  const reaches = (a: Unit): boolean => units.some((b) => follows(a, b) && (b === to || reaches(b)));
  return units.some((next) => next !== to && follows(from, next) && reaches(next));
}

property('units are separate where a way leads around, however others were merged', [GRAPHS], ({ reads, merges }) => {
  let units = reads.map((some, i) => unit(i, i === 0 ? [] : some.map((n) => n % i), [i]));
  const dependences = new Dependences(units);
  for (const [x, y] of merges) {
    const [a, b] = [units[x % units.length]!, units[y % units.length]!];
    if (a === b) continue;
    const separate = leadsAround(units, a, b) || leadsAround(units, b, a);
    expect(dependences.separate(a, b)).toBe(separate);
    if (separate) continue;
    const writes = new Set([...a.writes, ...b.writes]);
    const merged = unit(Math.max(a.position, b.position), [...a.reads, ...b.reads].filter((n) => !writes.has(n)), writes);
    dependences.merge(a, b, merged);
    units = [...units.filter((one) => one !== a && one !== b), merged];
  }
}, 300);

const SMALL_SHAPES = [[], [4], [4, 4], [16], [2, 8]];

property('where there is no room for the buffers of two kernels, no kernel of both can be built', [
  randomPrograms({ maxEquations: 24, maxOutputs: 16, shapes: SMALL_SHAPES }),
], ({ jaxpr }) => {
  const profile = { ...DEFAULT_PROFILE, maxStorageBuffersPerShaderStage: 3 };
  const program = flatten(jaxpr);
  const plan = materialize(program, profile, new Set());
  const context: BuildContext = { plan, profile, readers: new Map(), counters: new Map(), built: new WeakMap() };
  const kernels = unitsOf(program.block, plan).filter(isKernel);
  const room = new Room(context);
  for (const a of kernels) {
    for (const b of kernels) {
      if (a === b || room.suffices(a, b)) continue;
      expect(kernelOf(inProgramOrder([...a.content, ...b.content]), context)).toBeUndefined();
    }
  }
}, 60);
