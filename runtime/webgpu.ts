/** The device of a GPU. */
import type { TypedArray } from '../compiler/dtype.ts';
import { HeddleError } from '../compiler/errors.ts';
import type { DeviceProfile } from '../compiler/program.ts';
import { prepareCall } from './call.ts';
import { openContext } from './context.ts';
import type { GpuContext, GpuOptions } from './context.ts';
import type { CallSite, Device, Executable, LoadableCode, MemoryReport, Verdict } from './device.ts';
import { GpuExecutable } from './executable.ts';
import { drive } from './drive.ts';
import { execute } from './execute.ts';
import { checkDonations, checkInput, checkSpecs, consumeDonated, lostError } from './inputs.ts';
import { describeArray, unpack } from './layout.ts';
import { describeAdapter, profileOf } from './limits.ts';
import { macrotask } from './macrotask.ts';
import { CallQueue } from './queue.ts';
import type { Storage } from './storage.ts';
import { Submission, inputFailed } from './submission.ts';

export class WebGpuDevice implements Device {
  readonly kind = 'webgpu';
  readonly label: string;
  readonly profile: DeviceProfile;
  /** The order of calls and reads. A loop that the host drives takes its turn here. */
  readonly queue: CallQueue = new CallQueue();
  readonly #context: GpuContext;
  readonly #owned: boolean;
  /** Submissions of which it is not known yet whether they failed. */
  readonly #inFlight = new Set<Submission>();
  /** Why the device is gone. */
  #loss: string | null = null;

