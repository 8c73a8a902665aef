/** Published as `heddle/optax`: optimizers, schedules and losses. The counterpart of the Python library optax. */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../tensor.ts';

export { identity } from './transformation.ts';
export type { EmptyState, GradientTransformation, OptState, Schedule } from './transformation.ts';
export { applyUpdates, globalNorm } from './update.ts';
export { chain } from './chain.ts';
export { scale, scaleByLearningRate, scaleBySchedule } from './scaling.ts';
export type { CountState, LearningRate } from './scaling.ts';
export { ema, trace } from './momentum.ts';
export type { EmaState, TraceState } from './momentum.ts';
export { scaleByAdam, scaleByLion } from './moments.ts';
export type { ScaleByAdamOptions, ScaleByAdamState, ScaleByLionOptions, ScaleByLionState } from './moments.ts';
export { scaleByRms, scaleByRss } from './squares.ts';
export type { ScaleByRmsOptions, ScaleByRmsState, ScaleByRssOptions, ScaleByRssState } from './squares.ts';
export { scaleByFactoredRms } from './factorized.ts';
export type { FactoredOptions, FactoredState } from './factorized.ts';
export { clip, clipByBlockRms, clipByGlobalNorm } from './clipping.ts';
export { addDecayedWeights, scaleByParamBlockRms, scaleByTrustRatio } from './parameters.ts';
export type { DecayOptions, TrustRatioOptions } from './parameters.ts';
export { leafwise } from './labels.ts';
export type { LabelTree, Labels } from './labels.ts';
export { masked, multiTransform } from './masked.ts';
export type { Mask, MaskedState, MultiTransformState } from './masked.ts';
export { injectHyperparams } from './hyperparams.ts';
export type { InjectState } from './hyperparams.ts';
export { applyEvery, multiSteps } from './accumulation.ts';
export type { ApplyEveryState, MultiStepsOptions, MultiStepsState } from './accumulation.ts';
export { adafactor, adagrad, adam, adamw, lamb, lion, rmsprop, sgd } from './aliases.ts';
export type { AdafactorOptions, LambOptions, MomentumOptions, WeightDecayOptions } from './aliases.ts';
export { constantSchedule, cosineDecaySchedule, exponentialDecay, joinSchedules, linearSchedule } from './schedules.ts';
export { piecewiseConstantSchedule, warmupCosineDecaySchedule } from './schedules.ts';
export type { CosineOptions, CountedSchedule, ExponentialOptions, TransitionOptions, WarmupOptions } from './schedules.ts';
export { huberLoss, l2Loss, sigmoidBinaryCrossEntropy, softmaxCrossEntropy } from './losses.ts';
export { softmaxCrossEntropyWithIntegerLabels, squaredError } from './losses.ts';
export type { ClassAxisOptions, HuberOptions } from './losses.ts';
