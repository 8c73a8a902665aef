/** Executes Programs; knows nothing of JAX. */
export { countingDevice } from './counting.ts';
export type { BufferBytes, Counting, Counts } from './counting.ts';
export { cpu } from './cpu.ts';
export type {
  CallSite,
  Device,
  Executable,
  ExecutableStats,
  Holder,
  InitOptions,
  LoadableCode,
  MemoryReport,
  Verdict,
} from './device.ts';
export { otherDevice } from './inputs.ts';
export { openDevice, requestGpuDevice } from './open.ts';
export { Storage } from './storage.ts';
export type { StorageSpec } from './storage.ts';
export type { Submission } from './submission.ts';
