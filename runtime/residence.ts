/** Which device buffer holds the elements of a storage. */
import type { CallSite } from './device.ts';
import { pack, storageBytes } from './layout.ts';
import type { DeviceMemory } from './memory.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Storage } from './storage.ts';

export class Residence {
  readonly #gpu: GPUDevice;
  readonly #memory: DeviceMemory;
  readonly #buffers = new WeakMap<Storage, DeviceBuffer>();

  constructor(gpu: GPUDevice, memory: DeviceMemory) {
    this.#gpu = gpu;
    this.#memory = memory;
  }

  /** Gives the buffer to the storage, which frees it with itself. */
  place(storage: Storage, buffer: DeviceBuffer): void {
    this.#buffers.set(storage, buffer);
    this.#memory.own(storage, buffer);
  }

  /** The storage's buffer. A host storage is uploaded when it has none yet. */
  bufferOf(storage: Storage, call: CallSite): DeviceBuffer {
    const known = this.#buffers.get(storage);
    if (known !== undefined && (known.fault === null || storage.hostData === null)) return known;
    return this.#upload(storage, call);
  }

  #upload(storage: Storage, call: CallSite): DeviceBuffer {
    const data = storage.hostData!;
    const buffer = this.#memory.allocate(storage, storageBytes(storage.dtype, storage.shape), call);
    this.#gpu.queue.writeBuffer(buffer.gpuBuffer, 0, pack(data));
    this.place(storage, buffer);
    return buffer;
  }
}
