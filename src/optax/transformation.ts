/** What an optimizer is. */
import type { Tensor } from '../trace/tensor.ts';

/** A tree of tensors, or of States: what a transformation remembers from step to step. */
export type OptState = unknown;

/**
 * Turns gradients into updates: `init` makes the first state from the parameters, `update` gives the updates and the next state.
 * Both are pure, and the same inside jit and outside. optax.GradientTransformation.
 */
export interface GradientTransformation<S = OptState> {
  /** `params` is a tree of float tensors, or of States; null stands for no parameter. @throws PYTREE, DTYPE */
  init(params: unknown): S;
  /**
   * `updates` has the structure and shapes of the parameters, as gradients have; so has the result. Transformations that look at
   * the parameters need `params`.
   *
   * @throws PYTREE for another structure, with the paths; SHAPE, DTYPE.
   */
  update<U>(updates: U, state: S, params?: unknown): [updates: U, state: S];
}

/** The state of what remembers nothing. optax.EmptyState. */
export type EmptyState = Readonly<Record<never, never>>;

/** A value for each step, which counts from 0. optax.Schedule. */
export type Schedule = (count: Tensor) => Tensor | number;

/** The updates as they are. optax.identity. */
export function identity(): GradientTransformation<EmptyState> {
  return stateless((updates) => updates);
}

/** A transformation that remembers nothing. optax.stateless. */
export function stateless(f: <U>(updates: U, params: unknown) => U): GradientTransformation<EmptyState> {
  return { init: () => ({}), update: (updates, state, params) => [f(updates, params), state] };
}
