/** SpectralNorm: a layer whose kernels have a largest singular value of 1. */
import type { DType } from '../../../compiler/dtype.ts';
import { showShape } from '../../../compiler/shape.ts';
import { stopGradient } from '../../autodiff/stop-gradient.ts';
import * as lax from '../../lax/index.ts';
import { np } from '../../numpy/index.ts';
import { asDType, fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { normal, ones } from '../initializers.ts';
import { Module } from '../module.ts';
import { BatchStat } from '../variables.ts';
import type { Param } from '../variables.ts';
import { promoteDtype } from './dtypes.ts';
import { constructorOptions } from './layer.ts';
import type { LayerOptions } from './layer.ts';
import { at, nested, paramsOf, withValues } from './reparametrized.ts';
import type { Nested, WrappedLayer } from './reparametrized.ts';

export interface SpectralNormOptions extends LayerOptions {
  /** How many steps of power iteration a call takes; default 1. */
  readonly nSteps?: number;
  /** Added to squared lengths; default 1e-12. */
  readonly epsilon?: number;
  /** Whether a Param of more than two axes is an error; else its leading axes count as one. Default false. */
  readonly errorOnNonMatrix?: boolean;
  /** Whether calls keep what their power iteration found unless they say otherwise; default true. */
  readonly updateStats?: boolean;
}

export interface SpectralNormCallOptions {
  /** Whether this call keeps what its power iteration found, `u` and `sigma`; by default as the layer was made. */
  readonly updateStats?: boolean;
}

const DEFAULTS: Required<Omit<SpectralNormOptions, 'rngs'>> = {
  nSteps: 1,
  epsilon: 1e-12,
  errorOnNonMatrix: false,
  updateStats: true,
  dtype: null,
  paramDtype: 'float32',
};

/** Of one kernel: the left vector of its largest singular value, [1, outputs], and that value. */
interface Spectrum {
  readonly u: BatchStat;
  readonly sigma: BatchStat;
}

/**
 * Calls `layer_instance` with each Param of two axes or more divided by its largest singular value, as power iteration knows it.
 * Miyato et al. 2018, Spectral normalization, arXiv:1802.05957. flax.nnx.SpectralNorm, but that the layer's own Params stay as
 * they are.
 */
export class SpectralNorm<L extends WrappedLayer> extends Module {
  static readonly callOptions: readonly string[] = ['updateStats'];
  readonly layer_instance: L;
  readonly nSteps: number;
  readonly epsilon: number;
  readonly errorOnNonMatrix: boolean;
  /** The opposite of `updateStats`, under the name that views know. */
  readonly useRunningAverage: boolean;
  readonly dtype: DType | null;
  /** `u` and `sigma` by the path of the Param in the layer. */
  readonly batch_stats: Nested<BatchStat>;

  /** @throws VALUE without a step, and for an unknown option; SHAPE with `errorOnNonMatrix`; RNG without `rngs`. */
  constructor(layer: L, options: SpectralNormOptions) {
    super();
    const choices = constructorOptions('SpectralNorm', options, DEFAULTS);
    const { nSteps, epsilon, errorOnNonMatrix, updateStats, dtype, paramDtype } = choices;
    if (!Number.isInteger(nSteps) || nSteps < 1) {
      fail('VALUE', `new nnx.SpectralNorm: ${nSteps} steps of power iteration find nothing`, '{ nSteps: 1 }');
    }
    this.layer_instance = layer;
    this.nSteps = nSteps;
    this.epsilon = epsilon;
    this.errorOnNonMatrix = errorOnNonMatrix;
    this.useRunningAverage = !updateStats;
    this.dtype = dtype;
    const stats = kernelsOf(this).flatMap(([path, param]): [string, BatchStat][] => {
      const key = options.rngs.makeRng('params');
      return [
        [`${path}/u`, new BatchStat(normal()(key, [1, param.shape.at(-1)!], paramDtype))],
        [`${path}/sigma`, new BatchStat(ones(key, [], paramDtype))],
      ];
    });
    this.batch_stats = nested(stats);
  }

  forward(x: Operand, options: SpectralNormCallOptions = {}): ReturnType<L['forward']> {
    const defaults = { updateStats: !this.useRunningAverage };
    const { updateStats } = readOptions<Required<SpectralNormCallOptions>>('spectralNorm.forward', options, defaults);
    const values = kernelsOf(this).map(([path, param]) => {
      const stats: Spectrum = { u: at(this.batch_stats, `${path}/u`), sigma: at(this.batch_stats, `${path}/sigma`) };
      return [param, divided(this, param, stats, updateStats)] as const;
    });
    return withValues(values, () => this.layer_instance.forward(x as never)) as ReturnType<L['forward']>;
  }
}

/** The Params that are normalised. @throws SHAPE */
function kernelsOf({ layer_instance: layer, errorOnNonMatrix }: SpectralNorm<WrappedLayer>): (readonly [string, Param])[] {
  const kernels = paramsOf(layer).filter(([, { shape }]) => shape.length > 1);
  for (const [path, { shape }] of kernels) {
    if (!errorOnNonMatrix || shape.length === 2) continue;
    const problem = `nnx.SpectralNorm: '${path}' has the shape ${showShape(shape)}, and is no matrix`;
    fail('SHAPE', problem, '{ errorOnNonMatrix: false }');
  }
  return kernels;
}

function divided(layer: SpectralNorm<WrappedLayer>, param: Param, stats: Spectrum, updateStats: boolean): Tensor {
  const [kernel, start] = promoteDtype('SpectralNorm', [param, stats.u], layer.dtype);
  const matrix = kernel.reshape([-1, kernel.shape.at(-1)!]);
  const unit = (v: Tensor): Tensor => v.mul(lax.rsqrt(np.sum(np.square(v)).add(layer.epsilon)));
  let u = start;
  let v = start;
  for (let step = 0; step < layer.nSteps; step++) {
    v = unit(u.matmul(matrix.transpose()));
    u = unit(v.matmul(matrix));
  }
  [u, v] = [stopGradient(u), stopGradient(v)];
  const sigma = v.matmul(matrix).matmul(u.transpose()).reshape([]);
  if (updateStats) {
    stats.u.value = asDType(u, stats.u.dtype);
    stats.sigma.value = asDType(stopGradient(sigma), stats.sigma.dtype);
  }
  return kernel.div(np.where(np.equal(sigma, 0), 1, sigma));
}
