/** A GPUDevice that counts what goes through it: figures come from here, never from our own statistics alone. */

export interface Counts {
  dispatches: number;
  /** Buffer to buffer. */
  copies: number;
  /** `writeBuffer`. */
  writes: number;
  submits: number;
  passes: number;
  /** Compute pipelines created. */
  compiles: number;
  buffers: number;
  /** Bytes of the buffers created. */
  bytes: number;
  bindGroups: number;
  /** Buffers mapped for reading. */
  readbacks: number;
}

const ZERO: Counts = {
  dispatches: 0,
  copies: 0,
  writes: 0,
  submits: 0,
  passes: 0,
  compiles: 0,
  buffers: 0,
  bytes: 0,
  bindGroups: 0,
  readbacks: 0,
};

/** Bytes of the buffers that exist. */
export interface BufferBytes {
  readonly live: number;
  /** The most that `live` has been. */
  readonly peak: number;
}

export interface Counting {
  /** To be used in the place of the device that was given. */
  readonly device: GPUDevice;
  readonly counts: Counts;
  readonly memory: BufferBytes;
  /** Sets all counts to zero. */
  reset(): void;
}

/** Wraps a device; the wrapped one is used in its place, by Heddle or by anything else. */
export function countingDevice(device: GPUDevice): Counting {
  const counts = { ...ZERO };
  const memory = { live: 0, peak: 0 };
  const count = (name: keyof Counts) => (): void => {
    counts[name]++;
  };
  const countedPass = (pass: GPUComputePassEncoder): GPUComputePassEncoder =>
    watch(pass, { dispatchWorkgroups: count('dispatches'), dispatchWorkgroupsIndirect: count('dispatches') });
  const countedEncoder = (encoder: GPUCommandEncoder): GPUCommandEncoder =>
    watch(encoder, { beginComputePass: count('passes'), copyBufferToBuffer: count('copies') }, { beginComputePass: countedPass });
  // Buffers go back into native calls, which take no proxy: the method of the object itself is replaced.
  const countedBuffer = (buffer: GPUBuffer): GPUBuffer => {
    const { mapAsync, destroy } = buffer;
    memory.live += buffer.size;
    memory.peak = Math.max(memory.peak, memory.live);
    buffer.destroy = (): undefined => {
      memory.live -= buffer.size;
      buffer.destroy = destroy;
      return destroy.call(buffer);
    };
    buffer.mapAsync = (mode, ...range): Promise<undefined> => {
      if (mode === 1) counts.readbacks++;
      return mapAsync.call(buffer, mode, ...range);
    };
    return buffer;
  };
  const queue = watch(device.queue, { submit: count('submits'), writeBuffer: count('writes') });
  const counted = watch(
    device,
    {
      createComputePipeline: count('compiles'),
      createComputePipelineAsync: count('compiles'),
      createBindGroup: count('bindGroups'),
      createBuffer: ({ size }) => {
        counts.buffers++;
        counts.bytes += size;
      },
    },
    { createCommandEncoder: countedEncoder, createBuffer: countedBuffer },
    { queue },
  );
  return { device: counted, counts, memory, reset: () => void Object.assign(counts, ZERO) };
}

type Methods<T> = { [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] };
type Before<T> = { [K in keyof Methods<T>]?: T[K] extends (...args: infer A) => unknown ? (...args: A) => void : never };
type After<T> = { [K in keyof Methods<T>]?: T[K] extends (...args: never[]) => infer R ? (result: R) => R : never };

/** The object with `before` called ahead of its methods, their results passed through `after`, and some properties replaced. */
function watch<T extends object>(target: T, before: Before<T>, after: After<T> = {}, replaced: Partial<T> = {}): T {
  const methods = new Map<PropertyKey, unknown>();
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return replaced[name as keyof T];
      if (methods.has(name)) return methods.get(name);
      // Native objects insist on being `this`.
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const ahead = before[name as keyof Before<T>] as ((...args: unknown[]) => void) | undefined;
      const pass = after[name as keyof After<T>] as ((result: unknown) => unknown) | undefined;
      const method = (...args: unknown[]): unknown => {
        ahead?.(...args);
        const result: unknown = Reflect.apply(value, target, args);
        return pass === undefined ? result : pass(result);
      };
      methods.set(name, method);
      return method;
    },
    set: (_, name, value) => Reflect.set(target, name, value, target),
  });
}
