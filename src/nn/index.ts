/** The functions of jax.nn. */
export * from './activations.ts';
export * from './attention.ts';
export * from './normalized.ts';
