/** Reading back: a copy into a staging buffer that no other read is waiting for, then a map. */
import type { DeviceBuffer } from './pool.ts';
import { sizeClass } from './pool.ts';
import { COPY_DST, MAP_MODE_READ, MAP_READ } from './usage.ts';

/** Free staging buffers that are kept for later reads. */
const KEPT_BUFFERS = 4;
const KEPT_BYTES = 64 * 1_048_576;

export class Readback {
  readonly #gpu: GPUDevice;
  #free: GPUBuffer[] = [];
  #count = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** How many staging buffers exist. */
  get count(): number {
    return this.#count;
  }

  /** Submits the copy of a buffer's first `bytes` now; resolves with what `use` makes of them. */
  copy<T>(source: DeviceBuffer, bytes: number, use: (bytes: ArrayBuffer) => T): Promise<T> {
    const encoder = this.#gpu.createCommandEncoder();
    const map = this.stage(encoder, source, bytes, use);
    this.#gpu.queue.submit([encoder.finish()]);
    return map();
  }

  /** Encodes the copy of a buffer's first `bytes`; what it gives is to be called when that has been submitted. */
  stage<T>(encoder: GPUCommandEncoder, source: DeviceBuffer, bytes: number, use: (bytes: ArrayBuffer) => T): () => Promise<T> {
    const staging = this.#take(bytes);
    encoder.copyBufferToBuffer(source.gpuBuffer, 0, staging, 0, bytes);
    return () => this.#map(staging, bytes, use);
  }

  clear(): void {
    this.#free.splice(0).forEach((staging) => this.#destroy(staging));
  }

  async #map<T>(staging: GPUBuffer, bytes: number, use: (bytes: ArrayBuffer) => T): Promise<T> {
    try {
      await staging.mapAsync(MAP_MODE_READ, 0, bytes);
    } catch (error) {
      this.#destroy(staging);
      throw error;
    }
    const result = use(staging.getMappedRange(0, bytes));
    staging.unmap();
    this.#giveBack(staging);
    return result;
  }

  #take(bytes: number): GPUBuffer {
    const size = sizeClass(bytes, this.#gpu.limits.maxBufferSize);
    const index = this.#free.findIndex((staging) => staging.size === size);
    const [free] = index < 0 ? [] : this.#free.splice(index, 1);
    if (free !== undefined) return free;
    this.#count++;
    return this.#gpu.createBuffer({ size, usage: MAP_READ | COPY_DST });
  }

  #giveBack(staging: GPUBuffer): void {
    this.#free.push(staging);
    const tooMany = (): boolean =>
      this.#free.length > KEPT_BUFFERS || this.#free.reduce((sum, { size }) => sum + size, 0) > KEPT_BYTES;
    while (tooMany()) this.#destroy(this.#free.shift()!);
  }

  #destroy(staging: GPUBuffer): void {
    this.#count--;
    staging.destroy();
  }
}
