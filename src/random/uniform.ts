/** Random bits and floats. */
import type { DType } from '../../compiler/dtype.ts';
import { sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType, shapeOf } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import { wordsOf } from './key.ts';
import type { Key } from './key.ts';
import { currentLayout } from './layout.ts';
import { hashEach, hashHalves } from './threefry.ts';

/** The shape of the result, or of a vector by its extent. */
export type SampleShape = number | readonly number[];

export interface BitsOptions {
  /** How many bits are drawn for each element, 8, 16 or 32 (default); they are the low bits of a uint32. */
  readonly bitWidth?: 8 | 16 | 32;
}

/** Uniformly distributed bits: uint32 of `shape`. jax.random.bits. */
export function bits(key: Key | Variable, shape: SampleShape = [], options: BitsOptions = {}): Tensor {
  const { bitWidth } = readOptions<Required<BitsOptions>>('random.bits', options, { bitWidth: 32 });
  const result = shapeOf('random.bits', shape, 'random.bits(key, [2, 3])');
  return np.reshape(flatBits(key, sizeOf(result), bitWidth), result);
}

export interface FloatOptions {
  /** `float32` (default) or `float16`. */
  readonly dtype?: DType;
}

export interface UniformOptions extends FloatOptions {
  /** Default 0. */
  readonly minval?: Operand;
  /** Default 1, which is not drawn itself. */
  readonly maxval?: Operand;
}

/**
 * Uniformly distributed floats in [minval, maxval), which are numbers or broadcast to `shape`. On [0, 1) they are JAX's bit for
 * bit. jax.random.uniform.
 *
 * @throws DTYPE unless `dtype` is a float, SHAPE when the bounds do not broadcast.
 */
export function uniform(key: Key | Variable, shape: SampleShape = [], options: UniformOptions = {}): Tensor {
  const { dtype, minval, maxval } = readOptions<Required<UniformOptions>>('random.uniform', options, {
    dtype: 'float32',
    minval: 0,
    maxval: 1,
  });
  const { bits: width, nmant } = np.finfo(dtype);
  const fraction = lax.shiftRightLogical(bits(key, shape, { bitWidth: width }), width - nmant);
  // An integer below 2^nmant times 2^-nmant is exact: JAX's numbers without its detour through the bits of [1, 2).
  const unit = lax.mul(lax.convertElementType(fraction, dtype), 2 ** -nmant);
  if (minval === 0 && maxval === 1) return unit;
  const [low, high] = [within(minval, unit.shape), within(maxval, unit.shape)];
  return asDType(np.maximum(low, np.add(np.multiply(unit, np.subtract(high, low)), low)), dtype);
}

/** A parameter of a distribution: a scalar, or a tensor broadcast to the shape of the sample. @throws SHAPE */
export function within(parameter: Operand, shape: readonly number[]): Operand {
  if (typeof parameter === 'number' || typeof parameter === 'boolean' || tensorOf(parameter).ndim === 0) return parameter;
  return np.broadcastTo(parameter, shape);
}

/** `size` words of random bits, of which only the low ones are set for a smaller width. */
function flatBits(key: Key | Variable, size: number, width: 8 | 16 | 32): Tensor {
  const words = wordsOf('random.bits', key);
  const mask = 2 ** width - 1;
  if (currentLayout() === 'partitionable') {
    const each = hashEach(words, size);
    return width === 32 ? each : lax.bitwiseAnd(each, mask);
  }
  const parts = 32 / width;
  const packed = hashHalves(words, Math.ceil(size / parts));
  if (parts === 1) return packed;
  // Each word holds its parts from the low bits up.
  const shifts = lax.mul(lax.broadcastedIota('uint32', [packed.size, parts], 1), width);
  const unpacked = lax.bitwiseAnd(lax.shiftRightLogical(lax.broadcastInDim(packed, [packed.size, parts], [0]), shifts), mask);
  return lax.sliceInDim(lax.reshape(unpacked, [packed.size * parts]), 0, size);
}
