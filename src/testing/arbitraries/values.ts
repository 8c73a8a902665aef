/** Shapes, tensors and trees. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { isFloat } from '../../../compiler/dtype.ts';
import type { DType } from '../../../compiler/dtype.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import { np } from '../../numpy/index.ts';
import type { Tensor } from '../../trace/tensor.ts';

export interface ShapeBounds {
  readonly maxRank?: number;
  readonly extents?: readonly number[];
}

export interface TensorBounds {
  readonly dtype?: DType;
  readonly min?: number;
  readonly max?: number;
}

export interface PytreeBounds {
  readonly maxDepth?: number;
}

/** Shapes of rank 0 to `maxRank` (2) whose extents are from `extents` ([1, 2, 3]): few, so that compiled programs serve again. */
export function shapes({ maxRank = 2, extents = [1, 2, 3] }: ShapeBounds = {}): Arbitrary<readonly number[]> {
  return fc.array(fc.constantFrom(...extents), { maxLength: maxRank });
}

/**
 * Tensors of a shape (default: of drawn ones), `float32` between -2 and 2 unless told, without NaN. Floats are sixteenths, so that a
 * failing example is easy to read.
 */
export function tensors(shape?: readonly number[], bounds: TensorBounds = {}): Arbitrary<Tensor> {
  return shape === undefined ? shapes().chain((drawn) => tensorsOf(drawn, bounds)) : tensorsOf(shape, bounds);
}

function tensorsOf(shape: readonly number[], bounds: TensorBounds): Arbitrary<Tensor> {
  const { dtype = 'float32', min = dtype === 'uint32' ? 0 : -2, max = 2 } = bounds;
  const size = sizeOf(shape);
  const whole = (factor: number): Arbitrary<number> =>
    fc.integer({ min: Math.ceil(min * factor), max: Math.floor(max * factor) }).map((n) => n / factor);
  const element = dtype === 'bool' ? fc.nat(1) : whole(isFloat(dtype) ? 16 : 1);
  return fc
    .array(element, { minLength: size, maxLength: size })
    .map((values) => np.array(values, { dtype }).reshape(shape));
}

/** Arrays, objects and nulls over leaves. */
export function pytrees<T>(leaf: Arbitrary<T>, { maxDepth = 2 }: PytreeBounds = {}): Arbitrary<unknown> {
  if (maxDepth === 0) return leaf;
  const child = pytrees(leaf, { maxDepth: maxDepth - 1 });
  return fc.oneof(
    leaf,
    fc.array(child, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('w', 'b', 'inner'), child, { maxKeys: 2 }),
    fc.constant(null),
  );
}
