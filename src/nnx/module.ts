/**
 * Module: the base class of layers and models. A module is an ordinary object: fields that are Variables or modules are its state, all
 * others are static. Calling `forward` while tracing stamps the module's path on the operations inside.
 */
import type { HeddleError } from '../../compiler/errors.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { currentPath, withPath } from '../trace/path.ts';
import { typeName } from '../trace/printing.ts';
import { watched } from '../trace/watch.ts';
import { keyText } from '../tree.ts';
import type { Filter } from './filters.ts';
import type { ModuleClass, GraphDef } from './graphdef.ts';
import { guard, noteBirth } from './guard.ts';
import { offerOutputs } from './module-outputs.ts';
import type { Divided } from './state-types.ts';
import type { State } from './state.ts';
import type { VariableClass } from './variables.ts';

type AnyFunction = (this: Module, ...args: unknown[]) => unknown;

const wrapped = new WeakSet<AnyFunction>();
/** Modules that were put together by merge. */
const merged = new WeakSet<Module>();
let running: Module | null = null;

export abstract class Module {
  constructor() {
    noteBirth(this);
    wrapForward(new.target.prototype as object);
  }

  /** An instance whose constructor did not run; `merge` fills in its fields. */
  static create(type: ModuleClass): Module {
    wrapForward(type.prototype as object);
    const module = Object.create(type.prototype as object) as Module;
    merged.add(module);
    noteBirth(module);
    return module;
  }
}

/** The methods on module graphs; installed by functional.ts, which knows how. */
export interface Module {
  /**
   * `[state, graphdef]`: the Variables by path (the module's own objects), and the structure. With filters there is a State for
   * each in the place of the one: what the filter is the first to choose. @throws VALUE when the filters leave some out.
   */
  split<const F extends readonly Filter[]>(...filters: F): [...states: Divided<this, F>, graphdef: GraphDef<this>];
  /**
   * Writes the values of States into this module's Variables, whose identity stays. Outside traces a missing leaf is created.
   *
   * @throws STATE_PATH for a path through a submodule that does not exist, STRUCTURE for a missing leaf inside a trace.
   */
  update(...states: readonly State[]): void;
  /** Offers a value to the `nnx.capture` around, under this module's path; see `nnx.sow`. flax.nnx.Module.sow. */
  sow(kind: VariableClass, name: string, value: Operand): void;
  /**
   * `x`, plus the module's Perturbation of this name where it has one, else it sows zeros of that kind. So
   * `nnx.capture(f, nnx.Perturbation)` gives the perturbations that there may be, `model.update` puts them into the model, and a
   * gradient with respect to one (`{ wrt: nnx.Perturbation }`) is that of the value `x`. flax.nnx.Module.perturb.
   *
   * @throws SHAPE for a perturbation of another shape than x, VALUE for a field of this name that is none.
   */
  perturb(name: string, x: Operand): Tensor;
  /** Gives the memory of all its Variables back: `using model = new Model()`. */
  [Symbol.dispose](): void;
}

/** Gives modules methods that are written elsewhere. `for (const name in module)` does not see them, as if the class had them. */
export function installMethods(methods: object): void {
  const properties = Object.getOwnPropertyDescriptors(methods);
  for (const name of Reflect.ownKeys(properties)) {
    Object.defineProperty(Module.prototype, name, { ...Reflect.get(properties, name), enumerable: false });
  }
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
      if (!(this instanceof Module)) throw withoutModule(owner);
      const outer = running;
      const path = pathOf(this, outer);
      if (outer === null) guard(this);
      running = this;
      try {
        const output = withPath(path, () => watched(this, args, () => explainPrivate(this, () => forward.apply(this, args))));
        offerOutputs(path, output);
        return output;
      } finally {
        running = outer;
      }
    };
    Object.defineProperty(traced, 'name', { value: 'forward' });
    wrapped.add(traced);
    Object.defineProperty(owner, 'forward', { value: traced, writable: true, configurable: true });
  }
}

/** The error for a method that was taken from its module, as `jit(model.forward)` does. */
function withoutModule(owner: object): HeddleError {
  const name = typeName(owner.constructor);
  return userError('VALUE', `forward of ${name} was called without its module: a method that is passed on loses it`, {
    fix: 'jit((model, x) => model.forward(x))(model, x)',
  });
}

/** The path of a module of which a method runs: that of the `forward` around it, or below it. */
export function modulePath(module: Module): string {
  return running === module ? currentPath() : pathOf(module, running);
}

/** Equal for calls in which these modules have the same paths, below the same caller. */
export function placesKey(objects: readonly object[]): string {
  const paths = objects.map((object) => (object instanceof Module ? modulePath(object) : ''));
  return `${running === null ? '' : keyText(running)}:${paths.join(',')}`;
}

/** The caller's path and the field under which the caller holds the module; a module nobody holds goes by its class. */
function pathOf(module: Module, caller: Module | null): string {
  if (caller === null) return '';
  const prefix = currentPath();
  const name = placeOf(module, caller, new Set()) ?? typeName(module.constructor);
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The module's path among the fields of its owner, and in the arrays, plain objects and Maps there. */
function placeOf(module: Module, owner: object, seen: Set<object>): string | null {
  seen.add(owner);
  const isIndexed = owner instanceof Map || Array.isArray(owner);
  for (const [name, value] of isIndexed ? owner.entries() : Object.entries(owner)) {
    if (value === module) return String(name);
    if (!isContainer(value) || seen.has(value)) continue;
    const inside = placeOf(module, value, seen);
    if (inside !== null) return `${String(name)}/${inside}`;
  }
  return null;
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || value instanceof Map || prototype === Object.prototype || prototype === null;
}
