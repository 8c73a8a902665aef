/** Encodes one call of a program: its dispatches in one pass and one submit, unless a limit of the encoder cuts it. */
import { HeddleError } from '../compiler/errors.ts';
import type { BufferPlan } from '../compiler/program.ts';
import type { GpuContext } from './context.ts';
import type { Pipeline } from './pipelines.ts';
import { CARRY_PHASES, carryPhase, resolve } from './plan.ts';
import type { PlannedDispatch, PlannedStep, PlannedWhile } from './plan.ts';
import type { CallBuffers, CallGroups, RecentCalls } from './recent-calls.ts';

/** What the steps of a call work with. */
export interface Operands {
  /** By kernel. */
  readonly pipelines: readonly Pipeline[];
  readonly specs: readonly BufferPlan[];
  readonly buffers: CallBuffers;
  readonly recent: RecentCalls;
}

/** Encodes and submits the steps. */
export function execute(context: GpuContext, steps: readonly PlannedStep[], operands: Operands): void {
  const encoder = new CallEncoder(context, operands);
  encoder.encode(steps);
  encoder.submit();
}

export class CallEncoder {
  readonly #context: GpuContext;
  readonly #operands: Operands;
  /** The current step of each loop. */
  readonly #counters: number[] = [];
  readonly #groups: CallGroups;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #dispatches = 0;
  #pipeline: Pipeline | null = null;
  #group: GPUBindGroup | null = null;

  constructor(context: GpuContext, operands: Operands) {
    this.#context = context;
    this.#operands = operands;
    this.#groups = operands.recent.groupsFor(operands.buffers);
  }

  encode(steps: readonly PlannedStep[]): void {
    for (const step of steps) {
      if (step.kind === 'run') this.#run(step.dispatches);
      else if (step.kind === 'dispatch') this.#dispatch(step);
      else if (step.kind === 'loop') this.encodeTimes(step, 0, step.length);
      else throw new HeddleError('INTERNAL', 'a loop that the host drives was to be encoded whole');
    }
  }

  /** The steps of a loop, with counters from `first`. */
  encodeTimes({ loop, steps }: Pick<PlannedWhile, 'loop' | 'steps'>, first: number, times: number): void {
    for (let i = first; i < first + times; i++) {
      this.#counters[loop] = i;
      this.encode(steps);
    }
  }

  /** Submits what is encoded, then a copy of the int32 that tells whether the loop still runs; resolves with that. */
  submitAsking({ running }: PlannedWhile): Promise<boolean> {
    const buffer = this.#operands.buffers[resolve(running, (loop) => this.#phase(loop))]!;
    const encoder = this.#endPass();
    const answer = this.#context.readback.stage(encoder, buffer, 4, (bytes) => new Int32Array(bytes, 0, 1)[0] !== 0);
    this.submit();
    return answer();
  }

  submit = (): void => {
    if (this.#encoder === null) return;
    this.#context.gpu.queue.submit([this.#endPass().finish()]);
    this.#encoder = null;
    this.#dispatches = 0;
  };

  /** As #dispatch does it one by one, but with everything at hand: most programs are one run. */
  #run(dispatches: readonly PlannedDispatch[]): void {
    const { dispatchesPerSubmit } = this.#context;
    const { pipelines } = this.#operands;
    const groups = this.#groups;
    for (let first = 0; first < dispatches.length; ) {
      if (this.#dispatches === dispatchesPerSubmit) this.submit();
      const end = Math.min(dispatches.length, first + dispatchesPerSubmit - this.#dispatches);
      const pass = this.#openPass();
      let [lastPipeline, lastGroup] = [this.#pipeline, this.#group];
      for (let i = first; i < end; i++) {
        const step = dispatches[i]!;
        const pipeline = pipelines[step.kernel]!;
        const group = (groups[step.group] ??= this.#bind(step, pipeline));
        if (pipeline !== lastPipeline) pass.setPipeline(pipeline.gpuPipeline);
        if (group !== lastGroup) pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(step.x, step.y, step.z);
        [lastPipeline, lastGroup] = [pipeline, group];
      }
      [this.#pipeline, this.#group] = [lastPipeline, lastGroup];
      this.#dispatches += end - first;
      first = end;
    }
  }

  #dispatch(step: PlannedDispatch): void {
    const { counters, dispatchesPerSubmit } = this.#context;
    const pipeline = this.#operands.pipelines[step.kernel]!;
    const group = this.#groupOf(step, pipeline);
    if (this.#dispatches === dispatchesPerSubmit) this.submit();
    if (step.loops.length > 0) counters.place(step.loops, this.#counters, this.submit);
    const pass = this.#openPass();
    if (pipeline !== this.#pipeline) pass.setPipeline(pipeline.gpuPipeline);
    if (group !== this.#group) pass.setBindGroup(0, group);
    if (pipeline.layout.counters !== null) {
      pass.setBindGroup(1, counters.group(pipeline.layout.counters, step.loops.length), counters.offsets, 0, step.loops.length);
    }
    pass.dispatchWorkgroups(step.x, step.y, step.z);
    this.#pipeline = pipeline;
    this.#group = group;
    this.#dispatches++;
  }

  #openPass(): GPUComputePassEncoder {
    this.#encoder ??= this.#context.gpu.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  #endPass(): GPUCommandEncoder {
    this.#encoder ??= this.#context.gpu.createCommandEncoder();
    this.#pass?.end();
    this.#pass = null;
    this.#pipeline = null;
    this.#group = null;
    return this.#encoder;
  }

  #groupOf(step: PlannedDispatch, pipeline: Pipeline): GPUBindGroup {
    let variant = 0;
    for (const loop of step.carries) variant = variant * CARRY_PHASES + this.#phase(loop);
    return (this.#groups[step.group + variant] ??= this.#bind(step, pipeline));
  }

  #bind(step: PlannedDispatch, pipeline: Pipeline): GPUBindGroup {
    const { buffers, specs } = this.#operands;
    const phaseOf = (loop: number): number => this.#phase(loop);
    const bound = step.buffers.map((ref) => {
      const index = resolve(ref, phaseOf);
      return { buffer: buffers[index]!, bytes: specs[index]!.bytes };
    });
    return this.#context.bindGroups.get(pipeline.layout, bound);
  }

  #phase(loop: number): number {
    return carryPhase(this.#counters[loop] ?? 0);
  }
}
