/** Compute pipelines: made once per device and WGSL text, with layouts that kernels of one signature share. */
import { HeddleError } from '../compiler/errors.ts';
import type { KernelCode } from '../compiler/program.ts';
import { inScope } from './scopes.ts';
import type { Fault, Outcome } from './scopes.ts';
import { STAGE_COMPUTE } from './usage.ts';

const MAX_PIPELINES = 4096;

/** How many pipelines this process has created: the tests report it. */
const COUNTER = Symbol.for('heddle.pipelines');

/** What binds to a pipeline: one per sequence of accesses and number of loop counters. */
export interface Layout {
  /** Tells layouts apart in the keys of caches. */
  readonly signature: string;
  readonly storages: GPUBindGroupLayout;
  /** null for a kernel that reads no loop counter. */
  readonly counters: GPUBindGroupLayout | null;
  readonly pipeline: GPUPipelineLayout;
}

export interface Pipeline {
  readonly gpuPipeline: GPUComputePipeline;
  readonly layout: Layout;
  /** Whether it could be made, as long as that is unknown. */
  creation: Outcome | null;
}

/** The key of a kernel's pipeline. */
export function pipelineKey(kernel: KernelCode): string {
  return `${signatureOf(kernel)}\n${kernel.wgsl}`;
}

function signatureOf({ bindings, loops }: KernelCode): string {
  return `${bindings.map((access) => (access === 'read' ? 'r' : 'w')).join('')}|${loops}`;
}

export class Pipelines {
  readonly #gpu: GPUDevice;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #beingMade = new Map<string, Promise<Fault | null>>();
  readonly #layouts = new Map<string, Layout>();
  readonly #counterLayouts = new Map<number, GPUBindGroupLayout>();
  #removals = 0;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** How often pipelines were dropped. */
  get removals(): number {
    return this.#removals;
  }

  has(key: string): boolean {
    return this.#pipelines.has(key);
  }

  /** The pipeline, made on the spot when it is missing. */
  get(key: string, kernel: KernelCode): Pipeline {
    const known = this.#pipelines.get(key);
    if (known !== undefined) return known;
    const layout = this.layoutOf(kernel);
    const [gpuPipeline, outcome] = inScope(this.#gpu, 'VALIDATION', () =>
      this.#gpu.createComputePipeline(this.#descriptor(kernel, layout)),
    );
    const pipeline: Pipeline = { gpuPipeline, layout, creation: null };
    pipeline.creation = this.#watch(key, kernel, pipeline, outcome);
    this.#keep(key, pipeline);
    return pipeline;
  }

  /** Makes the pipeline without blocking; tells whether it was missing. Rejects with VALIDATION when the device refuses it. */
  async prepare(key: string, kernel: KernelCode): Promise<boolean> {
    if (this.has(key)) return false;
    const known = this.#beingMade.get(key);
    const making = known ?? this.#make(key, kernel).finally(() => this.#beingMade.delete(key));
    this.#beingMade.set(key, making);
    const fault = await making;
    if (fault !== null) throw new HeddleError(fault.code, `WebGPU refused ${fault.message}`).at(kernel.sources[0]);
    return known === undefined;
  }

  layoutOf(kernel: KernelCode): Layout {
    const signature = signatureOf(kernel);
    let layout = this.#layouts.get(signature);
    if (layout === undefined) this.#layouts.set(signature, (layout = this.#makeLayout(signature, kernel)));
    return layout;
  }

  /** The layout of group 1 for a number of loop counters. */
  counterLayout(loops: number): GPUBindGroupLayout {
    let layout = this.#counterLayouts.get(loops);
    if (layout === undefined) {
      const buffer = { type: 'uniform', hasDynamicOffset: true, minBindingSize: 4 } as const;
      const entries = Array.from({ length: loops }, (_, binding) => ({ binding, visibility: STAGE_COMPUTE, buffer }));
      this.#counterLayouts.set(loops, (layout = this.#gpu.createBindGroupLayout({ entries })));
    }
    return layout;
  }

  clear(): void {
    this.#pipelines.clear();
    this.#removals++;
  }

  async #make(key: string, kernel: KernelCode): Promise<Fault | null> {
    const layout = this.layoutOf(kernel);
    const [creation, outcome] = inScope(this.#gpu, 'VALIDATION', () =>
      this.#gpu.createComputePipelineAsync(this.#descriptor(kernel, layout)),
    );
    const [made, fault] = await Promise.all([creation.catch((error: unknown) => String(error)), outcome]);
    if (typeof made === 'string') {
      // The scope knows what is wrong with the WGSL; the rejection only says that the module is invalid.
      return inKernel(kernel, fault ?? { code: 'VALIDATION', message: made });
    }
    if (!this.has(key)) this.#keep(key, { gpuPipeline: made, layout, creation: null });
    return null;
  }

  #descriptor({ wgsl, label }: KernelCode, layout: Layout): GPUComputePipelineDescriptor {
    const counted = globalThis as { [COUNTER]?: number };
    counted[COUNTER] = (counted[COUNTER] ?? 0) + 1;
    return { label, layout: layout.pipeline, compute: { module: this.#gpu.createShaderModule({ label, code: wgsl }) } };
  }

  async #watch(key: string, kernel: KernelCode, pipeline: Pipeline, outcome: Outcome): Promise<Fault | null> {
    const fault = await outcome;
    pipeline.creation = null;
    if (fault === null) return null;
    // The next call tries again, so that it hears the reason too.
    if (this.#pipelines.get(key) === pipeline) this.#remove(key);
    return inKernel(kernel, fault);
  }

  #keep(key: string, pipeline: Pipeline): void {
    this.#pipelines.set(key, pipeline);
    if (this.#pipelines.size <= MAX_PIPELINES) return;
    for (const oldest of this.#pipelines.keys()) {
      this.#remove(oldest);
      return;
    }
  }

  #remove(key: string): void {
    this.#pipelines.delete(key);
    this.#removals++;
  }

  #makeLayout(signature: string, { bindings, loops }: KernelCode): Layout {
    const entries = bindings.map((access, binding) => ({
      binding,
      visibility: STAGE_COMPUTE,
      buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' } as const,
    }));
    const storages = this.#gpu.createBindGroupLayout({ entries });
    const counters = loops === 0 ? null : this.counterLayout(loops);
    const bindGroupLayouts = counters === null ? [storages] : [storages, counters];
    return { signature, storages, counters, pipeline: this.#gpu.createPipelineLayout({ bindGroupLayouts }) };
  }
}

function inKernel({ label }: KernelCode, { code, message }: Fault): Fault {
  return { code, message: `kernel ${label}: ${message}` };
}
