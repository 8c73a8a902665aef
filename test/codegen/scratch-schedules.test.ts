import { vi } from 'vitest';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectFromDevice, onDevice } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';
let state = 7;
const pick = <T>(list: T[]): T => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return list[(state >>> 8) % list.length]!; };
vi.mock('../../compiler/codegen/schedule.ts', () => ({
  chooseMapSchedule: () => ({ workgroup: pick([1, 3, 64]), vectors: pick([true, true, false]) }),
  chooseRowSchedule: () => ({ ...pick([{ members: 1, teams: 16 }, { members: 1, teams: 3 }, { members: 4, teams: 1 }, { members: 2, teams: 3 }, { members: 8, teams: 4 }]), adjacentRows: pick([true, false]), unroll: pick([1, 2, 4]) }),
  chooseContractSchedule: () => pick<unknown>([{ kind: 'dot' }, { kind: 'registers', m: 2, n: 4, workgroup: 5 }, { kind: 'registers', m: 3, n: 3, workgroup: 8 }, { kind: 'registers', m: 2, n: 8, workgroup: 4 },
    { kind: 'tiles', tile: { m: 8, n: 8 }, depth: 4, own: { m: 4, n: 4 } }, { kind: 'tiles', tile: { m: 4, n: 8 }, depth: 2, own: { m: 1, n: 4 } }, { kind: 'tiles', tile: { m: 4, n: 4 }, depth: 4, own: { m: 2, n: 2 } }]),
}));
useWgsl();
property('random programs: random schedules', [randomPrograms()], async (program) => {
  expectFromDevice(await onDevice(program.jaxpr, program.inputs), evaluate(program.jaxpr, program.inputs));
}, 700);
