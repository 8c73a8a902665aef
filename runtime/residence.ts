/** Which device buffer holds the elements of a storage. */
import type { CallSite } from './device.ts';
import { pack, storageBytes } from './layout.ts';
import type { DeviceMemory } from './memory.ts';
import type { DeviceBuffer } from './pool.ts';
import type { Storage } from './storage.ts';

export class Residence {
  readonly #gpu: GPUDevice;
  readonly #memory: DeviceMemory;
  /** Of storages on the host, which may have one on each device. */
  readonly #uploads = new WeakMap<Storage, DeviceBuffer>();

  constructor(gpu: GPUDevice, memory: DeviceMemory) {
    this.#gpu = gpu;
    this.#memory = memory;
  }

  /** Gives the buffer to a storage of this device, which frees it with itself. */
  place(storage: Storage, buffer: DeviceBuffer): void {
    storage.buffer = buffer;
    this.#memory.own(storage, buffer.bytes, () => this.#memory.pool.release(storage.buffer!));
  }

  /** The storage's buffer. A host storage is uploaded when it has none yet. */
  bufferOf(storage: Storage, call: CallSite): DeviceBuffer {
    if (storage.buffer !== null) return storage.buffer;
    const known = this.#uploads.get(storage);
    return known !== undefined && known.fault === null ? known : this.#upload(storage, call);
  }

  #upload(storage: Storage, call: CallSite): DeviceBuffer {
    const data = storage.hostData!;
    const buffer = this.#memory.allocate(storage, storageBytes(storage.dtype, storage.shape), call);
    this.#gpu.queue.writeBuffer(buffer.gpuBuffer, 0, pack(data));
    this.#uploads.set(storage, buffer);
    this.#memory.own(storage, buffer.bytes, () => this.#memory.pool.release(buffer));
    return buffer;
  }
}
