/**
 * The cache of a jitted function. A hit requires that everything a trace depended on is as it was: the structure and
 * static values of the arguments, their avals, the captured Variables with their avals, which of those are also arguments, and the
 * layout of random numbers.
 */
import type { Jaxpr } from '../compiler/ir/jaxpr.ts';
import { sameAval } from '../compiler/ir/jaxpr.ts';
import { equalJaxprs } from '../compiler/ir/hash.ts';
import type { Aval } from '../compiler/ir/jaxpr.ts';
import type { Device, Executable } from '../runtime/index.ts';
import { BoundedMap } from './bounded-map.ts';
import { currentLayout } from './random/layout.ts';
import { avalsKey, currentValue } from './trace/arguments.ts';
import type { Arguments, StaticLeaf } from './trace/arguments.ts';
import { samePlan } from './trace/outputs.ts';
import type { OutputPlan } from './trace/outputs.ts';
import type { Finished } from './trace/stage.ts';
import type { Tensor } from './trace/tensor.ts';
import { currentTrace, readIn } from './trace/trace.ts';
import { Variable } from './trace/variable.ts';

const MAX_KEYS = 256;
const RETRACES_BEFORE_WARNING = 3;

type CapturedValue =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  | { readonly kind: 'variable'; readonly variable: WeakRef<Variable>; readonly aval: Aval };

type Write =
  { readonly kind: 'argument'; readonly index: number } | { readonly kind: 'captured'; readonly variable: WeakRef<Variable> };

export interface Entry {
  readonly jaxpr: Jaxpr;
  readonly plan: OutputPlan;
  readonly captures: readonly CapturedValue[];
  readonly writes: readonly Write[];
  executable(device: Device, make: () => Executable): Executable;
}

interface CachedEntry extends Entry {
  /** The Variables that were arguments of the trace. */
  readonly instances: readonly WeakRef<Variable>[];
  /** Captures tracers of an outer trace, so it serves only this call. */
  readonly transient: boolean;
  /** Traced for two sets of argument Variables with one result, so it serves any. */
  independent: boolean;
}

export function entryKey(inputs: Arguments): string {
  const trace = currentTrace();
  return `${currentLayout()}|${inputs.structure}|${avalsKey(inputs.traced.map((leaf) => currentValue(leaf, trace)))}`;
}

export class JitCache {
  readonly #name: string;
  readonly #entries = new BoundedMap<string, CachedEntry[]>(MAX_KEYS);
  readonly #retraces = new Map<string, number>();
  #lastStatics: readonly StaticLeaf[] | null = null;
  #lastStructure = '';
  traces = 0;
  hits = 0;

  constructor(name: string) {
    this.#name = name;
  }

  find(key: string, inputs: Arguments): Entry | undefined {
    const found = this.#entries.get(key)?.find((entry) => serves(entry, inputs));
    if (found !== undefined) this.hits++;
    return found;
  }

  /** Keeps a new trace; two traces that differ only in the argument's objects become one that serves any. */
  add(key: string, inputs: Arguments, entry: Entry): Entry {
    this.traces++;
    this.#warnOfRetraces(inputs);
    const fresh = entry as CachedEntry;
    if (fresh.transient) return fresh;
    const siblings = this.#entries.get(key) ?? [];
    const twin = siblings.find((other) => areTwins(other, fresh));
    if (twin !== undefined) {
      twin.independent = true;
      return twin;
    }
    this.#entries.set(key, [fresh, ...siblings].slice(0, 8));
    return fresh;
  }

