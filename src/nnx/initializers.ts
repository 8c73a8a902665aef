/**
 * How parameters begin; the namespace `nnx.initializers`. An initializer is a function `(key, shape, dtype)` whose values
 * are those of jax.nn.initializers under the same key.
 */
import type { DType } from '../../compiler/dtype.ts';
import * as lax from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { asDType, fail } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import * as random from '../random/index.ts';
import type { Key } from '../random/index.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';

export * from './variance-scaling.ts';
export * from './orthogonal.ts';

/** Makes a tensor of `shape`. The dtype is float32, or the one that the initializer was built with, unless given. */
export type Initializer = (key: Key | Variable, shape: readonly number[], dtype?: DType) => Tensor;

export interface DTypeOptions {
  /** The dtype of calls that give none; default float32. */
  readonly dtype?: DType;
}

export interface NormalOptions extends DTypeOptions {
  /** The standard deviation; default 0.01. */
  readonly stddev?: number;
}

export interface TruncatedNormalOptions extends NormalOptions {
  /** The bounds before the scaling by `stddev`; default -2 and 2. */
  readonly lower?: number;
  readonly upper?: number;
}

export interface UniformOptions extends DTypeOptions {
  /** The bound above, which is not drawn itself; default 0.01. */
  readonly scale?: number;
}

/** Zeros; the key is not used. jax.nn.initializers.zeros. */
export function zeros(_key: Key | Variable, shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return np.zeros(shape, { dtype });
}

/** Ones; the key is not used. jax.nn.initializers.ones. */
export function ones(_key: Key | Variable, shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return np.ones(shape, { dtype });
}

/** The initializer `zeros`. flax.nnx.initializers.zeros_init. */
export function zerosInit(): Initializer {
  return zeros;
}

/** The initializer `ones`. flax.nnx.initializers.ones_init. */
export function onesInit(): Initializer {
  return ones;
}

/** One value everywhere: a number, or a tensor that broadcasts to the shape. jax.nn.initializers.constant. @throws SHAPE */
export function constant(value: Operand, options: DTypeOptions = {}): Initializer {
  const { dtype: usual } = readOptions<Required<DTypeOptions>>('nnx.initializers.constant', options, { dtype: 'float32' });
  return (_key, shape, dtype = usual) => np.broadcastTo(asDType(value, dtype), shape);
}

/** The normal distribution of mean 0. jax.nn.initializers.normal. @throws VALUE for a stddev that is no finite number. */
export function normal(options: NormalOptions = {}): Initializer {
  const name = 'nnx.initializers.normal';
  const choices = readOptions<Required<NormalOptions>>(name, options, { stddev: 0.01, dtype: 'float32' });
  const stddev = finite(name, 'stddev', choices.stddev);
  return (key, shape, dtype = choices.dtype) => lax.mul(random.normal(key, shape, { dtype }), stddev);
}

/**
 * The standard normal distribution within (lower, upper), times `stddev`, which is therefore not the deviation of what is drawn.
 * jax.nn.initializers.truncated_normal.
 *
 * @throws VALUE for options that are no finite numbers, and for bounds with nothing between them.
 */
export function truncatedNormal(options: TruncatedNormalOptions = {}): Initializer {
  const name = 'nnx.initializers.truncatedNormal';
  const defaults = { stddev: 0.01, lower: -2, upper: 2, dtype: 'float32' } as const;
  const choices = readOptions<Required<TruncatedNormalOptions>>(name, options, defaults);
  const stddev = finite(name, 'stddev', choices.stddev);
  const [lower, upper] = [finite(name, 'lower', choices.lower), finite(name, 'upper', choices.upper)];
  if (lower >= upper) fail('VALUE', `${name}: nothing lies between ${lower} and ${upper}`, `${name}({ lower: -2, upper: 2 })`);
  return (key, shape, dtype = choices.dtype) => lax.mul(random.truncatedNormal(key, lower, upper, shape, { dtype }), stddev);
}

/** The uniform distribution on [0, scale). jax.nn.initializers.uniform. @throws VALUE for a scale that is no finite number. */
export function uniform(options: UniformOptions = {}): Initializer {
  const name = 'nnx.initializers.uniform';
  const choices = readOptions<Required<UniformOptions>>(name, options, { scale: 0.01, dtype: 'float32' });
  const scale = finite(name, 'scale', choices.scale);
  return (key, shape, dtype = choices.dtype) => lax.mul(random.uniform(key, shape, { dtype }), scale);
}

function finite(name: string, option: string, value: number): number {
  if (Number.isFinite(value)) return value;
  return fail('VALUE', `${name}: ${option} is ${value}, not a finite number`, `${name}({ ${option}: 0.01 })`);
}
