/** The optimizers by name: chains of transformations that end with the learning rate. */
import { readOptions } from '../options.ts';
import type { Tensor } from '../trace/tensor.ts';
import { chain } from './chain.ts';
import { clipByBlockRms } from './clipping.ts';
import { scaleByFactoredRms } from './factorized.ts';
import type { Mask } from './masked.ts';
import { scaleByAdam, scaleByLion } from './moments.ts';
import type { ScaleByAdamOptions, ScaleByLionOptions } from './moments.ts';
import { ema, trace } from './momentum.ts';
import { addDecayedWeights, scaleByParamBlockRms, scaleByTrustRatio } from './parameters.ts';
import { scale, scaleByLearningRate } from './scaling.ts';
import type { LearningRate } from './scaling.ts';
import { scaleByRms, scaleByRss } from './squares.ts';
import type { ScaleByRmsOptions, ScaleByRssOptions } from './squares.ts';
import { identity } from './transformation.ts';
import type { GradientTransformation } from './transformation.ts';

export interface MomentumOptions {
  /** Decay of the sum of past updates; default none (null). */
  readonly momentum?: number | null;
  /** Whether the momentum is Nesterov's. Default false. */
  readonly nesterov?: boolean;
}

/** Gradient descent, with momentum where it is given. Robbins and Monro 1951, Sutskever et al. 2013; optax.sgd. */
export function sgd(learningRate: LearningRate, options: MomentumOptions = {}): GradientTransformation {
  const defaults = { momentum: null, nesterov: false };
  const { momentum, nesterov } = readOptions<Required<MomentumOptions>>('optax.sgd', options, defaults);
  return chain(momentum === null ? identity() : trace(momentum, { nesterov }), scaleByLearningRate(learningRate));
}

const ADAM = { b1: 0.9, b2: 0.999, eps: 1e-8, epsRoot: 0, nesterov: false } as const;

/** Kingma and Ba 2014; optax.adam. */
export function adam(learningRate: LearningRate, options: ScaleByAdamOptions = {}): GradientTransformation {
  const moments = readOptions<Required<ScaleByAdamOptions>>('optax.adam', options, ADAM);
  return chain(scaleByAdam(moments), scaleByLearningRate(learningRate));
}

export interface WeightDecayOptions {
  /** How much of the parameters is taken off in each step, as a part of the learning rate. */
  readonly weightDecay?: number | Tensor;
  /** The parameters that decay; default all (null). */
  readonly mask?: Mask | null;
}

