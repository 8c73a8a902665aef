/**
 * The cost model: every number by which fusion decides. Times are in nanoseconds and need only be right in proportion; a launch
 * weighs as much as reading a megabyte, so small tensors are fused for launches and large ones for bytes.
 */
import type { DeviceProfile } from '../program.ts';

/** More scalar operations than this in one kernel compile slowly and spill registers. */
export const MAX_NODES = 400;

/** What a kernel would compute in more places than this is stored, where that is more scalar operations than these. */
export const MAX_COPIES = 4;
export const MAX_COPIED = 128;

/** A cond with branches up to this size computes all of them and selects. */
export const SELECT_MAX_EQUATIONS = 16;
export const SELECT_MAX_ELEMENTS: number = 1 << 20;

/** Leaves bindings for the result and for what an epilogue reads, at the default limit of 8. */
export const CONCATENATE_MAX_OPERANDS = 6;

/** Fewer rows than this do not fill a device, when a row is a workgroup's work. */
export const ROWS_TO_FILL = 64;

/** Longer rows than this are reduced in two levels when they are few. */
export const SPLIT_MIN_COLUMNS: number = 1 << 16;
/** How many partial results the first level may make, and how many make it worth while. */
export const PARTIALS_MAX = 1024;
export const PARTIALS_MIN = 16;

/** Elements that one workgroup writes about as fast as a second kernel would start. */
const ROW_SERIAL_ELEMENTS = 1 << 14;

/** A transcendental or a hash, in simple operations. */
const HEAVY_FLOPS = 24;

export function flopsOf(cost: 'free' | 'alu' | 'heavy'): number {
  return cost === 'free' ? 0 : cost === 'alu' ? 1 : HEAVY_FLOPS;
}

interface Speeds {
  readonly launch: number;
  readonly bytes: number;
  readonly flops: number;
}

/** Units per nanosecond. A software adapter pays more for a kernel, because compiling it is most of its first run. */
function speedsOf(profile: DeviceProfile): Speeds {
  return profile.software ? { launch: 50_000, bytes: 5, flops: 10 } : { launch: 10_000, bytes: 100, flops: 2_000 };
}

/** What a loop's body weighs, whatever the trip count, so that the kernels of a program do not depend on it. */
const LOOP_WEIGHT = 8;

/** How often a block runs, given the loops around it. */
export function repeatsOf(depth: number): number {
  return LOOP_WEIGHT ** depth;
}

/** What it costs to compute a value where it is read, or once into memory. */
export interface Recomputation {
  readonly elements: number;
  /** How often it would be stored. */
  readonly repeats: number;
  readonly evaluations: number;
  /** Of one element. */
  readonly flops: number;
  readonly loads: number;
}

export function worthStoring({ elements, repeats, evaluations, flops, loads }: Recomputation, profile: DeviceProfile): boolean {
  const speeds = speedsOf(profile);
  const bytes = 4 / speeds.bytes;
  const element = flops / speeds.flops + loads * bytes;
  const inlined = evaluations * element;
  const stored = repeats * (speeds.launch + elements * (element + bytes)) + evaluations * bytes;
  return inlined > stored;
}

/** Whether writing every element belongs into a kernel that works row by row. */
export function rowsFill(rows: number, columns: number): boolean {
  return rows >= ROWS_TO_FILL || rows * columns <= ROW_SERIAL_ELEMENTS;
}

/** Guesses at a GPU: cores, what one of them reads from its cache, and what a barrier takes. */
const CORES = 32;
const CORE_BYTES = 50;
const BARRIER = 200;
/** And one operation after another. */
const TURN = 2;

/** How many invocations share a row. */
export const LARGEST_WORKGROUP = 256;

/** A step of a loop, as one kernel or as several. */
export interface StepWork {
  readonly kernels: number;
  readonly rows: number;
  /** What all rows read alike. */
  readonly bytes: number;
  /** Of one row, and of one invocation. */
  readonly flops: number;
  readonly turns: number;
}

/** Whether a workgroup for each row, which reads the weights by itself, is faster than kernels that start in every step. */
export function worthGroups({ kernels, rows, bytes, flops, turns }: StepWork, profile: DeviceProfile): boolean {
  const speeds = speedsOf(profile);
  const core = Math.max(bytes / CORE_BYTES, flops / (speeds.flops / CORES), turns * TURN) + kernels * BARRIER;
  const encoded = kernels * speeds.launch + Math.max(bytes / speeds.bytes, (rows * flops) / speeds.flops);
  return Math.ceil(rows / CORES) * core < encoded;
}

/** Unrelated maps of one size up to this are merged, to save launches. */
export const SMALL_MAP_ELEMENTS: number = 1 << 16;

/** A while loop of a bounded number of steps is encoded whole up to this; longer ones the host drives, chunk by chunk. */
export const ENCODED_WHILE_MAX_DISPATCHES = 8192;
