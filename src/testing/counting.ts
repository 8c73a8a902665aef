/** A GPU that counts: dispatches, submits, compiled pipelines, buffers and bytes, as the WebGPU calls say. */
import { countingDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Counts } from '../../runtime/index.ts';

export interface CountingDevice {
  /** Give it to `init({ device })`. */
  readonly device: GPUDevice;
  readonly counts: Counts;
  /** Sets all counts to zero. */
  reset(): void;
}

/** Opens the GPU that `init()` would choose, with its calls counted. @throws NO_ADAPTER when there is none. */
export async function openCountingDevice(): Promise<CountingDevice> {
  return countingDevice(await requestGpuDevice());
}
