/**
 * Initializers whose variance follows from the shape: `scale` over the number of inputs, of outputs, or their mean, so that
 * signals keep their size through layers.
 */
import type { DType } from '../../compiler/dtype.ts';
import { showShape, sizeOf } from '../../compiler/shape.ts';
import * as lax from '../lax/index.ts';
import { axesOf, fail } from '../numpy/operands.ts';
import { readOptions } from '../options.ts';
import * as random from '../random/index.ts';
import type { Key } from '../random/index.ts';
import { describeValue } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import type { Initializer } from './initializers.ts';

export type FanMode = 'fanIn' | 'fanOut' | 'fanAvg';

export type ScaledDistribution = 'truncatedNormal' | 'normal' | 'uniform';

/** Axes of the shape of a kernel; the rest is the window of a convolution, and counts for inputs and outputs. */
export interface FanOptions {
  /** The axis or axes of inputs; default -2. */
  readonly inAxis?: number | readonly number[];
  /** The axis or axes of outputs; default -1. */
  readonly outAxis?: number | readonly number[];
  /** The axis or axes that stack kernels, which count for neither; default none. */
  readonly batchAxis?: number | readonly number[];
  /** The dtype of calls that give none; default float32. */
  readonly dtype?: DType;
}

const MODES: Readonly<Record<FanMode, (fanIn: number, fanOut: number) => number>> = {
  fanIn: (fanIn) => fanIn,
  fanOut: (_, fanOut) => fanOut,
  fanAvg: (fanIn, fanOut) => (fanIn + fanOut) / 2,
};

type Draw = (key: Key | Variable, shape: readonly number[], dtype: DType) => Tensor;

/** How each distribution is drawn, and its standard deviation as drawn. */
const DISTRIBUTIONS: Readonly<Record<ScaledDistribution, { readonly draw: Draw; readonly stddev: number }>> = {
  truncatedNormal: {
    draw: (key, shape, dtype) => random.truncatedNormal(key, -2, 2, shape, { dtype }),
    stddev: 0.8796256610342398,
  },
  normal: { draw: (key, shape, dtype) => random.normal(key, shape, { dtype }), stddev: 1 },
  uniform: {
    draw: (key, shape, dtype) => random.uniform(key, shape, { dtype, minval: -1 }),
    stddev: Math.sqrt(1 / 3),
  },
};

/**
 * Random numbers of mean 0 and variance `scale / n`, n being the inputs (`fanIn`), the outputs (`fanOut`) or their mean
 * (`fanAvg`). jax.nn.initializers.variance_scaling.
 *
 * @throws VALUE for a negative scale, an unknown mode or distribution; the initializer SHAPE for fewer than two axes, AXIS.
 */
export function varianceScaling(
  scale: number,
  mode: FanMode,
  distribution: ScaledDistribution,
  options: FanOptions = {},
): Initializer {
  return scaled('varianceScaling', scale, mode, distribution, options);
}

/**
 * Variance 1 / inputs, truncated normal (LeCun et al. 1998, Efficient BackProp). jax.nn.initializers.lecun_normal. @throws as
 * `varianceScaling`
 */
export function lecunNormal(options: FanOptions = {}): Initializer {
  return scaled('lecunNormal', 1, 'fanIn', 'truncatedNormal', options);
}

/** Variance 1 / inputs, uniform (LeCun et al. 1998). jax.nn.initializers.lecun_uniform. @throws as `varianceScaling` */
export function lecunUniform(options: FanOptions = {}): Initializer {
  return scaled('lecunUniform', 1, 'fanIn', 'uniform', options);
}

/**
 * Variance 2 / (inputs + outputs), truncated normal (Glorot and Bengio 2010, Understanding the difficulty of training deep
 * feedforward neural networks). jax.nn.initializers.glorot_normal. @throws as `varianceScaling`
 */
