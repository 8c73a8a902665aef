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
  /** The buffers of its size. */
  readonly shelf: Shelf;
  /** Whether the pool has it; the number of its last release says for how long. */
  free: boolean = false;
  lastRelease: number = 0;

  constructor(id: number, bytes: number, gpuBuffer: GPUBuffer, shelf: Shelf) {
    this.id = id;
    this.bytes = bytes;
    this.gpuBuffer = gpuBuffer;
    this.shelf = shelf;
  }
}

/** The buffers of one size, in order of id. */
interface Shelf {
  readonly buffers: DeviceBuffer[];
  /** How many are free, and an id below which none is. */
  free: number;
  firstFree: number;
}

export class BufferPool {
  readonly #gpu: GPUDevice;
  readonly #budget: number;
  readonly #largest: number;
  readonly #shelves = new Map<number, Shelf>();
  #live = 0;
  #peak = 0;
  #pooled = 0;
  #count = 0;
  #uncertain = 0;
  #lastId = 0;
  #releases = 0;
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

  /** How many of them may turn out not to exist. */
  get uncertain(): number {
    return this.#uncertain;
  }

  sizeFor(bytes: number): number {
    return sizeClass(bytes, this.#largest);
  }

  /**
   * A buffer of at least `bytes`; what it holds is arbitrary. Of the free ones it is the oldest: then the same calls come to work
   * on the same buffers, for which they have bind groups.
   */
  acquire(bytes: number): DeviceBuffer {
    const size = this.sizeFor(bytes);
    const buffer = this.#oldestFree(size);
    if (buffer !== undefined) return this.take(buffer);
    const created = this.#create(size);
    this.#use(size);
    return created;
  }

  /** Takes this very buffer, which is free. */
  take(buffer: DeviceBuffer): DeviceBuffer {
    this.#leaveShelf(buffer);
    this.#use(buffer.bytes);
    return buffer;
  }

  /** Takes a buffer back. Work that was submitted with it is not disturbed, because later work comes after it. */
  release(buffer: DeviceBuffer): void {
    this.#live -= buffer.bytes;
    if (buffer.fault !== null || this.#closed) {
      this.#destroy(buffer);
      return;
    }
    buffer.free = true;
    buffer.lastRelease = ++this.#releases;
    this.#pooled += buffer.bytes;
    const { shelf } = buffer;
    shelf.free++;
    shelf.firstFree = Math.min(shelf.firstFree, buffer.id);
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
    if (this.#pooled === 0 || this.#live + this.#pooled <= bytes) return;
    const free = [...this.#shelves.values()].flatMap(({ buffers }) => buffers.filter((buffer) => buffer.free));
    for (const buffer of free.sort((a, b) => a.lastRelease - b.lastRelease)) {
      if (this.#live + this.#pooled <= bytes) return;
      this.#leaveShelf(buffer);
      this.#destroy(buffer);
    }
  }

  #oldestFree(size: number): DeviceBuffer | undefined {
    const shelf = this.#shelves.get(size);
    if (shelf === undefined || shelf.free === 0) return undefined;
    const { buffers, firstFree } = shelf;
    let i = rankOf(firstFree, buffers);
    while (!buffers[i]!.free) i++;
    shelf.firstFree = buffers[i]!.id;
    return buffers[i];
  }

  #leaveShelf(buffer: DeviceBuffer): void {
    buffer.free = false;
    buffer.shelf.free--;
    this.#pooled -= buffer.bytes;
  }

  #use(size: number): void {
    this.#live += size;
    this.#peak = Math.max(this.#peak, this.#live);
    this.#recentPeak = Math.max(this.#recentPeak, this.#live);
  }

  #create(size: number): DeviceBuffer {
    this.trim(this.#budget - size);
    const make = (): GPUBuffer => this.#gpu.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
    const [gpuBuffer, creation] = inScope(this.#gpu, 'MEMORY', make);
    const shelf = this.#shelves.get(size) ?? { buffers: [], free: 0, firstFree: 0 };
    this.#shelves.set(size, shelf);
    const buffer = new DeviceBuffer(++this.#lastId, size, gpuBuffer, shelf);
    shelf.buffers.push(buffer);
    buffer.creation = this.#watch(buffer, creation);
    this.#count++;
    return buffer;
  }

  async #watch(buffer: DeviceBuffer, creation: Outcome): Promise<Fault | null> {
    this.#uncertain++;
    const fault = await creation;
    this.#uncertain--;
    buffer.creation = null;
    buffer.fault = fault;
    // Room for the next attempt; this buffer itself is not used again.
    if (fault !== null) this.trim(0);
    return fault;
  }

  #destroy(buffer: DeviceBuffer): void {
    this.#count--;
    const { buffers } = buffer.shelf;
    buffers.splice(rankOf(buffer.id, buffers), 1);
    for (const forget of buffer.dependents) forget();
    buffer.gpuBuffer.destroy();
  }
}

/** Where a buffer of this id stands, or would stand, among buffers in order of id. */
function rankOf(id: number, sorted: readonly DeviceBuffer[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
