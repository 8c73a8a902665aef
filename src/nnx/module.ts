/**
 * Module: the base class of layers and models. A module is an ordinary object: fields that are Variables or modules are its state, all
 * others are static. Calling `forward` while tracing stamps the module's path on the operations inside.
 */
import { userError } from '../trace/user-error.ts';
import { currentPath, withPath } from '../trace/path.ts';
import { typeName } from '../trace/printing.ts';
import type { ModuleClass, GraphDef } from './graphdef.ts';
import type { State } from './state.ts';

type AnyFunction = (this: Module, ...args: unknown[]) => unknown;

const wrapped = new WeakSet<AnyFunction>();
/** Modules that were put together by merge. */
const merged = new WeakSet<Module>();
let running: Module | null = null;

export abstract class Module {
  constructor() {
    wrapForward(new.target.prototype as object);
  }

  /** An instance whose constructor did not run; `merge` fills in its fields. */
  static create(type: ModuleClass): Module {
    wrapForward(type.prototype as object);
    const module = Object.create(type.prototype as object) as Module;
    merged.add(module);
    return module;
  }
}

/** The methods on module graphs; installed by functional.ts, which knows how. */
export interface Module {
  /** `[state, graphdef]`: the Variables by path (the module's own objects), and the structure. */
  split(): [state: State, graphdef: GraphDef<this>];
  /**
   * Writes the State's values into this module's Variables, whose identity stays. Outside traces a missing leaf is created.
   *
   * @throws STATE_PATH for a path through a submodule that does not exist, STRUCTURE for a missing leaf inside a trace.
   */
  update(state: State): void;
  /** Gives the memory of all its Variables back: `using model = new Model()`. */
  [Symbol.dispose](): void;
}

/** What the engines say of a private member that no constructor has made. */
const PRIVATE = /private|Receiver must be/;

/** Calls a method of the module. @throws UNSUPPORTED where it needs a #private field, which merge cannot make. */
export function explainPrivate<T>(module: Module, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof TypeError) || !merged.has(module) || !PRIVATE.test(error.message)) throw error;
    const name = typeName(module.constructor);
    throw userError('UNSUPPORTED', `${name} is a merged module, whose constructor did not run, and lacks #private fields: ${error.message}`, {
      cause: error,
      fix: 'private field = value; // in place of #field = value',
    });
  }
}

/** Wraps `forward` once, on the prototype that defines it. */
function wrapForward(prototype: object): void {
  for (
    let owner: object | null = prototype;
    owner !== null && owner !== Module.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const forward = Object.getOwnPropertyDescriptor(owner, 'forward')?.value as AnyFunction | undefined;
    if (forward === undefined || wrapped.has(forward)) continue;
    const traced: AnyFunction = function (...args) {
      const outer = running;
      const path = pathOf(this, outer);
      running = this;
      try {
        return withPath(path, () => explainPrivate(this, () => forward.apply(this, args)));
      } finally {
        running = outer;
      }
    };
    Object.defineProperty(traced, 'name', { value: 'forward' });
    wrapped.add(traced);
    Object.defineProperty(owner, 'forward', { value: traced, writable: true, configurable: true });
  }
}

/** The caller's path and the field under which the caller holds the module; a module nobody holds goes by its class. */
function pathOf(module: Module, caller: Module | null): string {
  if (caller === null) return '';
  const prefix = currentPath();
  const name = fieldOf(caller, module) ?? typeName(module.constructor);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function fieldOf(owner: object, module: Module): string | undefined {
  for (const [name, value] of Object.entries(owner)) {
    if (value === module) return name;
    if (Array.isArray(value) && value.includes(module)) return `${name}/${value.indexOf(module)}`;
  }
  return undefined;
}