export function glorotNormal(options: FanOptions = {}): Initializer {
  return scaled('glorotNormal', 1, 'fanAvg', 'truncatedNormal', options);
}

/**
 * Variance 2 / (inputs + outputs), uniform (Glorot and Bengio 2010). jax.nn.initializers.glorot_uniform. @throws as
 * `varianceScaling`
 */
export function glorotUniform(options: FanOptions = {}): Initializer {
  return scaled('glorotUniform', 1, 'fanAvg', 'uniform', options);
}

/**
 * Variance 2 / inputs, truncated normal (He et al. 2015, Delving Deep into Rectifiers, arXiv:1502.01852).
 * jax.nn.initializers.he_normal. @throws as `varianceScaling`
 */
export function heNormal(options: FanOptions = {}): Initializer {
  return scaled('heNormal', 2, 'fanIn', 'truncatedNormal', options);
}

/** Variance 2 / inputs, uniform (He et al. 2015). jax.nn.initializers.he_uniform. @throws as `varianceScaling` */
export function heUniform(options: FanOptions = {}): Initializer {
  return scaled('heUniform', 2, 'fanIn', 'uniform', options);
}

export {
  glorotNormal as xavierNormal,
  glorotUniform as xavierUniform,
  heNormal as kaimingNormal,
  heUniform as kaimingUniform,
};

function scaled(
  initializer: string,
  scale: number,
  mode: FanMode,
  distribution: ScaledDistribution,
  options: FanOptions,
): Initializer {
  const name = `nnx.initializers.${initializer}`;
  const defaults = { inAxis: -2, outAxis: -1, batchAxis: [], dtype: 'float32' } as const;
  const choices = readOptions<Required<FanOptions>>(name, options, defaults);
  const fix = `${name}(1, 'fanIn', 'truncatedNormal')`;
  if (!(scale >= 0 && scale < Infinity)) fail('VALUE', `${name}: the scale ${describeValue(scale)} is no variance`, fix);
  const fanOf = chosen(MODES, mode, `${name}: mode`, fix);
  const { draw, stddev } = chosen(DISTRIBUTIONS, distribution, `${name}: distribution`, fix);
  return (key, shape, dtype = choices.dtype) => {
    const [fanIn, fanOut] = fans(name, shape, choices);
    const wanted = Math.sqrt(scale / fanOf(fanIn, fanOut));
    const drawn = draw(key, shape, dtype);
    return drawn.size === 0 ? drawn : lax.mul(drawn, wanted / stddev);
  };
}

/** The numbers of inputs and outputs of a kernel. An axis in two roles divides twice, as in JAX, whose Embed relies on it. */
function fans(name: string, shape: readonly number[], axes: Required<FanOptions>): [fanIn: number, fanOut: number] {
  const rank = shape.length;
  if (rank < 2) {
    const problem = `${name}: the inputs and outputs of a kernel of shape ${showShape(shape)} are unknown: it needs two axes`;
    fail('SHAPE', problem, 'nnx.initializers.normal({ stddev: 0.01 })(key, shape)');
  }
  const extent = (option: 'inAxis' | 'outAxis' | 'batchAxis'): number =>
    sizeOf(axesOf(name, axes[option], rank, (axis) => `${name}({ ${option}: ${axis} })`).map((axis) => shape[axis]!));
  const [inputs, outputs] = [extent('inAxis'), extent('outAxis')];
  const window = sizeOf(shape) / inputs / outputs / extent('batchAxis');
  return [inputs * window, outputs * window];
}

/** @throws VALUE for a choice that there is not, with those that there are. */
function chosen<Choice extends string, T>(table: Readonly<Record<Choice, T>>, choice: Choice, what: string, fix: string): T {
  if (Object.hasOwn(table, choice)) return table[choice];
  const known = Object.keys(table).map((name) => `'${name}'`);
  return fail('VALUE', `${what} is ${known.join(', ')}, not ${describeValue(choice)}`, fix);
}
