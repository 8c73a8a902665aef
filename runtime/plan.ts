/** What is worked out once per Program: the buffers of a call, the steps with work to do, and the carries that they read. */
import { HeddleError } from '../compiler/errors.ts';
import type { BufferPlan, BufferRef, DeviceProfile, Program, Step } from '../compiler/program.ts';
import { countDispatches } from '../compiler/program.ts';
import { MAX_LOOPS } from './counters.ts';

export type PlannedStep = PlannedDispatch | PlannedLoop | PlannedWhile;

export interface PlannedDispatch {
  readonly kind: 'dispatch';
  /** Numbers the dispatches of the plan. */
  readonly id: number;
  readonly kernel: number;
  readonly buffers: readonly BufferRef[];
  readonly grid: readonly [number, number, number];
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
  /** Whether any dispatch binds a buffer. */
  readonly used: readonly boolean[];
  /** The largest temporary of each slot. */
  readonly slots: ReadonlyMap<number, BufferPlan>;
  readonly temporaryBytes: number;
  /** Device buffers that a call binds. */
  readonly bufferCount: number;
}

/** Throws LIMIT or FEATURE when the program needs more than the device has. */
export function planOf(program: Program, profile: DeviceProfile): Plan {
  checkProfile(program, profile);
  const used = program.buffers.map(() => false);
  let dispatches = 0;
  const plan = (steps: readonly Step[]): PlannedStep[] => steps.filter((step) => countDispatches([step]) > 0).map(planStep);
  const planStep = (step: Step): PlannedStep => {
    if (step.kind === 'loop') return { ...step, steps: plan(step.steps) };
    if (step.kind === 'while') return { ...step, steps: plan(step.steps), dispatches: countDispatches(step.steps) };
    const carries = new Set<number>();
    const use = (buffer: number): void => {
      used[buffer] = true;
    };
    for (const ref of step.buffers) visit(ref, use, (loop) => carries.add(loop));
    return { ...step, id: dispatches++, carries: [...carries] };
  };
  const steps = plan(program.steps);
  const slots = slotsOf(program.buffers.filter((_, i) => used[i]));
  const temporaryBytes = [...slots.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const bufferCount = slots.size + program.buffers.filter(({ role }, i) => used[i] && role !== 'temporary').length;
  const hostDriven = steps.some(({ kind }) => kind === 'while');
  return { steps, dispatches: countDispatches(program.steps), hostDriven, used, slots, temporaryBytes, bufferCount };
}

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

function slotsOf(buffers: readonly BufferPlan[]): Map<number, BufferPlan> {
  const slots = new Map<number, BufferPlan>();
  for (const buffer of buffers) {
    if (buffer.role !== 'temporary' || buffer.slot === null) continue;
    const largest = slots.get(buffer.slot);
    if (largest === undefined || largest.bytes < buffer.bytes) slots.set(buffer.slot, buffer);
  }
  return slots;
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
