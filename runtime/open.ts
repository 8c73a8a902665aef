/** Choosing a device: an injected one, the browser's or Node's GPU, else `cpu`. */
import { openGpu } from '#adapter';
import { HeddleError } from '../compiler/errors.ts';
import { cpu } from './cpu.ts';
import type { Device, InitOptions } from './device.ts';
import { deviceDescriptor } from './limits.ts';
import { WebGpuDevice } from './webgpu.ts';

const HOW_TO_GET_A_GPU =
  'npx heddle doctor // in Node: npm install webgpu, and a driver for Vulkan, Metal or D3D12; in a browser: one with WebGPU';

/**
 * Opens a device: `options.device` as it is; else one of `options.adapter`, of `navigator.gpu`, or of the npm package `webgpu`,
 * with all limits of the adapter. When there is none, it is `cpu`, with one warning that says why.
 *
 * Throws NO_ADAPTER under `{ requireGpu: true }` when there is no adapter.
 */
export async function openDevice(options: InitOptions = {}): Promise<Device> {
  if (options.device !== undefined) return new WebGpuDevice(options.device, false, options);
  const found = await findDevice(options);
  if ('gpu' in found) return new WebGpuDevice(found.gpu, true, options);
  if (options.requireGpu) throw noAdapter(found.reason);
  console.warn(`heddle runs on cpu, its slow reference interpreter, because ${found.reason}\n  fix: ${HOW_TO_GET_A_GPU}`);
  return cpu;
}

/** The GPUDevice that `openDevice` would open, to be wrapped and injected. Throws NO_ADAPTER when there is none. */
export async function requestGpuDevice(options: Pick<InitOptions, 'adapter' | 'powerPreference'> = {}): Promise<GPUDevice> {
  const found = await findDevice(options);
  if ('reason' in found) throw noAdapter(found.reason);
  return found.gpu;
}

async function findDevice(options: InitOptions): Promise<{ gpu: GPUDevice } | { reason: string }> {
  try {
    const found = options.adapter === undefined ? await findAdapter(options) : { adapter: options.adapter };
    return 'reason' in found ? found : { gpu: await found.adapter.requestDevice(deviceDescriptor(found.adapter)) };
  } catch (error) {
    return { reason: `WebGPU gave no device: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function findAdapter({ powerPreference }: InitOptions): Promise<{ adapter: GPUAdapter } | { reason: string }> {
  const { navigator } = globalThis as { navigator?: { gpu?: GPU } };
  const opened = navigator?.gpu === undefined ? await openGpu() : { gpu: navigator.gpu };
  if ('reason' in opened) return opened;
  const adapter = await opened.gpu.requestAdapter(powerPreference === undefined ? {} : { powerPreference });
  return adapter === null ? { reason: 'WebGPU found no adapter on this machine' } : { adapter };
}

function noAdapter(reason: string): HeddleError {
  return new HeddleError('NO_ADAPTER', `there is no GPU: ${reason}`, { fix: HOW_TO_GET_A_GPU });
}
