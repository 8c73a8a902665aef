/** What the parts of a GPU device share. */
import { HeddleError } from '../compiler/errors.ts';
import { BindGroups } from './bindings.ts';
import { CounterTable } from './counters.ts';
import type { InitOptions } from './device.ts';
import { FailureReporter } from './failures.ts';
import { DeviceMemory } from './memory.ts';
import { Pipelines } from './pipelines.ts';
import { Readback } from './readback.ts';
import { Residence } from './residence.ts';

export type GpuOptions = Pick<InitOptions, 'memoryBudget' | 'onError' | 'dispatchesPerSubmit'>;

/** Enough that only loops of thousands of steps are cut, and few enough that a submit takes well below a second. */
const DISPATCHES_PER_SUBMIT = 8192;

export interface GpuContext {
  readonly gpu: GPUDevice;
  readonly memory: DeviceMemory;
  readonly residence: Residence;
  readonly pipelines: Pipelines;
  readonly bindGroups: BindGroups;
  readonly counters: CounterTable;
  readonly readback: Readback;
  readonly failures: FailureReporter;
  readonly dispatchesPerSubmit: number;
}

/** Throws VALUE for options that are not positive. */
export function openContext(gpu: GPUDevice, options: GpuOptions): GpuContext {
  checkPositive(options, 'memoryBudget', 2 ** 30);
  checkPositive(options, 'dispatchesPerSubmit', DISPATCHES_PER_SUBMIT);
  const memory = new DeviceMemory(gpu, options.memoryBudget);
  return {
    gpu,
    memory,
    residence: new Residence(gpu, memory),
    pipelines: new Pipelines(gpu),
    bindGroups: new BindGroups(gpu),
    counters: new CounterTable(gpu),
    readback: new Readback(gpu),
    failures: new FailureReporter(options.onError),
    dispatchesPerSubmit: options.dispatchesPerSubmit ?? DISPATCHES_PER_SUBMIT,
  };
}

function checkPositive(options: GpuOptions, name: 'memoryBudget' | 'dispatchesPerSubmit', example: number): void {
  const value = options[name];
  if (value === undefined || value > 0) return;
  throw new HeddleError('VALUE', `${name} is ${value}, not a positive number`, { fix: `await init({ ${name}: ${example} })` });
}
