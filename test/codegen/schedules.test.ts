/** Whatever schedule a kernel gets, it computes the same: random programs, with schedules drawn by lot to fit small arrays. */
import { vi } from 'vitest';
import type { ContractSchedule, MapSchedule, RowSchedule } from '../../compiler/codegen/schedule.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { noise } from '../support/kernels.ts';
import { expectFromDevice, onDevice } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';
import { useWgsl } from '../support/wgsl.ts';

const lots = noise(1000, 7);
let drawn = 0;

function draw<T>(choices: readonly T[]): T {
  const lot = (lots[drawn++ % lots.length]! + 1) / 2;
  return choices[Math.floor(lot * choices.length)]!;
}

vi.mock('../../compiler/codegen/schedule.ts', () => ({
  chooseMapSchedule: (): MapSchedule => ({ workgroup: draw([1, 3, 64]), vectors: draw([true, false]) }),
  chooseRowSchedule: (): RowSchedule => ({
    ...draw([{ members: 1, teams: 3 }, { members: 4, teams: 1 }, { members: 2, teams: 3 }, { members: 8, teams: 4 }]),
    adjacentRows: draw([true, false]),
    unroll: draw([1, 2, 4]),
  }),
  chooseContractSchedule: (): ContractSchedule => draw<ContractSchedule>([
    { kind: 'dot' },
    { kind: 'registers', m: 2, n: 8, workgroup: 4 },
    { kind: 'registers', m: 3, n: 3, workgroup: 8 },
    { kind: 'tiles', tile: { m: 8, n: 8 }, depth: 4, own: { m: 4, n: 4 } },
    { kind: 'tiles', tile: { m: 4, n: 4 }, depth: 4, own: { m: 2, n: 2 } },
  ]),
}));

useWgsl();

property('random programs under random schedules', [randomPrograms({ maxOutputs: 2 })], async ({ jaxpr, inputs }) => {
  expectFromDevice(await onDevice(jaxpr, inputs), evaluate(jaxpr, inputs));
}, 45);
