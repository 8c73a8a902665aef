/**
 * The last calls of a jitted function with modules or Variables among its arguments. A call that is like one of them needs neither
 * a tree of its arguments nor a key: they are compared where they are, and the entry and the list of Variables are used again.
 */
import { sameAval } from '../compiler/ir/jaxpr.ts';
import type { Aval } from '../compiler/ir/jaxpr.ts';
import type { JitEntry, Served } from './jit-entry.ts';
import type { Arguments } from './trace/arguments.ts';
import { interruptedTrace } from './trace/eager.ts';
import { toTensor } from './trace/literal.ts';
import { ObjectRecords } from './trace/object-records.ts';
import { Tensor } from './trace/tensor.ts';
import { currentTrace } from './trace/trace.ts';
import { Variable } from './trace/variable.ts';
import { isPlainObject } from './tree.ts';
import type { TreeDef } from './tree.ts';

/** Calls with the same objects differ in shapes and static leaves. */
const MAX_CALLS = 4;

/** By the arguments that have an identity, one after the other; so a call is forgotten with any of its modules. */
interface Branch {
  readonly next: WeakMap<object, Branch>;
  calls: readonly RecalledCall[];
}

export class Recalls {
  #root: Branch = newBranch();

  /** What served a call like this one, if that is among the last ones and nothing has changed since. */
  find(args: readonly unknown[], context: string): Served | null {
    if (currentTrace() !== null || interruptedTrace() !== null) return null;
    let branch: Branch | undefined = this.#root;
    for (const object of identitiesOf(args)) branch = branch?.next.get(object);
    for (const call of branch?.calls ?? []) {
      const served = call.context === context ? call.serve(args) : null;
      if (served !== null) return served;
    }
    return null;
  }

  /** Remembers a call that `entry` served. */
  add(args: readonly unknown[], context: string, inputs: Arguments, entry: JitEntry): void {
    if (entry.transient || currentTrace() !== null || interruptedTrace() !== null) return;
    const identities = identitiesOf(args);
    const call = identities.length === 0 ? null : recalledCall(args, context, inputs, entry);
    if (call === null) return;
    let branch = this.#root;
    for (const object of identities) {
      const next: Branch = branch.next.get(object) ?? newBranch();
      branch.next.set(object, next);
      branch = next;
    }
    branch.calls = [call, ...branch.calls].slice(0, MAX_CALLS);
  }

  clear(): void {
    this.#root = newBranch();
  }
}

function newBranch(): Branch {
  return { next: new WeakMap(), calls: [] };
}

/** The objects among the arguments, and inside their arrays and plain objects, that are compared by identity. */
function identitiesOf(args: readonly unknown[]): object[] {
  const found: object[] = [];
  const seen = new Set<object>(); // What contains itself is refused later.
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || value instanceof Tensor || ArrayBuffer.isView(value)) return;
    const isContainer = Array.isArray(value) || isPlainObject(value);
    if (!isContainer) found.push(value);
    if (!isContainer || seen.has(value)) return;
    seen.add(value);
    (Array.isArray(value) ? value : Object.values(value)).forEach(visit);
  };
  args.forEach(visit);
  return found;
}

interface RecalledCall {
  readonly context: string;
  /** What serves a call with these arguments, or null when it is another call. */
  readonly serve: (args: readonly unknown[]) => Served | null;
}

/** Null for arguments of which it cannot be told fast whether they are as they were. It keeps no tensor. */
function recalledCall(
  args: readonly unknown[],
  context: string,
  { treedef, values, objects }: Arguments,
  entry: JitEntry,
): RecalledCall | null {
  const pattern = patternOf(treedef, args);
  if (pattern === null) return null;
  const variables = values.map((value) => (value instanceof Variable ? value : null));
  const avals = values.map((value) => (value instanceof Variable ? value.cell() : value).aval);
  const records = new ObjectRecords([...objects, ...values.filter((value) => value instanceof Variable)]);

  /** In one pass, because what hundreds of Variables cost is the memory that is touched. */
  const serve = (now: readonly unknown[]): Served | null => {
    const tensors: Tensor[] = [];
    if (!matches(pattern, now, tensors) || !records.unchanged() || !entry.readsOuter(null)) return null;
    const values: (Tensor | Variable)[] = [];
    const operands = entry.captured(null);
    for (let i = 0, next = 0; i < variables.length; i++) {
      const variable = variables[i]!;
      if (variable !== null && !variable.filled) return null;
      const tensor = variable === null ? tensors[next++]! : variable.cell();
      if (!hasAval(tensor, avals, i)) return null;
      values.push(variable ?? tensor);
      operands.push(tensor);
    }
    return { entry, inputs: { objects, values }, operands };
  };
  return { context, serve };
}

/** Whether the tensor is of the i-th type; notes an equal one, because the same object is known faster. */
function hasAval({ aval }: Tensor, avals: Aval[], i: number): boolean {
  if (aval === avals[i]) return true;
  if (!sameAval(aval, avals[i]!)) return false;
  avals[i] = aval;
  return true;
}

/** What arguments must be like: a tensor (or typed array), the very same value, or an array or object of such. */
type Pattern =
  | { readonly kind: 'tensor' }
  | { readonly kind: 'same'; readonly value: unknown }
  | { readonly kind: 'array'; readonly children: readonly Pattern[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly Pattern[] };

function patternOf(treedef: TreeDef, value: unknown): Pattern | null {
  const all = (nodes: readonly TreeDef[], values: readonly unknown[]): Pattern[] | null => {
    const patterns = nodes.map((node, i) => patternOf(node, values[i]));
    return patterns.every((pattern) => pattern !== null) ? patterns : null;
  };
  switch (treedef.kind) {
    case 'leaf':
      return value instanceof Tensor || ArrayBuffer.isView(value) ? { kind: 'tensor' } : { kind: 'same', value };
    case 'nothing':
      return { kind: 'same', value };
    case 'array': {
      const children = all(treedef.children, value as readonly unknown[]);
      return children === null ? null : { kind: 'array', children };
    }
    case 'object': {
      const { keys } = treedef;
      const children = all(treedef.children, keys.map((key) => (value as Record<string, unknown>)[key]));
      return children === null ? null : { kind: 'object', keys, children };
    }
    case 'node':
      return treedef.type.objects === undefined ? null : { kind: 'same', value };
    case 'map':
      return null;
  }
}

/** Whether the value is like the pattern; collects its tensors, in the order of traced leaves. */
function matches(pattern: Pattern, value: unknown, tensors: Tensor[]): boolean {
  switch (pattern.kind) {
    case 'same':
      return Object.is(value, pattern.value);
    case 'tensor':
      if (!(value instanceof Tensor) && !ArrayBuffer.isView(value)) return false;
      tensors.push(toTensor(value, 'float32'));
      return true;
    case 'array': {
      const { children } = pattern;
      if (!Array.isArray(value) || value.length !== children.length) return false;
      return children.every((child, i) => matches(child, value[i], tensors));
    }
    case 'object': {
      if (typeof value !== 'object' || value === null || !isPlainObject(value)) return false;
      const { keys, children } = pattern;
      const fields = value as Record<string, unknown>;
      return (
        Object.keys(fields).length === keys.length &&
        keys.every((key, i) => Object.hasOwn(fields, key) && matches(children[i]!, fields[key], tensors))
      );
    }
  }
}
