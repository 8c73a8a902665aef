/** A WGSL module under construction: its bindings, its helper functions and the body of its one entry point. */
import type { DType } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import type { Kernel, Store } from '../fuse/kernel.ts';
import type { DeviceProfile, KernelCode } from '../program.ts';
import type { Expr, WgslHelper } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import { Bindings } from './bindings.ts';
import { Block, Names } from './block.ts';
import { Emitter, Env } from './expressions.ts';
import { TermTable, type ModuleScope, type Place } from './terms.ts';

/** A kernel in WGSL and how to dispatch it. */
export interface GeneratedKernel {
  readonly code: KernelCode;
  /** Buffers of the kernel graph, in the order of the storage bindings. */
  readonly buffers: readonly number[];
  readonly grid: Grid;
}

export type Grid = readonly [x: number, y: number, z: number];

/** How the entry point is called. */
export interface Launch {
  /** Invocations of a workgroup. */
  readonly workgroup: number;
  readonly grid: Grid;
}

/** Parameters of the entry point. */
const PARAMETERS = {
  thread: '@builtin(global_invocation_id) thread: vec3u',
  group: '@builtin(workgroup_id) group: vec3u',
  lane: '@builtin(local_invocation_index) lane: u32',
} as const;

export class ModuleWriter implements ModuleScope {
  readonly kernel: Kernel;
  readonly profile: DeviceProfile;
  /** The body of the entry point. */
  readonly root: Block = new Block(new Names(['main', ...Object.keys(PARAMETERS)]));
  readonly bindings: Bindings = new Bindings((name) => this.root.exact(name));
  readonly emitter: Emitter = new Emitter(new TermTable(this), this.root);
  /** What has a value from the start: the counters of the loops around the kernel. */
  readonly env: Env;
  readonly #helpers = new Map<string, WgslHelper>();
  readonly #parameters = new Set<keyof typeof PARAMETERS>();
  readonly #arrays: string[] = [];
  readonly #kept = new Map<number, (index: Index) => Place>();
  #float16 = false;

  constructor(kernel: Kernel, profile: DeviceProfile) {
    this.kernel = kernel;
    this.profile = profile;
    const counters = kernel.loops.map(({ name }, position) => [name, this.root.exact(`t${position}`)] as const);
    this.env = new Env().bind(this.root, counters);
    if (kernel.guard === undefined) return;
    const flag = this.bindings.load(kernel.guard.buffer, 'int32');
    this.root.line(`if (${flag}[0] != ${kernel.guard.branch}i) { return; }`);
  }

  /** Counts every expression that the kernel will write, so that shared ones can be told from others. */
  count(roots: readonly (Expr | Index)[], stores: readonly Store[]): void {
    for (const root of roots) this.emitter.table.use(root);
    for (const { buffer, value, index } of stores) {
      this.emitter.table.use(value);
      this.emitter.table.use(this.#kept.get(buffer)?.(index).index ?? index);
    }
    stores.forEach((store) => this.#target(store));
  }

  /** From now on elements of the buffer are where `place` says, for a flat index into the buffer. */
  keep(buffer: number, place: (index: Index) => Place): void {
    this.#kept.set(buffer, place);
  }

  load(buffer: number, dtype: DType, index: Index): Place {
    return this.#kept.get(buffer)?.(index) ?? { array: this.bindings.load(buffer, dtype), index };
  }

  #target({ buffer, dtype, index }: Store): Place {
    return this.#kept.get(buffer)?.(index) ?? { array: this.bindings.store(buffer, dtype), index };
  }

  requireFloat16(): void {
    if (!this.profile.float16) {
      const problem = `${this.kernel.label}: float16 needs the device feature shader-f16, which is missing`;
      throw new HeddleError('FEATURE', problem, { fix: `x.astype('float32')` });
    }
    this.#float16 = true;
  }

  require(helper: WgslHelper): void {
    const known = this.#helpers.get(helper.name);
    if (known !== undefined && known.code !== helper.code) {
      throw new HeddleError('INTERNAL', `code generation: two WGSL helpers are called '${helper.name}'`);
    }
    if (known !== undefined) return;
    helper.uses.forEach((used) => this.require(used));
    this.#helpers.set(helper.name, helper);
  }

  /** A parameter of the entry point. */
  parameter(name: keyof typeof PARAMETERS): string {
    this.#parameters.add(name);
    return name;
  }

  /** The name of a new array in workgroup memory. */
  workgroupArray(type: string, size: number): string {
    const name = this.root.numbered('shared');
    this.#arrays.push(`var<workgroup> ${name}: array<${type}, ${size}>;`);
    return name;
  }

  /**
   * Computes what is stored, and returns the statements that store it. A buffer may be loaded and stored in one kernel, so
   * several values are all computed before the first is stored.
   */
  stores(stores: readonly Store[], env: Env, block: Block): string[] {
    const several = stores.length > 1;
    return stores.map((store) => {
      const text = this.emitter.text(store.value, env, block, several);
      const { array, index } = this.#target(store);
      return `${array}[${this.emitter.text(index, env, block, several)}] = ${toStorage(text, store.dtype)};`;
    });
  }

  finish(launch: Launch): GeneratedKernel {
    const { kernel, bindings } = this;
    this.#checkLimits(launch.grid);
    // The label is not part of the text: kernels of one text are one pipeline.
    const parameters = [...this.#parameters].map((name) => PARAMETERS[name]);
    const sections = [
      this.#float16 ? ['enable f16;'] : [],
      [
        ...bindings.declarations(),
        ...kernel.loops.map((_, position) => `@group(1) @binding(${position}) var<uniform> t${position}: u32;`),
        ...this.#arrays,
      ],
      ...[...this.#helpers.values()].map(({ code }) => [code.trim()]),
      [
        `@compute @workgroup_size(${launch.workgroup})`,
        `fn main(${parameters.join(', ')}) {`,
        ...this.root.lines.map((line) => `  ${line}`),
        '}',
      ],
    ];
    const code: KernelCode = {
      label: kernel.label,
      kind: kernel.kind,
      wgsl: `${sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n')}\n`,
      bindings: bindings.accesses(),
      loops: kernel.loops.length,
      sources: sourceTexts(kernel),
    };
    return { code, buffers: bindings.buffers(), grid: launch.grid };
  }

  #checkLimits(grid: Grid): void {
    const { label } = this.kernel;
    const { maxStorageBuffersPerShaderStage: most, maxComputeWorkgroupsPerDimension: widest } = this.profile;
    if (this.bindings.size > most) {
      const problem = `${label}: a kernel of ${this.bindings.size} buffers; the device binds at most ${most} at once`;
      throw new HeddleError('LIMIT', problem);
    }
    if (grid.some((extent) => extent > widest)) {
      const problem = `${label}: a grid of [${grid.join(',')}] workgroups; the device runs at most ${widest} per dimension`;
      throw new HeddleError('LIMIT', problem);
    }
  }
}

export function sourceTexts({ sources }: Kernel): string[] {
  return [...new Set(sources.map(({ file, line, column }) => `${file}:${line}:${column}`))];
}

/** A value as it lies in a buffer. */
export function toStorage(text: string, dtype: DType): string {
  return dtype === 'bool' ? `select(0u, 1u, ${text})` : text;
}
