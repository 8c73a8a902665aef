/** Device buffers are kept in size classes and reused: making one costs more than a dispatch. */
import { inScope } from './scopes.ts';
import type { Fault, Outcome } from './scopes.ts';
import { COPY_DST, COPY_SRC, STORAGE } from './usage.ts';

const SMALLEST_CLASS = 256;
const OCTAVE_STEPS_ABOVE = 1_048_576;

/** The pool gives free buffers back while all its buffers take more than this, and more than `SLACK` times the recent need. */
const ALWAYS_KEPT = 64 * 1_048_576;
const SLACK = 1.25;
/** How many calls count as recent. */
const RECENT_CALLS = 256;

/** The size of the buffer for `bytes`: powers of two up to 1 MB, then eighths of an octave. */
export function sizeClass(bytes: number, largest: number): number {
  const octave = 2 ** Math.ceil(Math.log2(Math.max(bytes, SMALLEST_CLASS)));
  if (octave <= OCTAVE_STEPS_ABOVE) return Math.min(octave, largest);
  const step = octave / 16;
  return Math.min(Math.ceil(bytes / step) * step, largest);
}

/** A GPUBuffer of a size class. */
export class DeviceBuffer {
  readonly id: number;
  readonly bytes: number;
  readonly gpuBuffer: GPUBuffer;
  /** Whether it could be made, as long as that is unknown. */
  creation: Outcome | null = null;
  fault: Fault | null = null;
  /** What must go when the buffer is destroyed. */
  readonly dependents: Set<() => void> = new Set();

  constructor(id: number, bytes: number, gpuBuffer: GPUBuffer) {
    this.id = id;
    this.bytes = bytes;
    this.gpuBuffer = gpuBuffer;
  }
}

export class BufferPool {
  readonly #gpu: GPUDevice;
  readonly #budget: number;
  readonly #largest: number;
  /**
   * Free buffers by size, in order of id. The first one is taken first: then the same calls come to work on the same buffers, for
   * which they have bind groups.
   */
  readonly #freeBySize = new Map<number, DeviceBuffer[]>();
  /** All free buffers, the one released first at the start. */
  readonly #free = new Set<DeviceBuffer>();
  #live = 0;
  #peak = 0;
  #pooled = 0;
  #count = 0;
  #lastId = 0;
  #calls = 0;
  #recentPeak = 0;
  #earlierPeak = 0;
  #closed = false;

  constructor(gpu: GPUDevice, budget: number) {
    this.#gpu = gpu;
    this.#budget = budget;
    this.#largest = Math.floor(gpu.limits.maxBufferSize / 4) * 4;
  }

  /** Bytes of the buffers in use. */
  get live(): number {
    return this.#live;
  }

  /** The most that `live` has been. */
  get peak(): number {
    return this.#peak;
  }

  /** Bytes of the free buffers. */
  get pooled(): number {
    return this.#pooled;
  }

  /** How many buffers exist. */
  get count(): number {
    return this.#count;
  }

  sizeFor(bytes: number): number {
    return sizeClass(bytes, this.#largest);
  }

  /** A buffer of at least `bytes`; what it holds is arbitrary. */
  acquire(bytes: number): DeviceBuffer {
    const size = this.sizeFor(bytes);
    const buffer = this.#takeFree(size) ?? this.#create(size);
    this.#live += size;
    this.#peak = Math.max(this.#peak, this.#live);
    this.#recentPeak = Math.max(this.#recentPeak, this.#live);
    return buffer;
  }

  /** Takes a buffer back. Work that was submitted with it is not disturbed, because later work comes after it. */
  release(buffer: DeviceBuffer): void {
    this.#live -= buffer.bytes;
    if (buffer.fault !== null || this.#closed) {
      this.#destroy(buffer);
      return;
    }
    this.#addFree(buffer);
    this.trim(Math.max(ALWAYS_KEPT, SLACK * Math.max(this.#recentPeak, this.#earlierPeak)));
  }

  /** From now on buffers that are released are destroyed. */
  close(): void {
    this.#closed = true;
    this.trim(0);
  }

  /** Counts a call: what a call of long ago needed is forgotten. */
  endCall(): void {
    this.#calls++;
    if (this.#calls % RECENT_CALLS !== 0) return;
    this.#earlierPeak = this.#recentPeak;
    this.#recentPeak = this.#live;
  }

  /** Destroys free buffers, the longest unused first, until all buffers together take at most `bytes`. */
  trim(bytes: number): void {
    for (const buffer of this.#free) {
      if (this.#live + this.#pooled <= bytes) return;
      this.#removeFree(buffer);
      this.#destroy(buffer);
    }
  }

  #takeFree(size: number): DeviceBuffer | undefined {
    const buffer = this.#freeBySize.get(size)?.[0];
    if (buffer !== undefined) this.#removeFree(buffer);
    return buffer;
  }

  #addFree(buffer: DeviceBuffer): void {
    this.#free.add(buffer);
    this.#pooled += buffer.bytes;
    const sameSize = this.#freeBySize.get(buffer.bytes) ?? [];
    this.#freeBySize.set(buffer.bytes, sameSize);
    sameSize.splice(rankOf(buffer, sameSize), 0, buffer);
  }

  #removeFree(buffer: DeviceBuffer): void {
    this.#free.delete(buffer);
    this.#pooled -= buffer.bytes;
    const sameSize = this.#freeBySize.get(buffer.bytes) ?? [];
    sameSize.splice(rankOf(buffer, sameSize), 1);
  }

  #create(size: number): DeviceBuffer {
    this.trim(this.#budget - size);
    const make = (): GPUBuffer => this.#gpu.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    const [gpuBuffer, creation] = inScope(this.#gpu, 'MEMORY', make);
    const buffer = new DeviceBuffer(++this.#lastId, size, gpuBuffer);
    buffer.creation = this.#watch(buffer, creation);
    this.#count++;
    return buffer;
  }

  async #watch(buffer: DeviceBuffer, creation: Outcome): Promise<Fault | null> {
    const fault = await creation;
    buffer.creation = null;
    buffer.fault = fault;
    // Room for the next attempt; this buffer itself is not used again.
    if (fault !== null) this.trim(0);
    return fault;
  }

  #destroy(buffer: DeviceBuffer): void {
    this.#count--;
    for (const forget of buffer.dependents) forget();
    buffer.gpuBuffer.destroy();
  }
}

/** Where the buffer belongs among buffers in order of id. */
function rankOf(buffer: DeviceBuffer, sorted: readonly DeviceBuffer[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.id < buffer.id) low = middle + 1;
    else high = middle;
  }
  return low;
}
