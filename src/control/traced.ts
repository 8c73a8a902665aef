import type { Tensor } from '../trace/tensor.ts';

/**
 * What a loop or a branch makes of a tree: its numbers, booleans and typed arrays are tensors. Objects of classes and interfaces
 * are taken to be what they are, such as modules.
 */
export type Traced<T> = T extends number | boolean | ArrayBufferView
  ? Tensor
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { -readonly [K in keyof T]: Traced<T[K]> }
    : T;

/** A tree that a body may return where `Traced<T>` goes round the loop. */
export type Returned<T> = T extends number | boolean | ArrayBufferView
  ? Tensor
  : T extends readonly unknown[] | Readonly<Record<string, unknown>>
    ? { readonly [K in keyof T]: Returned<T[K]> }
    : T;
