/**
 * Pytrees: nested arrays, plain objects, Maps, null, and registered classes, with anything else as leaves. The counterpart of
 * jax.tree_util. Keys of objects are visited in order of code points.
 */
import { rejectPromise } from './trace/promise.ts';
import { userError } from './trace/user-error.ts';
import { Tensor } from './trace/tensor.ts';
import { Variable } from './trace/variable.ts';
import { describeValue } from './trace/literal.ts';

/** How a class takes part in pytrees. */
export interface NodeType<T, Aux = unknown> {
  readonly name: string;
  matches(value: unknown): value is T;
  /** Children with their path parts, and what else is needed to rebuild the node. */
  flatten(value: T): { readonly children: readonly (readonly [part: string, child: unknown])[]; readonly aux: Aux };
  unflatten(aux: Aux, children: readonly unknown[]): T;
  /** Equal keys mean equal structure. */
  key(aux: Aux): string;
  /** What differs between two nodes, each starting with the rest of its path: `.rate: 0.1 -> 0.2`. */
  differences?(before: Aux, after: Aux): string[];
  /** `aux` without the objects that it was read from, for trees that outlive them. */
  describe?(aux: Aux): Aux;
  /** The path of each child in a State: `layers/bn/scale`. */
  statePaths?(aux: Aux): readonly string[];
  /** For nodes with an identity of their own: the object and those it consists of. Traced functions receive these themselves. */
  objects?(aux: Aux): readonly object[];
}

export type TreeDef =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'nothing'; readonly value: null | undefined }
  | { readonly kind: 'array'; readonly children: readonly TreeDef[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly TreeDef[] }
  | { readonly kind: 'map'; readonly keys: readonly unknown[]; readonly children: readonly TreeDef[] }
  | { readonly kind: 'node'; readonly type: NodeType<unknown>; readonly aux: unknown; readonly children: readonly TreeDef[] };

export interface Flattened {
  readonly leaves: readonly unknown[];
  /** One path per leaf: `[0].params.w`. */
  readonly paths: readonly string[];
  readonly treedef: TreeDef;
  /** Objects with an identity of their own, in order of visit. */
  readonly objects: readonly object[];
}

export interface FlattenOptions {
  /** Stops at values for which it is true. */
  isLeaf?(value: unknown): boolean;
  /** Path of the root, for messages. */
  readonly root?: string;
}

const nodeTypes: NodeType<unknown>[] = [];

/** Lets instances of a class be pytrees: children are traced, `aux` is static. The counterpart of register_pytree_node. */
export function registerNodeType<T, Aux>(type: NodeType<T, Aux>): void {
  nodeTypes.unshift(type as unknown as NodeType<unknown>);
}

/** Lets instances of `constructor` be pytrees. `aux` is static: plain data is compared by deep value, all else by identity. */
export function registerPytree<T extends object, Aux>(
  constructor: abstract new (...args: never[]) => T,
  rules: {
    flatten(value: T): readonly [children: readonly unknown[], aux: Aux];
    unflatten(aux: Aux, children: readonly unknown[]): T;
  },
): void {
  registerNodeType<T, Aux>({
    name: constructor.name,
    matches: (value): value is T => value instanceof constructor,
    flatten: (value) => {
      const [children, aux] = rules.flatten(value);
      return { children: children.map((child, i) => [`<${i}>`, child] as const), aux };
    },
    unflatten: (aux, children) => rules.unflatten(aux, children),
    key: (aux) => deepKeyText(aux),
  });
}

/** Ascending order of Unicode code points, as Python sorts strings. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function flatten(tree: unknown, options: FlattenOptions = {}): Flattened {
  const leaves: unknown[] = [];
  const paths: string[] = [];
  const objects: object[] = [];
  const open = new Set<unknown>();

  const descend = (value: object, path: string, build: () => TreeDef): TreeDef => {
    if (open.has(value)) {
      throw userError('PYTREE', `the tree contains itself: ${path || 'the root'} is one of its own ancestors`, {
        fix: 'nnx.Module for object graphs with cycles',
      });
    }
    open.add(value);
    const treedef = build();
    open.delete(value);
    return treedef;
  };

  const visit = (value: unknown, path: string): TreeDef => {
    if (options.isLeaf?.(value) === true) return leaf(value, path);
    if (value === null || value === undefined) return { kind: 'nothing', value };
    if (typeof value !== 'object' || isLeafObject(value)) return leaf(value, path);
    const type = nodeTypes.find((candidate) => candidate.matches(value));
    if (type !== undefined) {
      return descend(value, path, () => {
        const { children, aux } = type.flatten(value);
        objects.push(...(type.objects?.(aux) ?? []));
        const prefix = path === '' ? '' : `${path}.`;
        return { kind: 'node', type, aux, children: children.map(([part, child]) => visit(child, prefix + part)) };
      });
    }
    if (Array.isArray(value)) {
      return descend(value, path, () => ({ kind: 'array', children: value.map((child, i) => visit(child, `${path}[${i}]`)) }));
    }
    if (value instanceof Map) {
      const entries = [...value.entries()];
      const children = () => entries.map(([key, child]) => visit(child, `${path}.get(${String(key)})`));
      return descend(value, path, () => ({ kind: 'map', keys: entries.map(([key]) => key), children: children() }));
    }
    rejectPromise(value, `${path || 'the value'} is a Promise, and a tree holds values`, 'const x = await promise');
    if (!isPlainObject(value)) {
      throw userError('PYTREE', `${path || 'the value'} is ${describeValue(value)}, which is not a pytree`, {
        fix: `registerPytree(${value.constructor?.name ?? 'Class'}, { flatten, unflatten })`,
      });
    }
    const keys = Object.keys(value).sort(compareCodePoints);
    return descend(value, path, () => ({
      kind: 'object',
      keys,
      children: keys.map((key) => visit((value as Record<string, unknown>)[key], `${path}.${key}`)),
    }));
  };

  const leaf = (value: unknown, path: string): TreeDef => {
    leaves.push(value);
    paths.push(path);
    return { kind: 'leaf' };
  };

  const treedef = visit(tree, options.root ?? '');
  return { leaves, paths, treedef, objects };
}

export function unflatten(treedef: TreeDef, leaves: Iterable<unknown>): unknown {
  const iterator = leaves[Symbol.iterator]();
  const build = (node: TreeDef): unknown => {
    switch (node.kind) {
      case 'leaf': {
        const next = iterator.next();
        if (next.done === true) throw userError('PYTREE', 'there are fewer leaves than the tree has places');
        return next.value;
      }
      case 'nothing':
        return node.value;
      case 'array':
        return node.children.map(build);
      case 'object':
        return Object.fromEntries(node.children.map((child, i) => [node.keys[i], build(child)]));
      case 'map':
        return new Map(node.children.map((child, i) => [node.keys[i], build(child)]));
      case 'node':
        return node.type.unflatten(node.aux, node.children.map(build));
    }
  };
  return build(treedef);
}

/** A text that is equal for trees of equal structure. */
export function treedefKey(treedef: TreeDef): string {
  switch (treedef.kind) {
    case 'leaf':
      return '*';
    case 'nothing':
      return treedef.value === null ? 'null' : 'undefined';
    case 'array':
      return `[${treedef.children.map(treedefKey).join(',')}]`;
    case 'object':
      return `{${treedef.children.map((child, i) => `${JSON.stringify(treedef.keys[i])}:${treedefKey(child)}`).join(',')}}`;
    case 'map':
      return `Map(${treedef.children.map((child, i) => `${keyText(treedef.keys[i])}:${treedefKey(child)}`).join(',')})`;
    case 'node':
      return `${treedef.type.name}${keyText(treedef.type)}<${treedef.type.key(treedef.aux)}>(${treedef.children.map(treedefKey).join(',')})`;
  }
}

const identities = new WeakMap<object, string>();
const symbolIdentities = new Map<symbol, string>();
let nextIdentity = 0;

/** A text that is equal for static values that select the same program: deep for primitives, identity for objects. */
export function keyText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return identityIn(symbolIdentities, value);
    case 'object':
    case 'function':
      return value === null ? 'null' : identityIn(identities, value);
    default:
      return String(value);
  }
}

