/**
 * A Program: what the runtime executes. Plain data that survives JSON: WGSL texts, the buffers they need, and a replay plan.
 */
import type { DType } from './dtype.ts';

/** What the compiler must know of a device. */
export interface DeviceProfile {
  /** Software adapters (SwiftShader, lavapipe) want register schedules without barriers, because compiling costs most there. */
  readonly software: boolean;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly float16: boolean;
  readonly subgroups: boolean;
}

/** The WebGPU default limits, without optional features: every Program must also be possible there. */
export const DEFAULT_PROFILE: DeviceProfile = {
  software: false,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 134_217_728,
  maxBufferSize: 268_435_456,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
  float16: false,
  subgroups: false,
};

/**
 * A buffer of the plan. Inputs come with the call, outputs are allocated per call and outlive it, temporaries live in slots:
 * temporaries of one slot never live at the same time and share one device buffer.
 */
export interface BufferPlan {
  readonly role: 'input' | 'output' | 'temporary';
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** At least 4, a multiple of 4. */
  readonly bytes: number;
  /** For temporaries only. */
  readonly slot: number | null;
}

/**
 * A buffer named by number, or the carry of a loop: step 0 reads `initial` and writes `even`, step 1 reads `even` and writes `odd`,
 * step 2 reads `odd` and writes `even`, and so on.
 */
export type BufferRef =
  | number
  | {
      readonly loop: number;
      readonly side: 'read' | 'write';
      readonly initial: BufferRef;
      readonly even: number;
      readonly odd: number;
    };

export interface KernelCode {
  readonly label: string;
  readonly kind: 'map' | 'row' | 'contract' | 'scan' | 'group';
  readonly wgsl: string;
  /** Access of the storage bindings of group 0, in order of binding. */
  readonly bindings: readonly ('read' | 'read_write')[];
  /** How many loop counters it reads: uniform bindings 0, 1, ... of group 1, each a `u32` at a dynamic offset. */
  readonly loops: number;
  /** The user's lines it comes from, `file:line:column`. */
  readonly sources: readonly string[];
}

export type Step =
  | {
      readonly kind: 'dispatch';
      readonly kernel: number;
      readonly buffers: readonly BufferRef[];
      readonly grid: readonly [number, number, number];
      /** The loops whose counters are bound, in the order of the kernel's uniform bindings. */
      readonly loops: readonly number[];
    }
  /** The steps `length` times; loop counters start at 0. */
  | { readonly kind: 'loop'; readonly loop: number; readonly length: number; readonly steps: readonly Step[] }
  /**
   * The steps again and again, as in a loop, until after an even number of times the int32 in `running` is 0. From then on they
   * change nothing, so more may be encoded than needed. It stands in no other loop.
   */
  | { readonly kind: 'while'; readonly loop: number; readonly running: BufferRef; readonly steps: readonly Step[] };

export interface Program {
  readonly version: 1;
  readonly label: string;
  readonly buffers: readonly BufferPlan[];
  /** The buffer of each input of the call. */
  readonly inputs: readonly number[];
  /** The buffer of each result; a result may be an input's buffer, and two results may be one buffer. */
  readonly outputs: readonly number[];
  readonly kernels: readonly KernelCode[];
  readonly steps: readonly Step[];
}

/** The number of dispatches that one call encodes, where a `while` counts as one time its steps. */
export function countDispatches(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'dispatch' ? 1 : timesOf(step) * countDispatches(step.steps)), 0);
}

function timesOf(step: Exclude<Step, { readonly kind: 'dispatch' }>): number {
  return step.kind === 'loop' ? step.length : 1;
}
