/** The functions of jax.nn. */
export * from './activations.ts';
export * from './normalized.ts';
