/** The functions of jax.random over raw Threefry keys. A key is used once: for new numbers, split it. */
export { key, split, foldIn } from './key.ts';
export type { Key, Keys } from './key.ts';
export { withLayout } from './layout.ts';
export type { Layout } from './layout.ts';
export { bits, uniform } from './uniform.ts';
export type { BitsOptions, FloatOptions, SampleShape, UniformOptions } from './uniform.ts';
export * from './discrete.ts';
export * from './continuous.ts';
export * from './permutation.ts';
