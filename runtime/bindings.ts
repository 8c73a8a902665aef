/** Bind groups: cached by layout and buffers, and gone with their buffers. Making one costs five dispatches. */
import type { Layout } from './pipelines.ts';
import type { DeviceBuffer } from './pool.ts';

const MAX_BIND_GROUPS = 8192;

/** A buffer and how many of its bytes the array in it takes: shaders clamp indices to the bound size. */
export interface BoundBuffer {
  readonly buffer: DeviceBuffer;
  readonly bytes: number;
}

export class BindGroups {
  readonly #gpu: GPUDevice;
  readonly #groups = new Map<string, { group: GPUBindGroup; forget: () => void }>();
  #clears = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** How often all groups were dropped. */
  get clears(): number {
    return this.#clears;
  }

  get(layout: Layout, buffers: readonly BoundBuffer[]): GPUBindGroup {
    let key = layout.signature;
    for (const { buffer, bytes } of buffers) key += `,${buffer.id}:${bytes}`;
    return this.#groups.get(key)?.group ?? this.#create(key, layout, buffers);
  }

  clear(): void {
    for (const { forget } of this.#groups.values()) forget();
    this.#clears++;
  }

  #create(key: string, layout: Layout, buffers: readonly BoundBuffer[]): GPUBindGroup {
    if (this.#groups.size >= MAX_BIND_GROUPS) this.clear();
    const entries = buffers.map(({ buffer, bytes }, binding) => ({
      binding,
      resource: { buffer: buffer.gpuBuffer, offset: 0, size: bytes },
    }));
    const group = this.#gpu.createBindGroup({ layout: layout.storages, entries });
    const forget = (): void => {
      this.#groups.delete(key);
      for (const { buffer } of buffers) buffer.dependents.delete(forget);
    };
    for (const { buffer } of buffers) buffer.dependents.add(forget);
    this.#groups.set(key, { group, forget });
    return group;
  }
}
