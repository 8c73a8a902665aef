/** The kernel graph of a whole program: buffers, and the kernels in order, with the loops around them. */
import type { DType } from '../dtype.ts';
import type { Shape } from '../shape.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Kernel } from './kernel.ts';

/** Which of a loop's two buffers a carry is in depends on the step: see BufferRef in program.ts. */
export interface CarrySide {
  readonly loop: number;
  readonly side: 'read' | 'write';
  readonly initial: number;
  readonly even: number;
  readonly odd: number;
}

export interface GraphBuffer {
  /** `carry` names one side of a loop's carry and has no memory of its own. */
  readonly role: 'input' | 'output' | 'temporary' | 'carry';
  readonly dtype: DType;
  readonly shape: Shape;
  readonly carry?: CarrySide;
}

export type GraphStep =
  | { readonly kind: 'kernel'; readonly kernel: Kernel }
  | { readonly kind: 'loop'; readonly loop: number; readonly counter: IndexVariable; readonly steps: readonly GraphStep[] };

/** Kernels name buffers by their position in `buffers`. */
export interface KernelGraph {
  readonly buffers: readonly GraphBuffer[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: readonly GraphStep[];
}

/** The kernels in the order in which they stand, each once. */
export function kernelsOf(steps: readonly GraphStep[]): Kernel[] {
  return steps.flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : kernelsOf(step.steps)));
}
