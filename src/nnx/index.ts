/** The object model: modules whose state is threaded through every transform. The counterpart of flax.nnx. */
// Whoever imports this entry point alone also needs the methods of Tensor.
import '../tensor.ts';

export { Variable, Param, BatchStat, RngState, RngKey, RngCount } from './variables.ts';
export type { VariableClass } from './variables.ts';
export type { Filter } from './filters.ts';
export { State } from './state.ts';
export { GraphDef } from './graphdef.ts';
export type { Applied } from './graphdef.ts';
export { Module } from './module.ts';
export { split, merge, update, clone } from './functional.ts';
export { Rngs, RngStream } from './rngs.ts';
export type { KeySource } from './rngs.ts';
export { PathRngs, stableHash } from './path-rngs.ts';
export { Linear, BatchNorm, Dropout } from './layers.ts';
export * as initializers from './initializers.ts';
export type { Initializer } from './initializers.ts';
export * as metrics from './metrics/index.ts';
export { Metric, MultiMetric } from './metrics/index.ts';