  makeEntry(inputs: Arguments, jaxpr: Jaxpr, plan: OutputPlan, finished: Finished): Entry {
    const executables = new WeakMap<Device, Executable>();
    const captures = finished.captures.map(({ outer, variable }): CapturedValue =>
      variable === null
        ? { kind: 'tensor', tensor: outer.alias() }
        : { kind: 'variable', variable: new WeakRef(variable), aval: outer.aval },
    );
    const writes = finished.writes.map(({ variable }): Write => {
      const index = inputs.traced.findIndex(({ value }) => value === variable);
      return index < 0 ? { kind: 'captured', variable: new WeakRef(variable) } : { kind: 'argument', index };
    });
    const entry: CachedEntry = {
      jaxpr,
      plan,
      captures,
      writes,
      instances: argumentVariables(inputs).map((variable) => new WeakRef(variable)),
      transient: finished.captures.some(({ outer, variable }) => variable === null && outer.tracer !== null),
      independent: false,
      executable: (device, make) => {
        let executable = executables.get(device);
        if (executable === undefined) executables.set(device, (executable = make()));
        return executable;
      },
    };
    return entry;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** A number that changes from call to call makes a program for each of its values; the third one warns. */
  #warnOfRetraces(inputs: Arguments): void {
    const before = this.#lastStatics;
    const structure = inputs.structure.slice(0, inputs.structure.lastIndexOf('|'));
    if (before !== null && this.#lastStructure === structure) {
      const changed = inputs.statics.filter(({ value }, i) => !Object.is(value, before[i]?.value));
      const [only] = changed;
      if (changed.length === 1 && only !== undefined && typeof only.value === 'number') {
        const count = (this.#retraces.get(only.path) ?? 0) + 1;
        this.#retraces.set(only.path, count);
        if (count === RETRACES_BEFORE_WARNING) {
          console.warn(
            `${this.#name} was traced ${count + 1} times because the number ${only.path} changed (now ${only.value}); ` +
              `each value is a program of its own. Pass np.scalar(${only.value}) to make it an input.`,
          );
        }
      }
    }
    this.#lastStatics = inputs.statics;
    this.#lastStructure = structure;
  }
}

function argumentVariables(inputs: Arguments): Variable[] {
  return inputs.traced.flatMap(({ value }) => (value instanceof Variable ? [value] : []));
}

function serves(entry: CachedEntry, inputs: Arguments): boolean {
  const variables = argumentVariables(inputs);
  const trace = currentTrace();
  const captured = entry.captures.every((capture) => {
    if (capture.kind === 'tensor') return !capture.tensor.disposed;
    const variable = capture.variable.deref();
    if (variable === undefined || variables.includes(variable)) return false;
    return sameAval(readIn(trace, variable).aval, capture.aval);
  });
  const writable = entry.writes.every((write) => write.kind === 'argument' || write.variable.deref() !== undefined);
  if (!captured || !writable) return false;
  return entry.independent || entry.instances.every((instance, i) => instance.deref() === variables[i]);
}

/**
 * Two traces of one function for different argument objects. If neither captured an argument of the other, the function reaches its
 * state through the arguments only, and equal jaxprs serve every set of arguments.
 */
function areTwins(a: CachedEntry, b: CachedEntry): boolean {
  if (a.instances.length === 0 || a.captures.length !== b.captures.length) return false;
  const sameCaptures = a.captures.every((capture, i) => sameCapture(capture, b.captures[i]!));
  return sameCaptures && sameWrites(a, b) && disjoint(a, b) && samePlan(a.plan, b.plan) && equalJaxprs(a.jaxpr, b.jaxpr);
}

function sameCapture(a: CapturedValue, b: CapturedValue): boolean {
  if (a.kind === 'tensor' || b.kind === 'tensor') {
    return a.kind === 'tensor' && b.kind === 'tensor' && a.tensor.storage('jit') === b.tensor.storage('jit');
  }
  return a.variable.deref() === b.variable.deref();
}

function sameWrites(a: CachedEntry, b: CachedEntry): boolean {
  return (
    a.writes.length === b.writes.length &&
    a.writes.every((write, i) => {
      const other = b.writes[i]!;
      if (write.kind === 'argument') return other.kind === 'argument' && write.index === other.index;
      return other.kind === 'captured' && write.variable.deref() === other.variable.deref();
    })
  );
}

function disjoint(a: CachedEntry, b: CachedEntry): boolean {
  const reached = new Set(b.instances.map((instance) => instance.deref()));
  return a.instances.every((instance) => !reached.has(instance.deref()));
}
