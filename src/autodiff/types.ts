/** The types of what derivatives take and give. */
import type { Module } from '../nnx/module.ts';
import type { State } from '../nnx/state.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';

/** Any function that can be differentiated. */
export type Differentiable = (...args: never[]) => unknown;

/** What a function returns whose gradient is taken: a number is a constant. */
export type Scalar = Tensor | Variable | number;

/** Positions of arguments; negative ones count from the end. */
export type Argnums = number | readonly number[];

type Nested = readonly unknown[] | Readonly<Record<string, unknown>>;

/** What may be given for an argument that is differentiated, where the function declares `T`: numbers become tensors. */
export type Primal<T> = T extends Tensor
  ? T | number | Float32Array
  : T extends Nested
    ? { readonly [K in keyof T]: Primal<T[K]> }
    : T;

/** The parameters of a transformed function: those that `N` names are differentiated. */
export type Primals<A extends readonly unknown[], N extends Argnums> = {
  [K in keyof A]: K extends `${N extends readonly number[] ? N[number] : N & number}` ? Primal<A[K]> : A[K];
};

/** Every parameter is differentiated. */
export type AllPrimals<A extends readonly unknown[]> = { [K in keyof A]: Primal<A[K]> };

/**
 * A tree with the derivative of every leaf: tensors for tensors, numbers and plain Variables, a State for a module or a State.
 * Objects of classes and interfaces are taken to be what they are. There is no derivative with respect to a boolean.
 */
export type Gradient<T> = T extends null | undefined
  ? T
  : T extends boolean
    ? never
    : T extends Tensor | Variable | number | ArrayBufferView
      ? Tensor
      : T extends State
        ? T
        : T extends Module
          ? State<T>
          : T extends Nested
            ? { -readonly [K in keyof T]: Gradient<T[K]> }
            : T;

type GradientAt<A extends readonly unknown[], N> = N extends number
  ? `${N}` extends keyof A
    ? Gradient<A[`${N}` & keyof A]>
    : Gradient<A[number]>
  : never;

/** The gradients of the arguments that `N` names: one tree, or one for each. */
export type Gradients<A extends readonly unknown[], N extends Argnums> = N extends readonly number[]
  ? { -readonly [K in keyof N]: GradientAt<A, N[K]> }
  : GradientAt<A, N>;

/** One cotangent for every argument. */
export type AllGradients<A extends readonly unknown[]> = { -readonly [K in keyof A]: Gradient<A[K]> };

/** A tree of outputs with something else in the place of its tensors. */
export type AtOutputs<R, Leaf> = R extends null | undefined
  ? R
  : R extends Tensor | Variable | number | ArrayBufferView
    ? Leaf
    : R extends Nested
      ? { -readonly [K in keyof R]: AtOutputs<R[K], Leaf> }
      : R;

/**
 * What may be given as a tangent of `T`, or as a cotangent: a tree of the same structure with tensors in the place of tensors,
 * where null is zero. Of a module or a State it is a State (paths that it lacks are zero) or another of the kind.
 */
export type Tangent<T> =
  | null
  | (T extends Tensor | Variable | number | ArrayBufferView
      ? Tensor | Variable | number | Float32Array
      : T extends Module | State
        ? State | T
        : T extends Nested
          ? { readonly [K in keyof T]: Tangent<T[K]> }
          : T);

export type Tangents<A extends readonly unknown[]> = { readonly [K in keyof A]: Tangent<A[K]> };
