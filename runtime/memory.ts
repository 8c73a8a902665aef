/** The memory of a GPU: which storages hold it, the device's limits, and the budget. */
import { HeddleError } from '../compiler/errors.ts';
import type { CallSite, MemoryReport } from './device.ts';
import { Holdings } from './holdings.ts';
import { describeArray } from './layout.ts';
import { BufferPool } from './pool.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Storage, StorageSpec } from './storage.ts';

/** How many creation lines an error names. */
const HOLDERS_SHOWN = 5;

export class DeviceMemory {
  readonly pool: BufferPool;
  readonly #holdings = new Holdings();
  readonly #limits: readonly (readonly [name: string, bytes: number])[];
  readonly #budget: number;

  constructor(gpu: GPUDevice, budget: number | undefined) {
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
    this.#limits = Object.entries({ maxBufferSize, maxStorageBufferBindingSize });
    this.#budget = budget ?? Infinity;
    this.pool = new BufferPool(gpu, this.#budget);
  }

  /** A buffer for an array. Throws LIMIT or MEMORY. */
  allocate(spec: StorageSpec, bytes: number, call: CallSite): DeviceBuffer {
    this.#checkLimits(spec, bytes, call);
    if (this.pool.live + this.pool.sizeFor(bytes) > this.#budget) throw this.#overBudget(spec, bytes, call);
    return this.pool.acquire(bytes);
  }

  /** A certain buffer, if it is free and within the budget. */
  reclaim(buffer: DeviceBuffer): boolean {
    if (!buffer.free || this.pool.live + buffer.bytes > this.#budget) return false;
    this.pool.take(buffer);
    return true;
  }

  /** Makes the storage the owner of a buffer of so many bytes, and calls `release` with its end. */
  own(storage: Storage, bytes: number, release: () => void): void {
    this.#holdings.add(storage, bytes);
    storage.whenFreed(release);
  }

  report(staging: number): MemoryReport {
    const { live, peak, pooled, count } = this.pool;
    return { live, peak, pooled, buffers: count + staging, holders: this.#holdings.holders() };
  }

  #checkLimits({ dtype, shape }: StorageSpec, bytes: number, call: CallSite): void {
    for (const [name, limit] of this.#limits) {
      if (bytes <= limit) continue;
      const array = describeArray(dtype, shape);
      throw new HeddleError(
        'LIMIT',
        `${call.label}: ${array} takes ${bytes} bytes, above the device's ${name} of ${limit} bytes`,
        { fix: 'for (const part of np.split(x, 4)) f(part); // work on smaller parts' },
      ).at(call.where);
    }
  }

  #overBudget({ dtype, shape }: StorageSpec, bytes: number, call: CallSite): HeddleError {
    const holders = this.#holdings.holders().slice(0, HOLDERS_SHOWN);
    const tensors = (count: number): string => (count === 1 ? '1 tensor' : `${count} tensors`);
    const lines = holders.map((holder) => `\n  ${holder.bytes} bytes in ${tensors(holder.count)} made at ${holder.where}`);
    return new HeddleError(
      'MEMORY',
      `${call.label}: ${describeArray(dtype, shape)} takes ${bytes} bytes, but ${this.pool.live} of the memory budget of ` +
        `${this.#budget} bytes are in use; most are held by${lines.join('') || ' calls in progress'}`,
      { fix: 'await sync(); // lets finished calls and collected tensors give their memory back' },
    ).at(call.where);
  }
}
