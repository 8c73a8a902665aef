/** Tensors made from a shape. A dtype is float32 unless given or taken from an operand. */
import { allocate, roundTo } from '../../compiler/dtype.ts';
import type { DType } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { hostTensor } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { asDType, axisOf, fail, shapeOf } from './operands.ts';
import { broadcastTo } from './shape.ts';

export interface DTypeOptions {
  readonly dtype?: DType;
}

/** The options of functions that otherwise take the dtype of an operand. */
interface OwnDType {
  readonly dtype: DType | undefined;
}

/** The extents of a tensor; one number is a vector's. */
export type ShapeLike = number | readonly number[];

/** All zeros. jax.numpy.zeros. @throws SHAPE */
export function zeros(shape: ShapeLike, options: DTypeOptions = {}): Tensor {
  const { dtype } = readOptions<Required<DTypeOptions>>('np.zeros', options, { dtype: 'float32' });
  return lax.full(shapeOf('np.zeros', shape), 0, dtype);
}

/** All ones. jax.numpy.ones. @throws SHAPE */
export function ones(shape: ShapeLike, options: DTypeOptions = {}): Tensor {
  const { dtype } = readOptions<Required<DTypeOptions>>('np.ones', options, { dtype: 'float32' });
  return lax.full(shapeOf('np.ones', shape), 1, dtype);
}

/**
 * All `value`, a number or a tensor that broadcasts to `shape`. The dtype is that of a tensor, float32 of a number.
 * jax.numpy.full.
 *
 * @throws SHAPE; VALUE for a number that an integer dtype does not hold.
 */
export function full(shape: ShapeLike, value: Operand, options: DTypeOptions = {}): Tensor {
  const { dtype } = readOptions<OwnDType>('np.full', options, { dtype: undefined });
  const extents = shapeOf('np.full', shape, 'np.full([2, 3], 0)');
  if (typeof value === 'number' || typeof value === 'boolean') return lax.full(extents, value, dtype);
  const tensor = tensorOf(value);
  return broadcastTo(asDType(tensor, dtype ?? tensor.dtype), extents);
}

/** Zeros of the shape and dtype of x. jax.numpy.zeros_like. */
export function zerosLike(x: Operand, options: DTypeOptions = {}): Tensor {
  return like('np.zerosLike', x, 0, options);
}

/** Ones of the shape and dtype of x. jax.numpy.ones_like. */
export function onesLike(x: Operand, options: DTypeOptions = {}): Tensor {
  return like('np.onesLike', x, 1, options);
}

/** `value` in the shape and dtype of x. jax.numpy.full_like. @throws SHAPE, VALUE as `full` */
export function fullLike(x: Operand, value: Operand, options: DTypeOptions = {}): Tensor {
  return like('np.fullLike', x, value, options);
}

export interface EyeOptions extends DTypeOptions {
  /** Which diagonal: above the main one when positive. Default 0. */
  readonly k?: number;
}

/**
 * Ones on the k-th diagonal of a matrix of `rows` by `columns` (default `rows`), zeros beside it. jax.numpy.eye. @throws SHAPE
 */
export function eye(rows: number, columns: number = rows, options: EyeOptions = {}): Tensor {
  const { k, dtype } = readOptions<Required<EyeOptions>>('np.eye', options, { k: 0, dtype: 'float32' });
  const shape = shapeOf('np.eye', [rows, columns], 'np.eye(2, 3)');
  const row = lax.add(lax.broadcastedIota('int32', shape, 0), k);
  return lax.convertElementType(lax.eq(row, lax.broadcastedIota('int32', shape, 1)), dtype);
}

/** `eye(n)`. jax.numpy.identity. @throws SHAPE */
export function identity(n: number, options: DTypeOptions = {}): Tensor {
  return eye(n, n, options);
}

/**
 * The numbers from `start` (0 when one number is given) up to and without `stop`, `step` apart. int32 when all three are
 * integers, else float32. jax.numpy.arange.
 *
 * @throws VALUE for bounds that are not finite or a step of 0.
 */
export function arange(start: number, stop?: number, step = 1, options: DTypeOptions = {}): Tensor {
  const { dtype } = readOptions<OwnDType>('np.arange', options, { dtype: undefined });
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const size = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(size)) {
    fail('VALUE', `np.arange: there is no range from ${from} to ${to} in steps of ${step}`, 'np.arange(0, 10, 2)');
  }
  const isInt = [from, to, step].every(Number.isInteger);
  if (!isInt) return fromFunction(size, dtype ?? 'float32', (i) => from + i * step);
  const positions = lax.iota(dtype ?? 'int32', size);
  const scaled = step === 1 ? positions : lax.mul(positions, step);
  return from === 0 ? scaled : lax.add(scaled, from);
}

export interface LinspaceOptions extends DTypeOptions {
  /** Whether `stop` is the last number; default true. */
  readonly endpoint?: boolean;
}

/**
 * `num` (default 50) numbers evenly spaced from `start` to `stop`. jax.numpy.linspace. @throws SHAPE for a `num` that is no size.
 */
export function linspace(start: number, stop: number, num = 50, options: LinspaceOptions = {}): Tensor {
  const { endpoint, dtype } = readOptions<Required<LinspaceOptions>>('np.linspace', options, { endpoint: true, dtype: 'float32' });
  shapeOf('np.linspace', num, 'np.linspace(0, 1, 50)');
  const gaps = Math.max(1, endpoint ? num - 1 : num);
  return fromFunction(num, dtype, (i) => (i === gaps ? stop : start + (i * (stop - start)) / gaps));
}

export interface MeshgridOptions {
  /** Whether the first two axes are columns and rows (`xy`, the default) or rows and columns. */
  readonly indexing?: 'xy' | 'ij';
}

/**
 * Grids of the coordinates of vectors: one tensor of the shape of all for each. jax.numpy.meshgrid. @throws AXIS for a
 * non-vector.
 */
export function meshgrid(xs: readonly Operand[], options: MeshgridOptions = {}): Tensor[] {
  const { indexing } = readOptions<Required<MeshgridOptions>>('np.meshgrid', options, { indexing: 'xy' });
  const vectors = xs.map(tensorOf);
  const places = vectors.map((vector, i) => {
    axisOf('np.meshgrid', 0, vector.ndim); // A scalar is no vector.
    return indexing === 'xy' && vectors.length > 1 && i < 2 ? 1 - i : i;
  });
  const shape = places.map((_, axis) => vectors[places.indexOf(axis)]?.size ?? 1);
  return vectors.map((vector, i) => lax.broadcastInDim(lax.reshape(vector, [vector.size]), shape, [places[i] ?? i]));
}

function like(name: string, x: Operand, value: Operand, options: DTypeOptions): Tensor {
  const tensor = tensorOf(x);
  return full(tensor.shape, value, readOptions<Required<DTypeOptions>>(name, options, { dtype: tensor.dtype }));
}

function fromFunction(size: number, dtype: DType, value: (i: number) => number): Tensor {
  const data = allocate(dtype, size);
  for (let i = 0; i < size; i++) data[i] = roundTo(dtype, value(i));
  return hostTensor(data, [size], dtype);
}
