/** The devices of the process: `init()` chooses the default one, `withDevice` another for the length of a function. */
import { userError } from './trace/user-error.ts';
import { cpu, openDevice } from '../runtime/index.ts';
import type { Device, InitOptions } from '../runtime/index.ts';

export interface HeddleInitOptions extends InitOptions {
  /** `never`: even small first-order operations on host tensors run on the device. Default `small`. */
  readonly host?: 'small' | 'never';
}

let chosen: Device | null = null;
let overriding: Device | null = null;
let hostPolicy: 'small' | 'never' = 'small';

/**
 * Opens a device and makes it the default: an injected GPUDevice, else `navigator.gpu`, else the npm package `webgpu`; without any
 * adapter the device `cpu`, with one warning that says why. May be called again, also after the device was lost.
 *
 * @throws NO_ADAPTER under `{ requireGpu: true }` when there is no adapter.
 */
export async function init(options: HeddleInitOptions = {}): Promise<Device> {
  const { host = 'small', ...rest } = options;
  const device = await openDevice(rest);
  chosen = device;
  hostPolicy = host;
  return device;
}

/** Runs the synchronous function `f` with `device` as the default. */
export function withDevice<T>(device: Device, f: () => T): T {
  const outer = overriding;
  overriding = device;
  try {
    return f();
  } finally {
    overriding = outer;
  }
}

/** The device on which programs run now, or null before init(). */
export function currentDevice(): Device | null {
  return overriding ?? chosen;
}

/** The device on which programs run now. @throws NOT_INITIALIZED before init(). */
export function defaultDevice(use: string): Device {
  const device = currentDevice();
  if (device !== null) return device;
  throw userError('NOT_INITIALIZED', `${use} needs a device, and none has been chosen yet`, {
    fix: 'await init()',
  });
}

/** Whether small operations on host tensors may be computed on the host. */
export function hostComputes(): boolean {
  return hostPolicy === 'small';
}

/** Waits until everything enqueued on the default device has run, then for a macrotask: the backpressure of long loops. */
export async function sync(): Promise<void> {
  await defaultDevice('sync()').sync();
}

/** What holds memory on the default device, by the line that made it. */
export function memory(): ReturnType<Device['memory']> {
  return defaultDevice('memory()').memory();
}

export { cpu };
