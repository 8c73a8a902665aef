/** Functions that move elements without computing: they compile to index arithmetic. Axes are counted from the front. */
import type { DType } from '../../compiler/dtype.ts';
import { knownDType, readOptions } from '../options.ts';
import { apply, cast } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { applySame, atomOf, sameType } from './operands.ts';
import type { LaxOperand } from './operands.ts';

/** The elements of x, row-major, in another shape of the same size. jax.lax.reshape. @throws SHAPE for another size. */
export function reshape(x: LaxOperand, newSizes: readonly number[]): Tensor {
  return apply('reshape', [atomOf(x)], { newSizes });
}

/** Axis i of the result is axis `permutation[i]` of x. jax.lax.transpose. @throws AXIS unless it is a permutation. */
export function transpose(x: LaxOperand, permutation: readonly number[]): Tensor {
  return apply('transpose', [atomOf(x)], { permutation });
}

/**
 * x repeated to `shape`: axis i of x becomes axis `broadcastDimensions[i]`, which has its extent, or any if that is 1.
 * jax.lax.broadcast_in_dim.
 *
 * @throws SHAPE when the extents do not fit.
 */
export function broadcastInDim(x: LaxOperand, shape: readonly number[], broadcastDimensions: readonly number[]): Tensor {
  return apply('broadcast_in_dim', [atomOf(x)], { shape, broadcastDimensions });
}

/** x repeated along new leading axes of extents `sizes`. jax.lax.broadcast. */
export function broadcast(x: LaxOperand, sizes: readonly number[]): Tensor {
  const { shape } = atomOf(x).aval;
  return broadcastInDim(x, [...sizes, ...shape], shape.map((_, axis) => axis + sizes.length));
}

/** x with axes of extent 1 put in, so that they are `dimensions` of the result. jax.lax.expand_dims. */
export function expandDims(x: LaxOperand, dimensions: readonly number[]): Tensor {
  const { shape } = atomOf(x).aval;
  const result = new Array<number>(shape.length + dimensions.length).fill(1);
  const kept = [...result.keys()].filter((axis) => !dimensions.includes(axis));
  kept.forEach((axis, i) => (result[axis] = shape[i] ?? 1));
  return broadcastInDim(x, result, kept);
}

/** x without the axes `dimensions`, which have extent 1. jax.lax.squeeze. @throws SHAPE for another extent. */
export function squeeze(x: LaxOperand, dimensions: readonly number[]): Tensor {
  return reshape(x, atomOf(x).aval.shape.filter((_, axis) => !dimensions.includes(axis)));
}

/**
 * The box from `startIndices` up to and without `limitIndices`, every `strides`-th element (default all). jax.lax.slice.
 *
 * @throws SHAPE for indices outside x.
 */
export function slice(
  x: LaxOperand,
  startIndices: readonly number[],
  limitIndices: readonly number[],
  strides: readonly number[] = startIndices.map(() => 1),
): Tensor {
  return apply('slice', [atomOf(x)], { startIndices, limitIndices, strides });
}

export interface SliceInDimOptions {
  /** Default 0. */
  readonly axis?: number;
  /** Default 1. */
  readonly stride?: number;
}

/** `slice` along one axis. jax.lax.slice_in_dim. */
export function sliceInDim(x: LaxOperand, start: number, limit: number, options: SliceInDimOptions = {}): Tensor {
  const { axis, stride } = readOptions('lax.sliceInDim', options, { axis: 0, stride: 1 });
  const { shape } = atomOf(x).aval;
  const along = (value: number, others: (extent: number) => number): number[] =>
    shape.map((extent, i) => (i === axis ? value : others(extent)));
  return slice(x, along(start, () => 0), along(limit, (extent) => extent), along(stride, () => 1));
}

/**
 * x with `[low, high, interior]` copies of the scalar `value` before, after and between the elements of each axis; negative low
 * and high crop. jax.lax.pad.
 */
export function pad(x: LaxOperand, value: LaxOperand, paddingConfig: readonly (readonly [number, number, number])[]): Tensor {
  return applySame('pad', [x, value], { paddingConfig });
}

/** Operands of one dtype joined along an axis. jax.lax.concatenate. @throws SHAPE when the other axes differ. */
export function concatenate(operands: readonly LaxOperand[], dimension: number): Tensor {
  return apply('concatenate', sameType(operands), { dimension });
}

/** x in reverse order along the axes `dimensions`. jax.lax.rev. */
export function rev(x: LaxOperand, dimensions: readonly number[]): Tensor {
  return apply('rev', [atomOf(x)], { dimensions });
}

/** 0, 1, ... `size` - 1. jax.lax.iota. */
export function iota(dtype: DType, size: number): Tensor {
  return broadcastedIota(dtype, [size], 0);
}

/** A tensor of `shape` whose elements are their own positions along the axis `dimension`. jax.lax.broadcasted_iota. */
export function broadcastedIota(dtype: DType, shape: readonly number[], dimension: number): Tensor {
  const known = knownDType('lax.iota', dtype, (nearest) => `lax.iota('${nearest}', 8)`);
  return apply('iota', [], { dtype: known, shape, dimension });
}

/** A tensor of one value. jax.lax.full. @throws VALUE for a number that `dtype` does not hold. */
export function full(shape: readonly number[], value: LaxOperand, dtype?: DType): Tensor {
  const scalar = atomOf(value);
  const own = scalar.aval.weak ? 'float32' : scalar.aval.dtype;
  const wanted = knownDType('lax.full', dtype ?? own, (known) => `lax.full([2, 3], 0, '${known}')`);
  return broadcastInDim(cast(scalar, wanted), shape, []);
}
