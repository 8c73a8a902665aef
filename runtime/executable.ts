/** A Program loaded onto a GPU: its plan, and the pipelines of its kernels. */
import type { Program } from '../compiler/program.ts';
import type { GpuContext } from './context.ts';
import type { Device, Executable, ExecutableStats } from './device.ts';
import { lostError } from './inputs.ts';
import { pipelineKey } from './pipelines.ts';
import type { Pipeline } from './pipelines.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import type { DeviceBuffer } from './pool.ts';
import { RecentCalls } from './recent-calls.ts';
import type { Storage, StorageSpec } from './storage.ts';

export class GpuExecutable implements Executable {
  readonly device: Device;
  readonly program: Program;
  readonly plan: Plan;
  readonly inputs: readonly StorageSpec[];
  readonly recentCalls: RecentCalls;
  /** Of the last call: the buffers of its allocations, its inputs, and what it wrote over. The next one is often like it. */
  lastTaken: readonly DeviceBuffer[] = [];
  lastInputs: readonly Storage[] = [];
  lastTargets: readonly (Storage | null)[] = [];
  readonly #context: GpuContext;
  readonly #keys: readonly string[];
  #pipelines: readonly Pipeline[] = [];
  /** How often pipelines had been dropped when these were looked up. */
  #removals = -1;
  #compiles = 0;
  #compileMs = 0;

  constructor(device: Device, program: Program, context: GpuContext) {
    this.device = device;
    this.program = program;
    this.plan = planOf(program, device.profile);
    this.inputs = program.inputs.map((index) => program.buffers[index]!);
    this.recentCalls = new RecentCalls(this.plan, context.bindGroups);
    this.#context = context;
    this.#keys = program.kernels.map(pipelineKey);
  }

  get label(): string {
    return this.program.label;
  }

  get stats(): ExecutableStats {
    const { dispatches, temporaryBytes, bufferCount } = this.plan;
    return {
      kernels: this.program.kernels.length,
      dispatches,
      submits: Math.ceil(dispatches / this.#context.dispatchesPerSubmit),
      compiles: this.#compiles,
      compileMs: this.#compileMs,
      buffers: bufferCount,
      temporaryBytes,
    };
  }

  async compile(): Promise<void> {
    if (this.device.lost) throw lostError(`${this.label}: the device ${this.device.label} is gone`, { label: this.label });
    const started = performance.now();
    const { kernels } = this.program;
    const made = await Promise.all(kernels.map((kernel, i) => this.#context.pipelines.prepare(this.#keys[i] ?? '', kernel)));
    this.#count(made.filter(Boolean).length, started);
  }

  /** The pipelines of the kernels, made on the spot where they are missing. */
  pipelines(): readonly Pipeline[] {
    const { pipelines } = this.#context;
    if (this.#removals === pipelines.removals) return this.#pipelines;
    const started = performance.now();
    const { removals } = pipelines;
    let compiles = 0;
    this.#pipelines = this.program.kernels.map((kernel, i) => {
      const key = this.#keys[i] ?? '';
      if (!pipelines.has(key)) compiles++;
      return pipelines.get(key, kernel);
    });
    this.#removals = removals;
    this.#count(compiles, started);
    return this.#pipelines;
  }

  #count(compiles: number, started: number): void {
    if (compiles === 0) return;
    this.#compiles += compiles;
    this.#compileMs += performance.now() - started;
  }
}
