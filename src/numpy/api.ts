/**
 * The functions of jax.numpy, under their names in camelCase. Each decomposes into lax functions, so every transform knows it.
 */
export * from './constants.ts';
export * from './dtypes.ts';
export * from './array.ts';
export * from './creation.ts';
export * from './arithmetic.ts';
export * from './power.ts';
export * from './exponential.ts';
export * from './trigonometry.ts';
export * from './rounding.ts';
export * from './logic.ts';
export * from './bitwise.ts';
export * from './compare.ts';
export * from './reductions.ts';
export * from './extremes.ts';
export * from './statistics.ts';
export * from './nan-reductions.ts';
export * from './cumulative.ts';
export * from './sorting.ts';
export * from './quantiles.ts';
export * from './median.ts';
export * from './shape.ts';
export * from './join.ts';
export * from './rearrange.ts';
export * from './indexing.ts';
export * from './slice.ts';
export * from './products.ts';
export * from './diagonals.ts';
export * from './einsum.ts';
export * as linalg from './linalg.ts';
export type { Reduce, ReduceOptions } from './reduce.ts';
export type { Axes } from './operands.ts';
