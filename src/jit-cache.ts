/**
 * What is remembered of a jitted function. A hit requires that everything a trace depended on is as it was: the structure and
 * static values of the arguments, their avals, the captured Variables with their avals, which of those are also arguments, the
 * named axes around the call, what is collected there, and the layout of random numbers.
 */
import { BoundedMap } from './bounded-map.ts';
import type { JitEntry, Served } from './jit-entry.ts';
import { Recalls } from './jit-recall.ts';
import { placesKey } from './nnx/module.ts';
import { currentLayout } from './random/layout.ts';
import { argumentsKey, readArguments } from './trace/arguments.ts';
import type { Arguments, StaticLeaf } from './trace/arguments.ts';
import { collectionKey } from './trace/sown.ts';
import { currentTrace, namedAxes } from './trace/trace.ts';
import { flatten } from './tree.ts';

const MAX_KEYS = 256;
/** Entries of one key differ in the Variables that they captured or were traced for. */
const MAX_ENTRIES_PER_KEY = 8;
const RETRACES_BEFORE_WARNING = 3;

export class JitCache {
  readonly #name: string;
  readonly #entries = new BoundedMap<string, readonly JitEntry[]>(MAX_KEYS);
  readonly #recalls = new Recalls();
  readonly #retraces = new Map<string, number>();
  #lastStructure = '';
  #lastStatics: readonly StaticLeaf[] = [];
  traces = 0;
  hits = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The entry that serves a call with these arguments, from `trace` when there is none. */
  lookUp(args: readonly unknown[], trace: (inputs: Arguments) => JitEntry): Served {
    const context = contextKey(args);
    const recalled = this.#recalls.find(args, context);
    if (recalled !== null) {
      this.hits++;
      return recalled;
    }
    const inputs = readArguments(args);
    const entry = this.#entryFor(inputs, context, () => trace(inputs));
    this.#recalls.add(args, context, inputs, entry);
    return { entry, inputs, operands: entry.operands(inputs, currentTrace()) };
  }

  #entryFor(inputs: Arguments, context: string, trace: () => JitEntry): JitEntry {
    const key = `${context}|${argumentsKey(inputs)}`;
    const known = this.#entries.get(key) ?? [];
    const found = known.find((entry) => entry.serves(inputs, currentTrace()));
    if (found !== undefined) {
      this.hits++;
      return found;
    }
    const fresh = trace();
    this.traces++;
    this.#warnOfRetraces(inputs);
    if (fresh.transient) return fresh;
    const twin = known.find((other) => other.absorb(fresh));
    if (twin !== undefined) return twin;
    this.#entries.set(key, [fresh, ...known].slice(0, MAX_ENTRIES_PER_KEY));
    return fresh;
  }

  clear(): void {
    this.#entries.clear();
    this.#recalls.clear();
  }

  /** A number that changes from call to call makes a program for each of its values; the third one warns. */
  #warnOfRetraces({ structure, statics }: Arguments): void {
    const before = this.#lastStructure === structure ? this.#lastStatics : statics;
    statics.forEach(({ value, path }, i) => {
      if (typeof value !== 'number' || Object.is(value, before[i]?.value)) return;
      const count = (this.#retraces.get(path) ?? 0) + 1;
      this.#retraces.set(path, count);
      if (count !== RETRACES_BEFORE_WARNING) return;
      console.warn(
        `${this.#name} was traced ${count + 1} times because the number ${path} changed (now ${value}); ` +
          `each value is a program of its own. Pass np.scalar(${value}) to make it an input.`,
      );
    });
    this.#lastStructure = structure;
    this.#lastStatics = statics;
  }
}

/** What around a call a trace of it depends on; what is sown has the paths of the modules among its arguments. */
function contextKey(args: readonly unknown[]): string {
  const axes = namedAxes().map(({ name, size }) => `${JSON.stringify(name)}:${size}`);
  const collected = collectionKey();
  const places = collected === '' ? '' : placesKey(flatten(args).objects);
  return `${currentLayout()}|${axes.join(',')}|${collected}${places}`;
}

/** By function: `jit(f)` may be written anew for each call. */
const caches = new WeakMap<object, JitCache>();

export function jitCacheOf(f: object, name: string): JitCache {
  let cache = caches.get(f);
  if (cache === undefined) caches.set(f, (cache = new JitCache(name)));
  return cache;
}
