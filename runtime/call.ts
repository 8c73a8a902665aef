/** One call of a program: the storages it gives back, and the buffers it works on. */
import type { BoundBuffer } from './bindings.ts';
import type { GpuContext } from './context.ts';
import type { Device } from './device.ts';
import type { GpuExecutable } from './executable.ts';
import type { DeviceBuffer } from './pool.ts';
import { Storage } from './storage.ts';
import type { StorageSpec } from './storage.ts';
import type { Submission } from './submission.ts';

export interface PreparedCall {
  /** By buffer of the program; those that no dispatch uses are missing. */
  readonly buffers: readonly (BoundBuffer | undefined)[];
  readonly results: Storage[];
  /** Lets go of what the call holds until it is submitted. */
  release(): void;
}

/** Takes all memory that the call needs, or throws LIMIT or MEMORY and takes none. */
export function prepareCall(
  device: Device,
  { memory, residence }: GpuContext,
  { program, plan }: GpuExecutable,
  inputs: readonly Storage[],
  submission: Submission,
): PreparedCall {
  const taken: DeviceBuffer[] = [];
  const take = (spec: StorageSpec, bytes: number): DeviceBuffer => {
    const buffer = memory.allocate(spec, bytes, submission.call);
    taken.push(buffer);
    return buffer;
  };
  try {
    const inputOf = new Map(program.inputs.map((buffer, i) => [buffer, inputs[i]!]));
    const slots = new Map([...plan.slots].map(([slot, largest]) => [slot, take(largest, largest.bytes)]));
    const buffers = program.buffers.map((spec, i): BoundBuffer | undefined => {
      if (spec.role === 'output') return { buffer: take(spec, spec.bytes), bytes: spec.bytes };
      if (!plan.used[i]) return undefined;
      const buffer = spec.role === 'input' ? residence.bufferOf(inputOf.get(i)!, submission.call) : slots.get(spec.slot!)!;
      return { buffer, bytes: spec.bytes };
    });
    for (const bound of buffers) submission.include(bound?.buffer.creation ?? null);

    const outputs = new Map<number, Storage>();
    const results = program.outputs.map((index) => {
      const known = inputOf.get(index) ?? outputs.get(index);
      if (known !== undefined) return known.retain();
      const output = Storage.onDevice(device, program.buffers[index]!, submission);
      residence.place(output, buffers[index]!.buffer);
      outputs.set(index, output);
      return output;
    });
    const held = [...inputs, ...results].map((storage) => storage.retain());
    const release = (): void => {
      for (const storage of held) storage.release();
      for (const buffer of slots.values()) memory.pool.release(buffer);
    };
    return { buffers, results, release };
  } catch (error) {
    for (const buffer of taken) memory.pool.release(buffer);
    throw error;
  }
}
