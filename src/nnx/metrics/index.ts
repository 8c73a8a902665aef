/** What is measured while training and evaluating; the namespace `nnx.metrics`. The counterpart of flax.nnx.metrics. */
export { Metric, MetricState } from './metric.ts';
export type { Mask, MetricUpdates, MetricValues } from './metric.ts';
export { Average } from './average.ts';
export { Accuracy } from './accuracy.ts';
export type { AccuracyOptions } from './accuracy.ts';
export { Welford } from './welford.ts';
export type { Statistics } from './welford.ts';
export { MultiMetric } from './multi-metric.ts';