/** Adam with a weight decay of its own, by default 1e-4. Loshchilov and Hutter 2017; optax.adamw. */
export function adamw(
  learningRate: LearningRate,
  options: ScaleByAdamOptions & WeightDecayOptions = {},
): GradientTransformation {
  const defaults = { ...ADAM, weightDecay: 1e-4, mask: null };
  const given = readOptions<Required<ScaleByAdamOptions & WeightDecayOptions>>('optax.adamw', options, defaults);
  const { weightDecay, mask, ...moments } = given;
  return chain(scaleByAdam(moments), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** Steps of one size by the sign of the momentum; the weight decay is 1e-3 by default. Chen et al. 2023; optax.lion. */
export function lion(
  learningRate: LearningRate,
  options: ScaleByLionOptions & WeightDecayOptions = {},
): GradientTransformation {
  const defaults = { b1: 0.9, b2: 0.99, weightDecay: 1e-3, mask: null };
  const given = readOptions<Required<ScaleByLionOptions & WeightDecayOptions>>('optax.lion', options, defaults);
  const { weightDecay, mask, ...moments } = given;
  return chain(scaleByLion(moments), addDecayedWeights(weightDecay, { mask }), scaleByLearningRate(learningRate));
}

/** Gradients over the root of the mean of their squares, with momentum where it is given. Hinton 2012; optax.rmsprop. */
export function rmsprop(
  learningRate: LearningRate,
  options: ScaleByRmsOptions & MomentumOptions = {},
): GradientTransformation {
  const defaults = { decay: 0.9, eps: 1e-8, initialScale: 0, epsInSqrt: true, momentum: null, nesterov: false };
  const given = readOptions<Required<ScaleByRmsOptions & MomentumOptions>>('optax.rmsprop', options, defaults);
  const { momentum, nesterov, ...moments } = given;
  const last = momentum === null ? identity() : trace(momentum, { nesterov });
  return chain(scaleByRms(moments), scaleByLearningRate(learningRate), last);
}

/** Gradients over the root of the sum of their squares. Duchi et al. 2011; optax.adagrad. */
export function adagrad(learningRate: LearningRate, options: ScaleByRssOptions = {}): GradientTransformation {
  const defaults = { initialAccumulatorValue: 0.1, eps: 1e-7 };
  const sums = readOptions<Required<ScaleByRssOptions>>('optax.adagrad', options, defaults);
  return chain(scaleByRss(sums), scaleByLearningRate(learningRate));
}

export type LambOptions = Omit<ScaleByAdamOptions, 'nesterov'> & WeightDecayOptions;

/**
 * Adam, each leaf scaled by the norm of its parameter, for large batches: eps 1e-6, no weight decay by default. You et al. 2019;
 * optax.lamb.
 */
export function lamb(learningRate: LearningRate, options: LambOptions = {}): GradientTransformation {
  const defaults = { b1: 0.9, b2: 0.999, eps: 1e-6, epsRoot: 0, weightDecay: 0, mask: null };
  const { weightDecay, mask, ...moments } = readOptions<Required<LambOptions>>('optax.lamb', options, defaults);
  return chain(
    scaleByAdam(moments),
    addDecayedWeights(weightDecay, { mask }),
    scaleByTrustRatio(),
    scaleByLearningRate(learningRate),
  );
}

export interface AdafactorOptions {
  /** Leaves with two axes of at least this extent are factored; default 128. */
  readonly minDimSizeToFactor?: number;
  /** Exponent of the second moment's decay; default 0.8. */
  readonly decayRate?: number;
  /** The step from which the decay counts; default 0. */
  readonly decayOffset?: number;
  /** Whether steps are relative to the size of each parameter. Default true. */
  readonly multiplyByParameterScale?: boolean;
  /** The largest root of the mean square of a leaf's update; null for none. Default 1. */
  readonly clippingThreshold?: number | null;
  /** Decay of a mean of updates; default none (null). */
  readonly momentum?: number | null;
  /** How much of the parameters each step takes off, whatever the learning rate; default nothing (null). */
  readonly weightDecayRate?: number | null;
  /** Added to squares; default 1e-30. */
  readonly eps?: number;
  /** Whether large leaves are factored. Default true. */
  readonly factored?: boolean;
  /** The parameters that decay; default all (null). */
  readonly weightDecayMask?: Mask | null;
}

/** A second moment in little memory; `learningRate: null` for relative steps alone. Shazeer and Stern 2018; optax.adafactor. */
export function adafactor(learningRate: LearningRate | null = null, options: AdafactorOptions = {}): GradientTransformation {
  const given = readOptions<Required<AdafactorOptions>>('optax.adafactor', options, {
    minDimSizeToFactor: 128,
    decayRate: 0.8,
    decayOffset: 0,
    multiplyByParameterScale: true,
    clippingThreshold: 1,
    momentum: null,
    weightDecayRate: null,
    eps: 1e-30,
    factored: true,
    weightDecayMask: null,
  });
  const { factored, decayRate, minDimSizeToFactor, clippingThreshold, momentum, weightDecayRate, weightDecayMask } = given;
  return chain(
    scaleByFactoredRms({ factored, decayRate, minDimSizeToFactor, stepOffset: given.decayOffset, epsilon: given.eps }),
    clippingThreshold === null ? identity() : clipByBlockRms(clippingThreshold),
    learningRate === null ? identity() : scaleByLearningRate(learningRate, { flipSign: false }),
    given.multiplyByParameterScale ? scaleByParamBlockRms() : identity(),
    momentum === null ? identity() : ema(momentum, { debias: false }),
    weightDecayRate === null ? identity() : addDecayedWeights(weightDecayRate, { mask: weightDecayMask }),
    scale(-1),
  );
}
