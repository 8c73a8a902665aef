/** The calls of modules during one trace of a model: what went in and came out, and which modules an operation belongs to. */
import { typeName } from '../trace/printing.ts';
import { currentPath, withPath } from '../trace/path.ts';
import { Tensor } from '../trace/tensor.ts';
import { currentTrace } from '../trace/trace.ts';
import type { Trace } from '../trace/trace.ts';
import { watching } from '../trace/watch.ts';
import { readGraph } from './graph.ts';
import { Module } from './module.ts';
import { State } from './state.ts';
import { showStatic } from './static-values.ts';
import type { ModuleEntry, Modules } from './tabulate-modules.ts';
import { Variable } from './variables.ts';

/** Values as types: a line for each argument, and for each of several results. */
export interface ObservedCall {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The transforms around the call, the outer one first: `vmap, scan`. */
  readonly within: string;
}

export class CallLog {
  readonly #modules: Modules;
  /** Modules of the model, and the copies of them that were called. */
  readonly #entries: Map<Module, ModuleEntry>;
  readonly #calls = new Map<ModuleEntry, Map<string, ObservedCall>>();
  /** The modules whose calls enclose the operations of a path. */
  readonly #chains: Map<string, readonly ModuleEntry[]>;
  #chain: readonly ModuleEntry[];
  #root: Trace | null = null;

  constructor(modules: Modules) {
    this.#modules = modules;
    this.#entries = new Map(modules.entries);
    this.#chain = [modules.root];
    this.#chains = new Map([['', this.#chain]]);
  }

  /** Runs `f`, which is being traced, and notes the calls. */
  record<T>(f: () => T): T {
    this.#root = currentTrace();
    return watching((module, args, call) => this.#observe(module as Module, args, call), f);
  }

  /** The different calls of a module, in order. */
  callsOf(entry: ModuleEntry): readonly ObservedCall[] {
    return [...(this.#calls.get(entry)?.values() ?? [])];
  }

  /** Where the module was first called among all that were. */
  orderOf(entry: ModuleEntry): number {
    const place = [...this.#calls.keys()].indexOf(entry);
    return place < 0 ? Infinity : place;
  }

  /** The modules that an operation of this path belongs to, the outermost first. */
  chainOf(path: string): readonly ModuleEntry[] {
    return this.#chains.get(path) ?? [this.#modules.root];
  }

  #observe(module: Module, args: readonly unknown[], call: () => unknown): unknown {
    const outer = this.#chain;
    const entry = this.#entryOf(module, outer.at(-1)!);
    const inputs = args.map(describe);
    const within = this.#transforms();
    if (!this.#calls.has(entry)) this.#calls.set(entry, new Map());
    this.#chain = entry === this.#modules.root ? outer : [...outer, entry];
    try {
      const result = withPath(this.#pathOfChain(), call);
      const outputs = Array.isArray(result) ? result.map(describe) : [describe(result)];
      const observed = { inputs, outputs, within };
      this.#calls.get(entry)!.set(JSON.stringify(observed), observed);
      return result;
    } finally {
      this.#chain = outer;
    }
  }

  /** The current path, unless it stands for another chain of modules: copies of two stacks may go by one class name. */
  #pathOfChain(): string {
    let path = currentPath();
    for (let known = this.#chains.get(path); known !== undefined && !isSame(known, this.#chain); known = this.#chains.get(path)) {
      path += '+';
    }
    this.#chains.set(path, this.#chain);
    return path;
  }

  #entryOf(module: Module, caller: ModuleEntry): ModuleEntry {
    const known = this.#entries.get(module);
    if (known !== undefined) return known;
    const original = this.#originalOf(module, caller);
    if (original !== null) {
      const copies = readGraph(module).modules;
      readGraph(original).modules.forEach((part, i) => this.#entries.set(copies[i]!, this.#entries.get(part)!));
      return this.#entries.get(module)!;
    }
    const type = typeName(module.constructor);
    const made: ModuleEntry = {
      path: caller.path === '' ? type : `${caller.path}/${type}`,
      type,
      depth: caller.depth + 1,
      parent: caller,
      children: [],
      sharedAt: [],
      own: [],
      sizes: new Map(),
      hidden: false,
    };
    const twin = caller.children.find(({ path, own }) => path === made.path && own.length === 0);
    if (twin === undefined) caller.children.push(made);
    this.#entries.set(module, twin ?? made);
    return twin ?? made;
  }

  /** The module of the model, below the caller first, of which this is a copy that merge made. */
  #originalOf(copy: Module, caller: ModuleEntry): Module | null {
    const { graphdef } = readGraph(copy);
    const candidates = [...this.#modules.entries].filter(([module]) => readGraph(module).graphdef === graphdef);
    const prefix = caller.path === '' ? '' : `${caller.path}/`;
    const [found] = candidates.find(([, { path }]) => path.startsWith(prefix)) ?? candidates[0] ?? [null];
    return found;
  }

  #transforms(): string {
    const names: string[] = [];
    for (let trace = currentTrace(); trace !== null && trace !== this.#root; trace = trace.parent) {
      names.unshift(/^[^(]*/.exec(trace.name)![0]);
    }
    return names.join(', ');
  }
}

function isSame(a: readonly ModuleEntry[], b: readonly ModuleEntry[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i]);
}

/** A value as its type: `float32[2,3]`, `{ train: true, rngs: Rngs }`. */
function describe(value: unknown): string {
  if (value instanceof Tensor) return value.describe();
  if (value instanceof Variable) return `${typeName(value.constructor)} ${value.value.describe()}`;
  if (value instanceof Module) return typeName(value.constructor);
  if (value instanceof State) return `State of ${value.size}`;
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  if (Object.prototype.toString.call(value) !== '[object Object]' || Object.getPrototypeOf(value) !== Object.prototype) {
    return showStatic(value);
  }
  const entries = Object.entries(value as object).map(([name, child]) => `${name}: ${describe(child)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
