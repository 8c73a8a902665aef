/**
 * The counters of encoded loops: one buffer of numbers per device. A kernel finds the number of its step through a dynamic
 * offset, so a step needs neither a buffer nor a bind group of its own.
 */
import { COPY_DST, UNIFORM } from './usage.ts';

/** The default offset alignment of uniform buffers, which every device can do. */
const STRIDE = 256;
const PAGE_NUMBERS = 256;
/** Bounds the buffer to 2 MB. Programs that count further reuse it, after what they have encoded is submitted. */
const PAGES = 32;
/** The default limit of uniform buffers with dynamic offsets. */
export const MAX_LOOPS = 8;

export class CounterTable {
  readonly #gpu: GPUDevice;
  #buffer: GPUBuffer | null = null;
  readonly #groups = new Map<number, GPUBindGroup>();
  /** Where a page of numbers is; page p holds the numbers from p * PAGE_NUMBERS. */
  readonly #pageSlots = new Map<number, number>();
  /** The dynamic offsets of the last `place`. */
  readonly offsets: Uint32Array = new Uint32Array(MAX_LOOPS);

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** The bind group of a kernel with this number of loop counters. */
  group(layout: GPUBindGroupLayout, loops: number): GPUBindGroup {
    let group = this.#groups.get(loops);
    if (group === undefined) {
      const resource = { buffer: this.#table(), offset: 0, size: 4 };
      const entries = Array.from({ length: loops }, (_, binding) => ({ binding, resource }));
      this.#groups.set(loops, (group = this.#gpu.createBindGroup({ layout, entries })));
    }
    return group;
  }

  /**
   * Sets `offsets` to where the current numbers of these loops are. Calls `flush` before it overwrites numbers that work
   * encoded so far may read.
   */
  place(loops: readonly number[], counters: readonly number[], flush: () => void): void {
    if (this.#locate(loops, counters)) return;
    const pages = new Set(loops.map((loop) => pageOf(counters[loop] ?? 0)));
    if (this.#pageSlots.size + pages.size > PAGES) {
      flush();
      this.#pageSlots.clear();
    }
    for (const page of pages) if (!this.#pageSlots.has(page)) this.#writePage(page);
    this.#locate(loops, counters);
  }

  /** Tells whether all pages were there. */
  #locate(loops: readonly number[], counters: readonly number[]): boolean {
    for (let i = 0; i < loops.length; i++) {
      const number = counters[loops[i] ?? 0] ?? 0;
      const slot = this.#pageSlots.get(pageOf(number));
      if (slot === undefined) return false;
      this.offsets[i] = (slot * PAGE_NUMBERS + (number % PAGE_NUMBERS)) * STRIDE;
    }
    return true;
  }

  destroy(): void {
    this.#buffer?.destroy();
    this.#buffer = null;
    this.#groups.clear();
    this.#pageSlots.clear();
  }

  #writePage(page: number): void {
    const slot = this.#pageSlots.size;
    const words = new Uint32Array((PAGE_NUMBERS * STRIDE) / 4);
    for (let i = 0; i < PAGE_NUMBERS; i++) words[(i * STRIDE) / 4] = page * PAGE_NUMBERS + i;
    this.#gpu.queue.writeBuffer(this.#table(), slot * PAGE_NUMBERS * STRIDE, words);
    this.#pageSlots.set(page, slot);
  }

  #table(): GPUBuffer {
    this.#buffer ??= this.#gpu.createBuffer({ size: PAGES * PAGE_NUMBERS * STRIDE, usage: UNIFORM | COPY_DST });
    return this.#buffer;
  }
}

function pageOf(number: number): number {
  return Math.floor(number / PAGE_NUMBERS);
}
