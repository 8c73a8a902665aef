/** Written by `node dist/tools/tensor-methods.js` from the table in tensor.ts; a test fails when it is stale. */
import type { DType } from '../compiler/dtype.ts';
import type { SoftmaxOptions } from './nn/normalized.ts';
import type { Cumulative } from './numpy/cumulative.ts';
import type { DiagonalOptions } from './numpy/diagonals.ts';
import type { ArgOptions } from './numpy/extremes.ts';
import type { TakeOptions } from './numpy/indexing.ts';
import type { Axes } from './numpy/operands.ts';
import type { Reduce } from './numpy/reduce.ts';
import type { SumOptions } from './numpy/reductions.ts';
import type { Index } from './numpy/slice.ts';
import type { Sort } from './numpy/sorting.ts';
import type { VarianceOptions } from './numpy/statistics.ts';
import type { Operand } from './trace/bind.ts';
import type { Tensor } from './trace/tensor.ts';

/** The methods of Tensor. In their texts `x` is the tensor itself. */
export interface TensorMethods {
  /** x + y; of bools the disjunction. jax.numpy.add. */
  add(y: Operand): Tensor;

  /** x - y. jax.numpy.subtract. */
  sub(y: Operand): Tensor;

  /** x * y; of bools the conjunction. jax.numpy.multiply. */
  mul(y: Operand): Tensor;

  /** x / y as floats: integers and bools become float32. jax.numpy.divide. */
  div(y: Operand): Tensor;

  /** The largest integer not above x / y, in the operands' dtype. jax.numpy.floor_divide. */
  floorDivide(y: Operand): Tensor;

  /** What floorDivide leaves over, with the sign of y; of integers 0 for y = 0. jax.numpy.remainder. */
  mod(y: Operand): Tensor;

  /**
   * x to the power y; operands are promoted and broadcast. An exponent that is an integer number is multiplied out, exactly so
   * for integer x; other powers of a negative x are NaN. A tensor of integer exponents counts from 0: negative ones are not
   * checked. jax.numpy.power.
   *
   * @throws SHAPE when the shapes do not broadcast; VALUE for a negative integer number as exponent of integers.
   */
  pow(y: Operand): Tensor;

  /** -x; unsigned integers wrap. jax.numpy.negative. @throws DTYPE for bools. */
  neg(): Tensor;

  /** |x|. jax.numpy.abs. */
  abs(): Tensor;

  /** -1, 0 or 1 by the sign of x; NaN stays NaN. jax.numpy.sign. */
  sign(): Tensor;

  /** x * x. jax.numpy.square. */
  square(): Tensor;

  /** 1 / x. jax.numpy.reciprocal. */
  reciprocal(): Tensor;

  /** The larger of x and y; NaN when either is NaN. Operands broadcast. jax.numpy.maximum. @throws SHAPE */
  maximum(y: Operand): Tensor;

  /** The smaller of x and y; NaN when either is NaN. Operands broadcast. jax.numpy.minimum. @throws SHAPE */
  minimum(y: Operand): Tensor;

  /**
   * x brought into [low, high]; `null` is no bound, and where low is above high the result is high. Operands are promoted and
   * broadcast; NaN stays NaN. jax.numpy.clip.
   *
   * @throws SHAPE when the bounds do not broadcast with x.
   */
  clip(low?: Operand | null, high?: Operand | null): Tensor;

  /** The largest integer not above x, in the dtype of x. jax.numpy.floor. */
  floor(): Tensor;

  /** The smallest integer not below x, in the dtype of x. jax.numpy.ceil. */
  ceil(): Tensor;

  /** x to `decimals` places (default 0), ties to even, in the dtype of x. jax.numpy.round. */
  round(decimals?: number): Tensor;

  /** e to the power x. jax.numpy.exp. */
  exp(): Tensor;

  /** exp(x) - 1, accurate near 0. jax.numpy.expm1. */
  expm1(): Tensor;

