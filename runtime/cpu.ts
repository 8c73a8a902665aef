/** The device `cpu`: runs host code on host arrays, at once. It always exists. */
import type { HostArray, TypedArray } from '../compiler/dtype.ts';
import { HeddleError } from '../compiler/errors.ts';
import { DEFAULT_PROFILE } from '../compiler/program.ts';
import type { DeviceProfile } from '../compiler/program.ts';
import type { CallSite, Device, Executable, ExecutableStats, LoadableCode, MemoryReport } from './device.ts';
import { FailureReporter } from './failures.ts';
import { Holdings } from './holdings.ts';
import { checkDonations, checkInput, consumeDonated } from './inputs.ts';
import { macrotask } from './macrotask.ts';
import { Storage } from './storage.ts';
import { Submission, inputFailed } from './submission.ts';

const NO_STATS: ExecutableStats = {
  kernels: 0,
  dispatches: 0,
  submits: 0,
  compiles: 0,
  compileMs: 0,
  buffers: 0,
  temporaryBytes: 0,
};

class HostExecutable implements Executable {
  readonly label: string;
  readonly evaluate: (inputs: readonly HostArray[]) => HostArray[];
  readonly stats: ExecutableStats = NO_STATS;

  constructor({ label, evaluate }: Extract<LoadableCode, { kind: 'host' }>) {
    this.label = label;
    this.evaluate = evaluate;
  }

  async compile(): Promise<void> {}
}

class CpuDevice implements Device {
  readonly kind = 'cpu';
  readonly label = 'cpu';
  readonly profile: DeviceProfile = DEFAULT_PROFILE;
  readonly lost = false;
  readonly #holdings = new Holdings();
  readonly #failures = new FailureReporter();

  load(code: LoadableCode): Executable {
    if (code.kind === 'host') return new HostExecutable(code);
    throw new HeddleError('INTERNAL', `${code.program.label} is a program for a GPU, and cpu runs host code`);
  }

  run(executable: Executable, inputs: readonly Storage[], call: CallSite): Storage[] {
    if (!(executable instanceof HostExecutable)) {
      const problem = `${executable.label} was not loaded by cpu`;
      throw new HeddleError('DEVICE_MISMATCH', problem, { fix: 'cpu.load(code)' }).at(call.where);
    }
    for (const input of inputs) {
      checkInput(this, input, call);
      const error = errorOf(input);
      if (error !== null) throw this.#failures.deliver(inputFailed(error, call));
    }
    checkDonations(inputs, call);
    const results = executable.evaluate(inputs.map((input) => input.hostData!));
    const failed = this.#judge(results, call);
    const storages = results.map((array) => Storage.onHost(this, array, call, failed));
    for (const storage of storages) this.#holdings.add(storage, storage.bytes);
    consumeDonated(inputs, call);
    return storages;
  }

  upload(storages: readonly Storage[], call: CallSite): void {
    for (const storage of storages) checkInput(this, storage, call);
  }

  async read(storage: Storage): Promise<TypedArray> {
    checkInput(this, storage, { label: 'read' });
    const error = errorOf(storage);
    if (error !== null) throw this.#failures.deliver(error);
    return storage.hostData!.data.slice();
  }

  /** The call as one that failed, when its verdict says so. */
  #judge(results: readonly HostArray[], call: CallSite): Submission | null {
    const { verdict } = call;
    const error = verdict?.judge(verdict.results.map((position) => results[position]!.data)) ?? null;
    if (error === null) return null;
    const submission = new Submission(call, this.#failures);
    submission.fail(error);
    return submission;
  }

  async sync(): Promise<void> {
    await macrotask();
  }

  memory(): MemoryReport {
    const { bytes, peak } = this.#holdings;
    return { live: bytes, peak, pooled: 0, buffers: 0, holders: this.#holdings.holders() };
  }

  clear(): void {}

  destroy(): void {}
}

/** Why the call that made it failed; whoever asks will hear of it. */
function errorOf({ submission }: Storage): HeddleError | null {
  submission?.observe();
  return submission?.error ?? null;
}

/** Runs `host` code synchronously, with the reference interpreter of the primitives. */
export const cpu: Device = new CpuDevice();
