/** The devices of the process: `init()` chooses the default one, `withDevice` another for the length of a function. */
import { readOptions } from './options.ts';
import { describeValue } from './trace/literal.ts';
import { rejectPromise } from './trace/promise.ts';
import { userError } from './trace/user-error.ts';
import { cpu, openDevice } from '../runtime/index.ts';
import type { Device, InitOptions } from '../runtime/index.ts';

export interface HeddleInitOptions extends InitOptions {
  /** `never`: even small first-order operations on host tensors run on the device. Default `small`. */
  readonly host?: 'small' | 'never';
}

let chosen: Device | null = null;
let opening: Promise<Device> | null = null;
let overriding: Device | null = null;
let hostPolicy: 'small' | 'never' = 'small';

/**
 * Opens a device and makes it the default: an injected GPUDevice, else `navigator.gpu`, else the npm package `webgpu`; without any
 * adapter the device `cpu`, with one warning that says why. Without options, further calls give the same device for as long as it
 * lives; with options they open another.
 *
 * @throws NO_ADAPTER under `{ requireGpu: true }` when there is no adapter; VALUE for options that do not exist.
 */
export async function init(options: HeddleInitOptions = {}): Promise<Device> {
  checkOptions(options);
  if (Object.keys(options).length > 0) return open(options);
  if (chosen !== null && !chosen.lost) return chosen;
  opening ??= open(options).finally(() => (opening = null));
  return opening;
}

async function open({ host = 'small', ...options }: HeddleInitOptions): Promise<Device> {
  const device = await openDevice(options);
  chosen = device;
  hostPolicy = host;
  return device;
}

function checkOptions(options: HeddleInitOptions): void {
  const { host, device } = readOptions<{ [Name in keyof HeddleInitOptions]-?: HeddleInitOptions[Name] | undefined }>('init', options, {
    host: 'small',
    requireGpu: false,
    powerPreference: undefined,
    memoryBudget: undefined,
    onError: undefined,
    dispatchesPerSubmit: undefined,
    adapter: undefined,
    device: undefined,
  });
  if (host !== 'small' && host !== 'never') {
    throw userError('VALUE', `init: host is ${describeValue(host)}, not small or never`, { fix: "await init({ host: 'never' })" });
  }
  if (device !== undefined && typeof device.createBuffer !== 'function') {
    throw userError('VALUE', `init: device is ${describeValue(device)}, not a GPUDevice`, { fix: 'await init()' });
  }
}

/** Runs the synchronous function `f` with `device` as the default. @throws PROMISE when `f` is asynchronous. */
export function withDevice<T>(device: Device, f: () => T): T {
  const outer = overriding;
  overriding = device;
  try {
    const result = f();
    rejectPromise(
      result,
      'withDevice() was given a function that returns a Promise, and the device is chosen only until it returns',
      'const y = withDevice(device, () => f(x)); await y.data()',
    );
    return result;
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
