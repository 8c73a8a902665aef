/** The kernel graph of a whole program: buffers, and the kernels in order, with the loops around them. */
import type { DType } from '../dtype.ts';
import type { Shape } from '../shape.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Kernel } from './kernel.ts';
import type { Lowering } from './lowerings.ts';

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
  | {
      readonly kind: 'loop';
      readonly loop: number;
      /** Its size is the number of steps, unless the loop has an `until`. */
      readonly counter: IndexVariable;
      readonly steps: readonly GraphStep[];
      /** The loop ends after an even number of steps when the int32 in this buffer is 0; further steps would change nothing. */
      readonly until?: number;
    };

/** Kernels name buffers by their position in `buffers`. */
export interface KernelGraph {
  readonly buffers: readonly GraphBuffer[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly steps: readonly GraphStep[];
  /** How the loops of the program run. */
  readonly lowerings: readonly Lowering[];
}

/** The kernels in the order in which they stand, each once. */
export function kernelsOf(steps: readonly GraphStep[]): Kernel[] {
  return steps.flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : kernelsOf(step.steps)));
}
