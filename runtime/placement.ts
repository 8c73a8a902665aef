/** Where the buffers of a program are in a call: worked out once. */
import type { BufferPlan, Program } from '../compiler/program.ts';

/**
 * What a call takes and gives back, as lists of numbers, because it goes through them each time, and what that costs is the
 * memory that is touched. `NOTHING` stands where there is none.
 */
export interface Placement {
  /** By input: its buffer, if that is bound. */
  readonly inputs: Int32Array;
  /** By buffer: the allocation in which it is. */
  readonly allocationOf: Int32Array;
  /** By allocation, which is for an output or for the temporaries of a slot: the largest of what it is used for. */
  readonly allocations: readonly BufferPlan[];
  /** By allocation: the output's result. */
  readonly resultOf: Int32Array;
  /** By result: its output buffer, if no earlier result is the same. */
  readonly outputs: Int32Array;
  /** By result: the input that it is. */
  readonly passed: Int32Array;
  /** By result: the earlier result that it is. */
  readonly repeated: Int32Array;
}

export const NOTHING = -1;

/** Where temporaries are that never live at the same time. */
export interface Slot {
  /** The largest of its temporaries. */
  readonly spec: BufferPlan;
  readonly buffers: readonly number[];
}

export function slotsOf({ buffers }: Program, isUsed: (buffer: number) => boolean): Slot[] {
  const slots = new Map<number, Slot>();
  for (const [buffer, spec] of buffers.entries()) {
    if (spec.role !== 'temporary' || spec.slot === null || !isUsed(buffer)) continue;
    const known = slots.get(spec.slot) ?? { spec, buffers: [] };
    slots.set(spec.slot, { spec: known.spec.bytes < spec.bytes ? spec : known.spec, buffers: [...known.buffers, buffer] });
  }
  return [...slots.values()];
}

export function placementOf(
  { buffers, inputs, outputs }: Program,
  slots: readonly Slot[],
  isUsed: (buffer: number) => boolean,
): Placement {
  const passed = outputs.map((buffer) => inputs.indexOf(buffer));
  const first = outputs.map((buffer) => outputs.indexOf(buffer));
  const repeated = first.map((result, i) => (passed[i] === NOTHING && result < i ? result : NOTHING));
  const fresh = outputs.map((buffer, i) => (passed[i] === NOTHING && repeated[i] === NOTHING ? buffer : NOTHING));
  const results = fresh.flatMap((buffer, result) => (buffer === NOTHING ? [] : [result]));
  const allocationOf = new Int32Array(buffers.length).fill(NOTHING);
  for (const [i, result] of results.entries()) allocationOf[outputs[result]!] = i;
  for (const [i, slot] of slots.entries()) for (const buffer of slot.buffers) allocationOf[buffer] = results.length + i;
  return {
    inputs: Int32Array.from(inputs, (buffer) => (isUsed(buffer) ? buffer : NOTHING)),
    allocationOf,
    allocations: [...results.map((result) => buffers[outputs[result]!]!), ...slots.map(({ spec }) => spec)],
    resultOf: Int32Array.from([...results, ...slots.map(() => NOTHING)]),
    outputs: Int32Array.from(fresh),
    passed: Int32Array.from(passed),
    repeated: Int32Array.from(repeated),
  };
}