  /** The natural logarithm; NaN below 0. jax.numpy.log. */
  log(): Tensor;

  /** log(1 + x), accurate near 0. jax.numpy.log1p. */
  log1p(): Tensor;

  /** The square root; NaN below 0. jax.numpy.sqrt. */
  sqrt(): Tensor;

  /** The sine of x in radians. jax.numpy.sin. */
  sin(): Tensor;

  /** The cosine of x in radians. jax.numpy.cos. */
  cos(): Tensor;

  /** The tangent of x in radians. jax.numpy.tan. */
  tan(): Tensor;

  /** The hyperbolic tangent. jax.numpy.tanh. */
  tanh(): Tensor;

  /** 1 / (1 + exp(-x)). jax.nn.sigmoid. */
  sigmoid(): Tensor;

  /** max(x, 0), with derivative 0 at 0 and of NaN. jax.nn.relu. */
  relu(): Tensor;

  /** exp(x) over its sum along an axis; the largest x is taken off first, so that nothing overflows. jax.nn.softmax. */
  softmax(options?: SoftmaxOptions): Tensor;

  /** The logarithm of softmax, without its division. jax.nn.log_softmax. */
  logSoftmax(options?: SoftmaxOptions): Tensor;

  /** Whether x = y. jax.numpy.equal. */
  equal(y: Operand): Tensor;

  /** Whether x differs from y; a NaN differs from everything. jax.numpy.not_equal. */
  notEqual(y: Operand): Tensor;

  /** Whether x < y. jax.numpy.less. */
  less(y: Operand): Tensor;

  /** Whether x <= y. jax.numpy.less_equal. */
  lessEqual(y: Operand): Tensor;

  /** Whether x > y. jax.numpy.greater. */
  greater(y: Operand): Tensor;

  /** Whether x >= y. jax.numpy.greater_equal. */
  greaterEqual(y: Operand): Tensor;

  /** Whether both are true; numbers are true unless 0. jax.numpy.logical_and. */
  logicalAnd(y: Operand): Tensor;

  /** Whether at least one is true; numbers are true unless 0. jax.numpy.logical_or. */
  logicalOr(y: Operand): Tensor;

  /** Whether x is false; numbers are false if 0. jax.numpy.logical_not. */
  logicalNot(): Tensor;

  /** The sum; bools count as int32. jax.numpy.sum. */
  sum(reduce?: Reduce<SumOptions>): Tensor;

  /** The product; bools count as int32. jax.numpy.prod. */
  prod(reduce?: Reduce<SumOptions>): Tensor;

  /** The arithmetic mean. jax.numpy.mean. */
  mean(reduce?: Reduce): Tensor;

  /** The variance, in two passes: the mean first, then the squares of what differs from it. jax.numpy.var. */
  var(reduce?: Reduce<VarianceOptions>): Tensor;

  /** The square root of the variance. jax.numpy.std. */
  std(reduce?: Reduce<VarianceOptions>): Tensor;

  /** The largest element; NaN wins. jax.numpy.max. @throws VALUE when there is none. */
  max(reduce?: Reduce): Tensor;

  /** The smallest element; NaN wins. jax.numpy.min. @throws VALUE when there is none. */
  min(reduce?: Reduce): Tensor;

  /** The largest element less the smallest. jax.numpy.ptp. @throws VALUE when there is none. */
  ptp(reduce?: Reduce): Tensor;

  /** Whether all elements are true (numbers: not 0): bool. jax.numpy.all. */
  all(reduce?: Reduce): Tensor;

  /** Whether any element is true (numbers: not 0): bool. jax.numpy.any. */
  any(reduce?: Reduce): Tensor;

  /**
   * The int32 position of the first largest element along an axis (bare or as an option), or in the flattened tensor; a NaN
   * counts as the largest. jax.numpy.argmax.
   *
   * @throws AXIS for an axis that x does not have, VALUE when there are no elements.
   */
  argmax(options?: number | null | ArgOptions): Tensor;

