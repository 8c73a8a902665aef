/** One call of a program: the storages it gives back, and the buffers it works on. */
import type { GpuContext } from './context.ts';
import type { CallSite, Device } from './device.ts';
import type { GpuExecutable } from './executable.ts';
import { isLike } from './inputs.ts';
import type { DeviceMemory } from './memory.ts';
import { NOTHING } from './placement.ts';
import type { DeviceBuffer } from './pool.ts';
import type { CallBuffers } from './recent-calls.ts';
import { Storage } from './storage.ts';
import type { Submission } from './submission.ts';

export interface PreparedCall {
  readonly buffers: CallBuffers;
  /** The storages of the results, which from now on are where the call will write them. */
  deliver(): Storage[];
  /** Keeps what a call needs that is submitted later. */
  hold(results: readonly Storage[]): void;
  /** Lets go of what the call has until it is submitted. */
  release(): void;
}

/** By result: the storage over which it may be written. */
type Targets = readonly (Storage | null)[];

/** Takes all memory that the call needs, or throws LIMIT or MEMORY and takes none. */
export function prepareCall(
  device: Device,
  { memory, residence }: GpuContext,
  executable: GpuExecutable,
  inputs: readonly Storage[],
  submission: Submission,
): PreparedCall {
  const { program } = executable;
  const { inputs: bound, allocationOf, resultOf, outputs, passed, repeated } = executable.plan.placement;
  const { call } = submission;
  const targets = targetsOf(device, executable, inputs, call);
  const buffers = new Array<DeviceBuffer | undefined>(program.buffers.length).fill(undefined);
  for (let i = 0; i < bound.length; i++) if (bound[i] !== NOTHING) buffers[bound[i]!] = residence.bufferOf(inputs[i]!, call);
  const taken = takeBuffers(memory, executable, targets, call);
  for (let i = 0; i < allocationOf.length; i++) if (allocationOf[i] !== NOTHING) buffers[i] = taken[allocationOf[i]!];
  if (memory.pool.uncertain > 0) for (const buffer of buffers) submission.include(buffer?.creation ?? null);

  /** What is free after the call: the temporaries, and what storages had that were written over. */
  const passing = taken.filter((_, i) => resultOf[i] === NOTHING);
  const resultIn = (index: number, target: Storage | null): Storage => {
    if (target !== null) {
      passing.push(target.buffer!);
      target.moveTo(buffers[index]!, submission);
      return target;
    }
    const output = Storage.onDevice(device, program.buffers[index]!, submission);
    residence.place(output, buffers[index]!);
    return output;
  };
  const deliver = (): Storage[] => {
    const results: Storage[] = [];
    for (let i = 0; i < outputs.length; i++) {
      if (passed[i] !== NOTHING) results.push(inputs[passed[i]!]!.retain());
      else if (repeated[i] !== NOTHING) results.push(results[repeated[i]!]!.retain());
      else results.push(resultIn(outputs[i]!, targets[i] ?? null));
    }
    return results;
  };
  const held: Storage[] = [];
  const hold = (results: readonly Storage[]): void => {
    for (const storage of [...inputs, ...results]) held.push(storage.retain());
  };
  const release = (): void => {
    for (const storage of held) storage.release();
    for (const buffer of passing) memory.pool.release(buffer);
  };
  return { buffers, deliver, hold, release };
}

/**
 * The buffers of the plan's allocations. Of the free ones it prefers those that were used for the same before, because there are
 * bind groups for them.
 */
function takeBuffers(memory: DeviceMemory, executable: GpuExecutable, targets: Targets, call: CallSite): DeviceBuffer[] {
  const { lastTaken } = executable;
  const { allocations, resultOf } = executable.plan.placement;
  const taken: DeviceBuffer[] = [];
  try {
    // First those that are wanted themselves, before others could get them.
    for (let i = 0; i < allocations.length; i++) {
      const wanted = resultOf[i] === NOTHING ? lastTaken[i] : targets[resultOf[i]!]?.formerBuffer;
      if (wanted != null && memory.reclaim(wanted)) taken[i] = wanted;
    }
    for (let i = 0; i < allocations.length; i++) taken[i] ??= memory.allocate(allocations[i]!, allocations[i]!.bytes, call);
  } catch (error) {
    for (const buffer of Object.values(taken)) memory.pool.release(buffer);
    throw error;
  }
  executable.lastTaken = taken;
  return taken;
}

/** Only storages that nobody else has may be written over, and none that is itself a result. */
function targetsOf(device: Device, executable: GpuExecutable, inputs: readonly Storage[], { into = [] }: CallSite): Targets {
  const { lastTargets, program } = executable;
  const { outputs, passed } = executable.plan.placement;
  const returned = new Set<Storage>();
  for (const input of passed) if (input !== NOTHING) returned.add(inputs[input]!);
  const targets = into.map((target, i) => {
    if (target === null || target.count > 1 || target.device !== device || returned.has(target)) return null;
    if (target === lastTargets[i]) return target;
    return outputs[i] !== NOTHING && isLike(target, program.buffers[outputs[i]!]!) ? target : null;
  });
  executable.lastTargets = targets;
  return targets;
}
