/** What is worked out once per Program: the buffers of a call, the steps with work to do, and the carries that they read. */
import { HeddleError } from '../compiler/errors.ts';
import type { BufferRef, DeviceProfile, Program, Step } from '../compiler/program.ts';
import { countDispatches } from '../compiler/program.ts';
import { MAX_LOOPS } from './counters.ts';
import { placementOf, slotsOf } from './placement.ts';
import type { Placement } from './placement.ts';

export type PlannedStep = PlannedRun | PlannedDispatch | PlannedLoop | PlannedWhile;

/** Dispatches one after the other that no loop changes. */
export interface PlannedRun {
  readonly kind: 'run';
  readonly dispatches: readonly PlannedDispatch[];
}

export interface PlannedDispatch {
  readonly kind: 'dispatch';
  /** Where its bind groups are among those of a call: one for each way in which it can find its carries. */
  readonly group: number;
  readonly kernel: number;
  readonly buffers: readonly BufferRef[];
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Loops whose counters it binds. */
  readonly loops: readonly number[];
  /** Loops whose step decides which buffers it binds. */
  readonly carries: readonly number[];
}

export interface PlannedLoop {
  readonly kind: 'loop';
  readonly loop: number;
  readonly length: number;
  readonly steps: readonly PlannedStep[];
}

/** Its steps again and again, until `running` is 0 after an even number of times. */
export interface PlannedWhile {
  readonly kind: 'while';
  readonly loop: number;
  readonly running: BufferRef;
  readonly steps: readonly PlannedStep[];
  /** How many dispatches its steps make. */
  readonly dispatches: number;
}

export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly dispatches: number;
  /** Whether the host must ask during a call how it goes on. */
  readonly hostDriven: boolean;
  /** By buffer: the bind groups that it is in. */
  readonly groupsOf: readonly (readonly number[])[];
  readonly placement: Placement;
  readonly temporaryBytes: number;
  /** Device buffers that a call binds. */
  readonly bufferCount: number;
}

/** Throws LIMIT or FEATURE when the program needs more than the device has. */
export function planOf(program: Program, profile: DeviceProfile): Plan {
  checkProfile(program, profile);
  const groupsOf: number[][] = program.buffers.map(() => []);
  let groups = 0;
  const plan = (steps: readonly Step[]): PlannedStep[] =>
    withRuns(steps.filter((step) => countDispatches([step]) > 0).map(planStep));
  const planStep = (step: Step): PlannedStep => {
    if (step.kind === 'loop') return { ...step, steps: plan(step.steps) };
    if (step.kind === 'while') return { ...step, steps: plan(step.steps), dispatches: countDispatches(step.steps) };
    const [carries, bound, group] = [new Set<number>(), new Set<number>(), groups];
    for (const ref of step.buffers) visit(ref, (buffer) => bound.add(buffer), (loop) => carries.add(loop));
    groups += CARRY_PHASES ** carries.size;
    for (const buffer of bound) for (let i = group; i < groups; i++) groupsOf[buffer]!.push(i);
    const [x, y, z] = step.grid;
    const loops = step.loops.length === 0 ? NONE : step.loops;
    // Field by field, because encoding is fast only when the engine, too, finds that all of them have one shape.
    const found = carries.size === 0 ? NONE : [...carries];
    return { kind: step.kind, group, kernel: step.kernel, buffers: step.buffers, x, y, z, loops, carries: found };
  };
  const steps = plan(program.steps);
  const isUsed = (buffer: number): boolean => groupsOf[buffer]!.length > 0;
  const slots = slotsOf(program, isUsed);
  const others = program.buffers.filter(({ role }, buffer) => role !== 'temporary' && isUsed(buffer));
  return {
    steps,
    dispatches: countDispatches(program.steps),
    hostDriven: steps.some(({ kind }) => kind === 'while'),
    groupsOf,
    placement: placementOf(program, slots, isUsed),
    temporaryBytes: slots.reduce((sum, { spec }) => sum + spec.bytes, 0),
    bufferCount: others.length + slots.length,
  };
}

/** The steps, with runs of dispatches that neither count nor carry joined to one step each. */
function withRuns(steps: readonly PlannedStep[]): PlannedStep[] {
  const joined: PlannedStep[] = [];
  let run: PlannedDispatch[] = [];
  for (const step of steps) {
    if (step.kind !== 'dispatch' || step.loops.length > 0 || step.carries.length > 0) {
      joined.push(step);
      run = [];
      continue;
    }
    if (run.length === 0) joined.push({ kind: 'run', dispatches: run });
    run.push(step);
  }
  return joined;
}

/** One list for all: a call goes through hundreds of dispatches, and what it costs is the memory that it touches. */
const NONE: readonly number[] = [];

/** The three ways in which a step can find its carries. */
export const CARRY_PHASES = 3;

/** 0 in the first step of a loop, 1 in odd ones, 2 in later even ones. */
export function carryPhase(step: number): number {
  return step === 0 ? 0 : 2 - (step % 2);
}

/** The buffer that a reference means, given the phases of the loops around. */
export function resolve(ref: BufferRef, phaseOf: (loop: number) => number): number {
  if (typeof ref === 'number') return ref;
  const phase = phaseOf(ref.loop);
  if (ref.side === 'write') return phase === 1 ? ref.odd : ref.even;
  if (phase === 0) return resolve(ref.initial, phaseOf);
  return phase === 1 ? ref.even : ref.odd;
}

function visit(ref: BufferRef, buffer: (index: number) => void, loop: (loop: number) => void): void {
  if (typeof ref === 'number') {
    buffer(ref);
    return;
  }
  loop(ref.loop);
  buffer(ref.even);
  buffer(ref.odd);
  if (ref.side === 'read') visit(ref.initial, buffer, loop);
}

function checkProfile(program: Program, profile: DeviceProfile): void {
  const atMost = (what: string, value: number, name: string, limit: number): void => {
    if (value <= limit) return;
    throw new HeddleError('LIMIT', `${program.label}: ${what}: ${value}, above the device's ${name} of ${limit}`, {
      fix: 'await jit(f).compile(...args); // compile it for this device',
    });
  };
  const { maxStorageBuffersPerShaderStage, maxComputeWorkgroupsPerDimension } = profile;
  for (const { label, bindings, loops } of program.kernels) {
    atMost(`buffers of kernel ${label}`, bindings.length, 'maxStorageBuffersPerShaderStage', maxStorageBuffersPerShaderStage);
    atMost(`loop counters of kernel ${label}`, loops, 'maxDynamicUniformBuffersPerPipelineLayout', MAX_LOOPS);
  }
  for (const { kernel, grid } of dispatchesOf(program.steps)) {
    const what = `workgroups in one dimension of kernel ${program.kernels[kernel]?.label}`;
    atMost(what, Math.max(...grid), 'maxComputeWorkgroupsPerDimension', maxComputeWorkgroupsPerDimension);
  }
  if (!profile.float16 && program.buffers.some(({ dtype }) => dtype === 'float16')) {
    throw new HeddleError('FEATURE', `${program.label}: float16 needs the device feature shader-f16, which is missing`, {
      fix: "x.astype('float32')",
    });
  }
}

function dispatchesOf(steps: readonly Step[]): Extract<Step, { kind: 'dispatch' }>[] {
  return steps.flatMap((step) => (step.kind === 'dispatch' ? [step] : dispatchesOf(step.steps)));
}
