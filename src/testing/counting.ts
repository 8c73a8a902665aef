/** A GPU that counts: dispatches, submits, compiled pipelines, buffers and bytes, as the WebGPU calls say. */
import { countingDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Counting } from '../../runtime/index.ts';

/** Give its `device` to `init({ device })`. */
export type CountingDevice = Counting;

/** Opens the GPU that `init()` would choose, with its calls counted. @throws NO_ADAPTER when there is none. */
export async function openCountingDevice(): Promise<CountingDevice> {
  return countingDevice(await requestGpuDevice());
}
