/** Layers that call another layer with parameters computed from its own. */
import type { Tensor } from '../../trace/tensor.ts';
import type { Module } from '../module.ts';
import { split } from '../functional.ts';
import { Param } from '../variables.ts';
import type { Variable } from '../variables.ts';

/** A layer that another one wraps. */
export type WrappedLayer = Module & { forward(...args: never[]): unknown };

/** Variables by the parts of their paths: `{ dense: { kernel: ... } }`. */
export interface Nested<V> {
  readonly [part: string]: V | Nested<V>;
}

/** The Params of a layer with their paths, sorted. */
export function paramsOf(layer: Module): (readonly [path: string, param: Param])[] {
  return [...split(layer)[1].extract(Param)];
}

/** What `make` gives for each path, nested by its parts. */
export function nested<V>(entries: readonly (readonly [path: string, value: V])[]): Nested<V> {
  const parts = new Map<string, (readonly [path: string, value: V])[]>();
  const own: [string, V][] = [];
  for (const [path, value] of entries) {
    const cut = path.indexOf('/');
    if (cut < 0) own.push([path, value]);
    else parts.set(path.slice(0, cut), [...(parts.get(path.slice(0, cut)) ?? []), [path.slice(cut + 1), value]]);
  }
  return Object.fromEntries([...own, ...[...parts].map(([part, inner]) => [part, nested(inner)] as const)]);
}

/** What is nested at a path. */
export function at<V>(tree: Nested<V>, path: string): V {
  return path.split('/').reduce<V | Nested<V>>((inner, part) => (inner as Nested<V>)[part]!, tree) as V;
}

/** Calls `f` while the Variables hold other values; afterwards each holds its own again. */
export function withValues<T>(values: readonly (readonly [Variable, Tensor])[], f: () => T): T {
  const own = values.map(([variable]) => variable.value);
  for (const [variable, value] of values) variable.value = value;
  try {
    return f();
  } finally {
    for (const [i, [variable]] of values.entries()) variable.value = own[i]!;
  }
}
