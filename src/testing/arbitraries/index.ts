/** Arbitraries of fast-check for what flows through Heddle: shapes, tensors, trees of them, programs, stacks of transforms. */
import { loadFastCheck } from '../fast-check.ts';
import type { Arbitrary } from '../fast-check.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { programArbitrary } from './programs.ts';
import type { DrawnProgram, ProgramBounds } from './programs.ts';
import { stackArbitrary } from './stacks.ts';
import type { StackBounds, TransformStack } from './stacks.ts';
import { pytreeArbitrary, shapeArbitrary, tensorArbitrary } from './values.ts';
import type { PytreeBounds, ShapeBounds, TensorBounds } from './values.ts';

export interface Arbitraries {
  /** Shapes of rank 0 to `maxRank` (2) whose extents are from `extents` ([1, 2, 3]); few, so that compiled programs serve again. */
  shapes(bounds?: ShapeBounds): Arbitrary<readonly number[]>;
  /** Tensors of a shape (or of drawn ones), `float32` between -2 and 2 unless told; without NaN. */
  tensors(shape?: readonly number[], bounds?: TensorBounds): Arbitrary<Tensor>;
  /** Arrays, objects and nulls over leaves. */
  pytrees<T>(leaf: Arbitrary<T>, bounds?: PytreeBounds): Arbitrary<unknown>;
  /** Functions from tensors to tensors with arguments for them: bounded values and slopes, matmuls, reductions, scans, branches. */
  programs(bounds?: ProgramBounds): Arbitrary<DrawnProgram>;
  /** Lists of transforms, to be applied to a program from the first to the last. */
  transformStacks(bounds?: StackBounds): Arbitrary<TransformStack>;
}

/** Loads fast-check, which must be installed. `const { tensors } = await arbitraries()`. */
export async function arbitraries(): Promise<Arbitraries> {
  const fc = await loadFastCheck();
  return {
    shapes: (bounds = {}) => shapeArbitrary(fc, bounds),
    tensors: (shape, bounds = {}) => (shape === undefined ? shapeArbitrary(fc, {}) : fc.constant(shape)).chain((drawn) =>
      tensorArbitrary(fc, drawn, bounds),
    ),
    pytrees: (leaf, bounds = {}) => pytreeArbitrary(fc, leaf, bounds),
    programs: (bounds = {}) => programArbitrary(fc, bounds),
    transformStacks: (bounds = {}) => stackArbitrary(fc, bounds),
  };
}
