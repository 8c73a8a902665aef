/** Pooling: windows over the spatial axes of an input with features last, each reduced to one value. */
import { showShape, sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { paddingOf } from '../lax/padding.ts';
import type { Padding, WindowComputation } from '../lax/index.ts';
import { np } from '../numpy/index.ts';
import { fail } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import { tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { expectSpatial, perAxis } from './layers/windows.ts';
import type { PerAxis } from './layers/windows.ts';

export interface PoolOptions {
  /** From one window to the next, of all spatial axes or of each; default 1, where windows overlap. */
  readonly strides?: PerAxis | null;
  /** `VALID`, `SAME`, or a pair for each spatial axis; default VALID. */
  readonly padding?: Padding;
}

export interface AvgPoolOptions extends PoolOptions {
  /** Whether what a window covers of the padding counts, as zeros; default true. */
  readonly countIncludePad?: boolean;
}

/**
 * Windows of [...batch, ...spatial, features] combined by `computation`, from `initValue`, along the axes of `windowShape`.
 * flax.nnx.pool.
 *
 * @throws SHAPE for an input of too few axes, VALUE for windows or strides below 1 and for another padding.
 */
export function pool(
  x: Operand,
  initValue: number,
  computation: WindowComputation,
  windowShape: readonly number[],
  options: PoolOptions = {},
): Tensor {
  return pooled('nnx.pool', tensorOf(x), initValue, computation, windowShape, options);
}

/** The mean of each window. flax.nnx.avg_pool. @throws as `pool` */
export function avgPool(x: Operand, windowShape: readonly number[], options: AvgPoolOptions = {}): Tensor {
  const call = 'nnx.avgPool';
  const defaults = { ...DEFAULTS, countIncludePad: true };
  const { countIncludePad, ...choices } = readOptions<Required<AvgPoolOptions>>(call, options, defaults);
  const input = tensorOf(x);
  const sums = pooled(call, input, 0, lax.add, windowShape, choices);
  if (countIncludePad) return np.divide(sums, sizeOf(windowShape));
  const one = input.shape.map((extent, axis) => (isSpatial(axis, input, windowShape) ? extent : 1));
  return np.divide(sums, pooled(call, np.ones(one, { dtype: sums.dtype }), 0, lax.add, windowShape, choices));
}

/**
 * The maximum of each window; what it covers of the padding does not count. Of several elements that attain it, the first has the
 * derivative. flax.nnx.max_pool.
 *
 * @throws as `pool`
 */
export function maxPool(x: Operand, windowShape: readonly number[], options: PoolOptions = {}): Tensor {
  return pooled('nnx.maxPool', tensorOf(x), -Infinity, lax.max, windowShape, options);
}

/** The minimum of each window, as `maxPool`. flax.nnx.min_pool. @throws as `pool` */
export function minPool(x: Operand, windowShape: readonly number[], options: PoolOptions = {}): Tensor {
  return pooled('nnx.minPool', tensorOf(x), Infinity, lax.min, windowShape, options);
}

const DEFAULTS: Required<PoolOptions> = { strides: null, padding: 'VALID' };

function pooled(
  call: string,
  x: Tensor,
  initValue: number,
  computation: WindowComputation,
  windowShape: readonly number[],
  options: PoolOptions,
): Tensor {
  const choices = readOptions<Required<PoolOptions>>(call, options, DEFAULTS);
  if (!Array.isArray(windowShape)) {
    const problem = `the window ${JSON.stringify(windowShape)} is no list of extents, one for each spatial axis`;
    fail('VALUE', `${call}: ${problem}`, `${call}(x, [2, 2])`);
  }
  expectSpatial(call, x, windowShape, `x.reshape([${[...windowShape.map(() => 1), -1].join(', ')}])`);
  const window = perAxis(call, 'windowShape', windowShape, windowShape.length);
  const strides = perAxis(call, 'strides', choices.strides ?? 1, window.length);
  const first = x.ndim - window.length - 1;
  const everywhere = <T>(entries: readonly T[], other: T): T[] => x.shape.map((_, axis) => entries[axis - first] ?? other);
  const { padding } = choices;
  const given = typeof padding === 'string' ? padding : checkedPairs(call, padding, window);
  const amounts = paddingOf(call, given, window.map((covered, i) => {
    return { extent: x.shape[first + i]!, window: covered, stride: strides[i]!, windowDilation: 1 };
  }));
  const pads = everywhere(amounts, [0, 0]);
  return lax.reduceWindow(x, initValue, computation, everywhere(window, 1), everywhere(strides, 1), pads);
}

function isSpatial(axis: number, { ndim }: Tensor, windowShape: readonly number[]): boolean {
  return axis < ndim - 1 && axis >= ndim - 1 - windowShape.length;
}

type Pairs = Exclude<Padding, string>;

function checkedPairs(call: string, padding: Pairs, window: readonly number[]): Pairs {
  if (Array.isArray(padding) && padding.length === window.length) return padding;
  const problem = `the padding ${JSON.stringify(padding)} has not a pair for each axis of the window ${showShape(window)}`;
  return fail('VALUE', `${call}: ${problem}`, `{ padding: [${window.map(() => '[0, 0]').join(', ')}] }`);
}