function identityIn<K>(known: { get(key: K): string | undefined; set(key: K, identity: string): unknown }, key: K): string {
  let identity = known.get(key);
  if (identity === undefined) known.set(key, (identity = `#${nextIdentity++}`));
  return identity;
}

/** Like keyText, but plain arrays and objects by deep value; those met again inside themselves by identity, so that cycles end. */
export function deepKeyText(value: unknown, ancestors: readonly unknown[] = []): string {
  if (typeof value !== 'object' || value === null || ancestors.includes(value)) return keyText(value);
  const inside = [...ancestors, value];
  if (Array.isArray(value)) return `[${value.map((child) => deepKeyText(child, inside)).join(',')}]`;
  if (!isPlainObject(value)) return keyText(value);
  return `{${Object.entries(value)
    .map(([name, child]) => `${JSON.stringify(name)}:${deepKeyText(child, inside)}`)
    .join(',')}}`;
}

/** `f` of every leaf, in a tree of the same structure. */
export function map(f: (leaf: unknown) => unknown, tree: unknown): unknown {
  const { leaves, treedef } = flatten(tree);
  return unflatten(treedef, leaves.map(f));
}

/** The leaves in order of visit: tensors, Variables, and whatever is no node. */
export function leavesOf(tree: unknown): readonly unknown[] {
  return flatten(tree).leaves;
}

function isLeafObject(value: object): boolean {
  return value instanceof Tensor || value instanceof Variable || ArrayBuffer.isView(value);
}

/** Whether it is an object of no class. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
