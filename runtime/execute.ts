/** Encodes one call of a program: its dispatches in one pass and one submit, unless a limit of the encoder cuts it. */
import type { BoundBuffer } from './bindings.ts';
import type { GpuContext } from './context.ts';
import type { Pipeline } from './pipelines.ts';
import { CARRY_PHASES, carryPhase, resolve } from './plan.ts';
import type { PlannedDispatch, PlannedStep } from './plan.ts';

/** What the steps of a call work with. */
export interface Operands {
  /** By kernel. */
  readonly pipelines: readonly Pipeline[];
  /** By buffer of the program; those that no dispatch uses are missing. */
  readonly buffers: readonly (BoundBuffer | undefined)[];
}

/** Encodes and submits the steps. */
export function execute(context: GpuContext, steps: readonly PlannedStep[], operands: Operands): void {
  const encoder = new CallEncoder(context, operands);
  encoder.encode(steps);
  encoder.submit();
}

class CallEncoder {
  readonly #context: GpuContext;
  readonly #operands: Operands;
  /** The current step of each loop. */
  readonly #counters: number[] = [];
  /** The bind groups of each dispatch, by the phases of its carries. */
  readonly #groups: GPUBindGroup[][] = [];
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #dispatches = 0;
  #pipeline: Pipeline | null = null;
  #group: GPUBindGroup | null = null;

  constructor(context: GpuContext, operands: Operands) {
    this.#context = context;
    this.#operands = operands;
  }

  encode(steps: readonly PlannedStep[]): void {
    for (const step of steps) {
      if (step.kind === 'dispatch') {
        this.#dispatch(step);
        continue;
      }
      for (let i = 0; i < step.length; i++) {
        this.#counters[step.loop] = i;
        this.encode(step.steps);
      }
    }
  }

  submit = (): void => {
    if (this.#encoder === null) return;
    this.#pass?.end();
    this.#context.gpu.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#pass = null;
    this.#pipeline = null;
    this.#group = null;
    this.#dispatches = 0;
  };

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
    pass.dispatchWorkgroups(...step.grid);
    this.#pipeline = pipeline;
    this.#group = group;
    this.#dispatches++;
  }

  #openPass(): GPUComputePassEncoder {
    this.#encoder ??= this.#context.gpu.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  #groupOf(step: PlannedDispatch, pipeline: Pipeline): GPUBindGroup {
    const groups = (this.#groups[step.id] ??= []);
    let variant = 0;
    for (const loop of step.carries) variant = variant * CARRY_PHASES + this.#phase(loop);
    return (groups[variant] ??= this.#bind(step, pipeline));
  }

  #bind(step: PlannedDispatch, pipeline: Pipeline): GPUBindGroup {
    const phaseOf = (loop: number): number => this.#phase(loop);
    const buffers = step.buffers.map((ref) => this.#operands.buffers[resolve(ref, phaseOf)]!);
    return this.#context.bindGroups.get(pipeline.layout, buffers);
  }

  #phase(loop: number): number {
    return carryPhase(this.#counters[loop] ?? 0);
  }
}
