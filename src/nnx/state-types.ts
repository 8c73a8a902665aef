/** The paths of a model and the kinds of what is there, as types: `state.get('layers/bn/bias')` is a Param. */
import type { Tensor } from '../trace/tensor.ts';
import type { Variable } from '../trace/variable.ts';
import type { Chosen, Filter } from './filters.ts';
import type { Module } from './module.ts';
import type { State } from './state.ts';

/** So deep are paths known; below they are any strings, so that types of models may contain themselves. */
type Levels = readonly [1, 2, 3, 4, 5, 6];

type AnyFunction = (...args: never[]) => unknown;

/** What a field of type `T` holds when it is known to be a `V`, too: a field may be declared as a base class of what it holds. */
export type Narrowed<T, V> = T extends V ? T : Extract<V, T>;

/** The paths of the Variables of kind `V` in an `M`; any string for what has no known fields, such as Module itself. */
export type StatePath<M, V = Variable> = Paths<M, V, Levels>;

type Paths<T, V, L extends readonly unknown[]> = unknown extends T
  ? string
  : T extends Variable
    ? [Narrowed<T, V>] extends [never]
      ? never
      : ''
    : T extends Tensor | AnyFunction
      ? never
      : T extends object
        ? L extends readonly [unknown, ...infer Rest]
          ? PathsInside<T, V, Rest>
          : string
        : never;

type PathsInside<T extends object, V, L extends readonly unknown[]> = T extends readonly (infer E)[]
  ? Below<number, Paths<E, V, L>>
  : T extends ReadonlyMap<string, infer E>
    ? Below<string, Paths<E, V, L>>
    : Module extends T
      ? string
      : T extends Module
        ? FieldPaths<T, V, L>
        : // An interface of methods alone may stand for a module.
          T[keyof T] extends AnyFunction
          ? string
          : FieldPaths<T, V, L>;

type FieldPaths<T, V, L extends readonly unknown[]> = {
  [K in keyof T & (string | number)]: Below<K, Paths<T[K], V, L>>;
}[keyof T & (string | number)];

type Below<K extends string | number, P extends string> = string extends P
  ? `${K}` | `${K}/${string}`
  : P extends ''
    ? `${K}`
    : `${K}/${P}`;

/** The Variable at a path of an `M`, known to be a `V`. */
export type VariableAt<M, P extends string, V> = M extends Variable
  ? Narrowed<M, V>
  : P extends `${infer Head}/${infer Tail}`
    ? VariableAt<Member<M, Head>, Tail, V>
    : Found<Member<M, P>, V>;

type Found<T, V> = T extends Variable ? Narrowed<T, V> : T extends null | undefined ? never : V;

type Member<T, K extends string> = T extends null | undefined
  ? never
  : T extends readonly (infer E)[]
    ? E
    : T extends ReadonlyMap<string, infer E>
      ? E
      : K extends keyof T
        ? T[K]
        : T extends Readonly<Record<string, infer E>>
          ? E
          : unknown;

/** The paths of a State's type. */
export type PathIn<S> = S extends State<infer M, infer V> ? StatePath<M, V> : never;

/** The Variable at a path of a State's type. */
export type EntryAt<S, P extends string> = S extends State<infer M, infer V> ? VariableAt<M, P, V> : never;

/** One State for each filter; one for all without filters. */
export type Divided<M, F extends readonly Filter[], V extends Variable = Variable> = F extends readonly []
  ? [state: State<M, V>]
  : { -readonly [I in keyof F]: State<M, Narrowed<Chosen<F[I]>, V>> };

/** The State of one filter, or an array with one for each of several. */
export type OneOrEach<S extends readonly unknown[]> = S extends readonly [infer Only] ? Only : S;

/** What a filter leaves of a State's type. */
export type Filtered<S, F> = State<ModuleIn<S>, Narrowed<Chosen<F>, KindIn<S>>>;

/** The model of a State's type. */
export type ModuleIn<S> = S extends State<infer M, infer _> ? M : never;

/** The kind of the Variables of a State's type. */
export type KindIn<S> = S extends State<infer _, infer V> ? V : never;