  /** `owned`: the GPUDevice was made for this device, and goes with it. */
  constructor(gpu: GPUDevice, owned: boolean, options: GpuOptions = {}) {
    this.label = describeAdapter(gpu);
    this.profile = profileOf(gpu);
    this.#context = openContext(gpu, options);
    this.#owned = owned;
    void gpu.lost.then(({ message }) => this.#lose(`was lost: ${message}`));
  }

  get lost(): boolean {
    return this.#loss !== null;
  }

  load(code: LoadableCode): Executable {
    if (code.kind === 'program') {
      this.#assertUsable({ label: code.program.label });
      return new GpuExecutable(this, code.program, this.#context);
    }
    throw new HeddleError('INTERNAL', `${code.label} is code for the host, and ${this.label} runs programs`);
  }

  run(executable: Executable, inputs: readonly Storage[], call: CallSite): Storage[] {
    const code = this.#check(executable, inputs, call);
    const submission = new Submission(call, this.#context.failures);
    return submission.guard(this.#context.gpu, () => {
      const pipelines = code.pipelines();
      for (const { creation } of pipelines) submission.include(creation);
      const { buffers, deliver, hold, release } = prepareCall(this, this.#context, code, inputs, submission);
      submission.dependOn(inputs);
      const results = deliver();
      if (code.plan.hostDriven || this.queue.busy) hold(results);
      const { verdict } = call;
      if (verdict !== undefined) submission.judgedBy(() => this.#judge(verdict, results, call));
      const { steps, hostDriven } = code.plan;
      const operands = { pipelines, specs: code.program.buffers, buffers, recent: code.recentCalls };
      const submit = (): void => submission.submit(this.#context.gpu, () => execute(this.#context, steps, operands));
      this.#enqueue(submission, hostDriven ? () => drive(this.#context, steps, operands, submission) : submit, release);
      consumeDonated(inputs, call);
      this.#context.memory.pool.endCall();
      return results;
    });
  }

  upload(storages: readonly Storage[], call: CallSite): void {
    this.#assertUsable(call);
    for (const storage of storages) checkInput(this, storage, call);
    const submission = new Submission(call, this.#context.failures);
    submission.submit(this.#context.gpu, () => {
      for (const storage of storages) this.#context.residence.bufferOf(storage, call);
    });
  }

  async read(storage: Storage): Promise<TypedArray> {
    storage.assertAlive();
    if (storage.hostData !== null) return storage.hostData.data.slice();
    const { dtype, shape, submission: source } = storage;
    const label = `the read of ${describeArray(dtype, shape)}`;
    const call: CallSite = {
      label,
      get where(): string | undefined {
        return storage.where;
      },
    };
    checkInput(this, storage, call);
    this.#assertUsable(call);
    source?.observe();
    if (source?.error != null) throw this.#context.failures.deliver(source.error);

    const copying = new Submission(call, this.#context.failures);
    copying.observe();
    storage.retain();
    const data = new Promise<TypedArray>((resolve, reject) => {
      const copy = (): void => {
        const buffer = this.#context.residence.bufferOf(storage, call);
        this.#context.readback.copy(buffer, storage.bytes, (bytes) => unpack(dtype, shape, bytes)).then(resolve, reject);
      };
      this.#enqueue(copying, () => copying.submit(this.#context.gpu, copy), () => storage.release());
    });
    data.catch(() => {}); // It is awaited below, after what is known better.
    await source?.settled;
    await copying.settled;
    const failure = source?.error ?? copying.error;
    if (failure != null) throw this.#context.failures.deliver(failure);
    try {
      return await data;
    } catch (cause) {
      await macrotask(); // The loss of the device may be announced after the failure of the map.
      this.#assertUsable(call);
      throw new HeddleError('INTERNAL', `${call.label} could not map its staging buffer`, { cause }).at(call.where);
    }
  }

  async sync(): Promise<void> {
    const call: CallSite = { label: 'sync()' };
    this.#assertUsable(call);
    await this.queue.drained();
    await this.#context.gpu.queue.onSubmittedWorkDone().catch(() => {}); // It rejects when the device is lost: see below.
    await Promise.all([...this.#inFlight].map(({ settled }) => settled));
    await macrotask();
    this.#assertUsable(call);
  }

  memory(): MemoryReport {
    return this.#context.memory.report(this.#context.readback.count);
  }

  clear(): void {
    const { bindGroups, pipelines, memory, readback } = this.#context;
    bindGroups.clear();
    pipelines.clear();
    readback.clear();
    memory.pool.trim(0);
  }

  destroy(): void {
    this.clear();
    this.#context.memory.pool.close();
    this.#context.counters.destroy();
    for (const submission of this.#inFlight) submission.observe();
    this.#lose('was destroyed');
    if (this.#owned) this.#context.gpu.destroy();
  }

  /** Copies out what the verdict reads, and asks it. */
  async #judge({ results: positions, judge }: Verdict, results: readonly Storage[], call: CallSite): Promise<HeddleError | null> {
    const { readback, residence } = this.#context;
    const copies = positions.map((position) => {
      const { dtype, shape, bytes } = results[position]!;
      return readback.copy(residence.bufferOf(results[position]!, call), bytes, (data) => unpack(dtype, shape, data));
    });
    return judge(await Promise.all(copies));
  }

  /** Gives work to the GPU when it is its turn, then lets go of what was held for it. */
  #enqueue(submission: Submission, work: () => void | Promise<void>, release: () => void): void {
    this.#inFlight.add(submission);
    void submission.settled.then(() => {
      this.#inFlight.delete(submission);
      // The counters may be what could not be made.
      if (submission.error?.code === 'MEMORY') this.#context.counters.destroy();
    });
    const fail = (error: unknown): void => submission.fail(asHeddleError(error, submission.call));
    this.queue.enqueue(() => {
      try {
        this.#assertUsable(submission.call);
        const driven = work();
        // The loss of the device may be announced after the failure of a map.
        if (driven !== undefined) return driven.catch((error: unknown) => macrotask().then(() => fail(error))).finally(release);
      } catch (error) {
        fail(error);
      }
      release();
      return undefined;
    });
  }

  #check(executable: Executable, inputs: readonly Storage[], call: CallSite): GpuExecutable {
    this.#assertUsable(call);
    if (!(executable instanceof GpuExecutable) || executable.device !== this) {
      throw new HeddleError('DEVICE_MISMATCH', `${executable.label} was not loaded by ${this.label}`, {
        fix: 'device.load(code)',
      }).at(call.where);
    }
    checkSpecs(inputs, executable.inputs, executable.lastInputs, call);
    executable.lastInputs = inputs;
    for (const input of inputs) {
      checkInput(this, input, call);
      if (input.submission?.error == null) continue;
      input.submission.observe();
      throw this.#context.failures.deliver(inputFailed(input.submission.error, call));
    }
    checkDonations(inputs, call);
    return executable;
  }

  #assertUsable(call: CallSite): void {
    if (this.#loss !== null) throw lostError(`${call.label}: the device ${this.label} ${this.#loss}`, call);
  }

  #lose(reason: string): void {
    if (this.#loss !== null) return;
    this.#loss = reason;
    for (const submission of this.#inFlight) {
      submission.fail(lostError(`${submission.call.label}: the device ${this.label} ${reason}`, submission.call));
    }
  }
}

function asHeddleError(error: unknown, call: CallSite): HeddleError {
  if (error instanceof HeddleError) return error;
  return new HeddleError('INTERNAL', `${call.label} could not be encoded: ${String(error)}`, { cause: error }).at(call.where);
}
