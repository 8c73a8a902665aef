/** What a device is to the rest of Heddle: it loads code, runs calls in order, and copies results out. */
import type { HostArray, TypedArray } from '../compiler/dtype.ts';
import type { HeddleError } from '../compiler/errors.ts';
import type { DeviceProfile, Program } from '../compiler/program.ts';
import type { Storage } from './storage.ts';

export interface Device {
  readonly kind: 'webgpu' | 'cpu';
  /** `cpu`, or the adapter's description. */
  readonly label: string;
  readonly profile: DeviceProfile;
  /** True after the GPU was lost or `destroy()` was called; then every call throws DEVICE_LOST. */
  readonly lost: boolean;
  /**
   * Makes an executable. Its pipelines are created by its first run, or before that by `await executable.compile()`.
   * Throws LIMIT when the program needs more than the device has.
   */
  load(code: LoadableCode): Executable;
  /**
   * Enqueues one call and returns its results before the work is done. Inputs live on the host or on this device.
   * Throws a HeddleError when the call cannot be submitted; what fails later rejects the reads of its results.
   */
  run(executable: Executable, inputs: readonly Storage[], call: CallSite): Storage[];
  /** Copies host storages to the device now, which their first use would do; their elements stay on the host, too. */
  upload(storages: readonly Storage[], call: CallSite): void;
  /** Copies a storage out, ordered after every call enqueued before; the copy is enqueued before this returns. */
  read(storage: Storage): Promise<TypedArray>;
  /** Resolves in a macrotask after everything enqueued so far has completed, so that finalizers could run. */
  sync(): Promise<void>;
  memory(): MemoryReport;
  /** Drops the caches: bind groups, pipelines, free buffers. */
  clear(): void;
  destroy(): void;
}

/** A Program for WebGPU, or a function of host arrays for `cpu`. */
export type LoadableCode =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'host'; readonly label: string; evaluate(inputs: readonly HostArray[]): HostArray[] };

export interface Executable {
  readonly label: string;
  /** Creates what the first run would otherwise have to; rejects with VALIDATION when the device refuses a kernel. */
  compile(): Promise<void>;
  readonly stats: ExecutableStats;
}

export interface ExecutableStats {
  readonly kernels: number;
  /** Dispatches of one call, with one step of each loop that the host drives. */
  readonly dispatches: number;
  /**
   * Submits of one call: 1, or more when a long loop is cut to stay below the watchdog of the system. The chunks of a loop that
   * the host drives are not counted.
   */
  readonly submits: number;
  /** Pipelines created for this executable; those that another executable had created are not counted. */
  readonly compiles: number;
  readonly compileMs: number;
  /** Device buffers that one call uses. */
  readonly buffers: number;
  readonly temporaryBytes: number;
}

/** Who makes a call: for errors and for the memory report. */
export interface CallSite {
  /** The user's line, `file:line:column`. May be a getter: it is asked for only when somebody needs it. */
  readonly where?: string | undefined;
  readonly label: string;
  /**
   * Inputs that the call consumes: for each `true`, a successful `run` releases one count of that storage, and at count 0 its
   * memory is free for whatever is enqueued next.
   */
  readonly donate?: readonly boolean[] | undefined;
  /**
   * For each result, a storage of the caller's that may hold it from now on. Where nobody else has that storage, the result is
   * written over it: `run` gives it back as it is, with no further count. A call that throws leaves it as it was.
   */
  readonly into?: readonly (Storage | null)[] | undefined;
  /** Whether the call failed, by what it computed. */
  readonly verdict?: Verdict;
}

/** Reads some results of a call when it is done; when it gives an error, all results are failed values. */
export interface Verdict {
  /** The positions of the results that it reads. */
  readonly results: readonly number[];
  judge(arrays: readonly TypedArray[]): HeddleError | null;
}

export interface MemoryReport {
  /** Bytes of buffers that storages and calls in progress hold. */
  readonly live: number;
  /** The most that `live` has been. */
  readonly peak: number;
  /** Bytes of free buffers that are kept for reuse. */
  readonly pooled: number;
  /** Device buffers that exist for arrays and for reads, free ones included. */
  readonly buffers: number;
  /** What storages hold, by the line that made them, most bytes first. */
  readonly holders: readonly Holder[];
}

export interface Holder {
  readonly bytes: number;
  readonly count: number;
  readonly where: string;
}

export interface InitOptions {
  /** A GPUDevice to use as it is, with the limits and features it was made with. */
  readonly device?: GPUDevice;
  /** A GPUAdapter to request the device from. */
  readonly adapter?: GPUAdapter;
  /** Bytes of device memory above which an allocation throws MEMORY. */
  readonly memoryBudget?: number;
  /** Takes each failure that nobody awaited. Default: an unhandled rejection in Node, console.error in a browser. */
  readonly onError?: (error: HeddleError) => void;
  /** Throw NO_ADAPTER instead of falling back to `cpu`. */
  readonly requireGpu?: boolean;
  readonly powerPreference?: GPUPowerPreference;
  /** Dispatches after which a call is cut into a further submit. Default: 8,192. */
  readonly dispatchesPerSubmit?: number;
}