  /** As `argmax`, of the first smallest element; a NaN counts as the smallest. jax.numpy.argmin. @throws AXIS, VALUE */
  argmin(options?: number | null | ArgOptions): Tensor;

  /** The sums of all elements up to each; bools count as int32. jax.numpy.cumsum. */
  cumsum(options?: Cumulative): Tensor;

  /** The products of all elements up to each; bools count as int32. jax.numpy.cumprod. */
  cumprod(options?: Cumulative): Tensor;

  /** The elements in order. jax.numpy.sort. */
  sort(options?: Sort): Tensor;

  /** The int32 positions along the axis of the elements in order. jax.numpy.argsort. */
  argsort(options?: Sort): Tensor;

  /**
   * The matrix product over the last axis of x and the last but one of y; leading axes broadcast. A vector is a row on the left,
   * a column on the right, and its axis goes. jax.numpy.matmul.
   *
   * @throws SHAPE for scalars and for extents that differ.
   */
  matmul(y: Operand): Tensor;

  /**
   * The product over the last axis of x and the last but one (or only) of y; of a scalar the multiple. jax.numpy.dot. @throws
   * SHAPE
   */
  dot(y: Operand): Tensor;

  /** The diagonal over two axes, which give way to one at the end. jax.numpy.diagonal. @throws AXIS */
  diagonal(options?: DiagonalOptions): Tensor;

  /** x in another dtype: floats truncate towards zero to integers, and all but 0 is true. jax.numpy.astype. */
  astype(dtype: DType): Tensor;

  /** The elements, row-major, in another shape; one extent may be -1: what the size leaves. jax.numpy.reshape. @throws SHAPE */
  reshape(newShape: number | readonly number[]): Tensor;

  /** The elements, row-major, along one axis: shape [size]. jax.numpy.ravel. */
  ravel(): Tensor;

  /** Axis i of the result is axis `axes[i]` of x; without `axes` they are reversed. jax.numpy.transpose. @throws AXIS */
  transpose(axes?: readonly number[]): Tensor;

  /** Two axes exchanged. jax.numpy.swapaxes. @throws AXIS */
  swapaxes(axis1: number, axis2: number): Tensor;

  /**
   * Without axes of extent 1: all of them, or those named. jax.numpy.squeeze. @throws AXIS; SHAPE for a named axis of another
   * extent.
   */
  squeeze(axis?: Axes | { readonly axis?: Axes }): Tensor;

  /** With axes of extent 1 put in, so that they are the axes `axis` of the result. jax.numpy.expand_dims. @throws AXIS */
  expandDims(axis: number | readonly number[]): Tensor;

  /** x repeated to `newShape` by NumPy's rules. jax.numpy.broadcast_to. @throws SHAPE */
  broadcastTo(newShape: readonly number[]): Tensor;

  /**
   * Each element `repeats` times in a row, along an axis or (by default) of the flattened tensor. jax.numpy.repeat, static
   * repeats.
   */
  repeat(repeats: number, options?: { readonly axis?: number | null }): Tensor;

  /**
   * The elements of x at integer `indices` along an axis: its extent gives way to the shape of the indices. jax.numpy.take.
   *
   * @throws AXIS; DTYPE for indices that are not integers.
   */
  take(indices: Operand | readonly number[], options?: TakeOptions): Tensor;

  /**
   * The part of x that NumPy writes `x[1, 2:5, None, ..., ::-1]`: `x.slice(1, [2, 5], null, '...', [null, null, -1])`. Axes
   * without an entry are whole. Ranges are cut to the extent; a tensor index out of range gives NaN, the lowest int32, the
   * highest uint32 or true.
   *
   * @throws AXIS for more entries than axes; VALUE for a number outside its axis; DTYPE for a tensor that is not of integers.
   */
  slice(...indices: readonly Index[]): Tensor;

  /** The slices along axis 0, so that `const [a, b] = random.split(key)`. @throws AXIS for a scalar. */
  [Symbol.iterator](): Generator<Tensor>;
}
