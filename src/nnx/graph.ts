/**
 * Module graphs: what a module is made of, apart from the values of its Variables. Fields are visited in sorted order; plain arrays,
 * objects and Maps that contain modules or Variables are traversed in their own order, because a program may depend on it; a module or
 * Variable met again is a reference.
 */
import type { HeddleError } from '../../compiler/errors.ts';
import { userError } from '../trace/user-error.ts';
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { BUNDLE, ContainerDef, GraphDef, StaticMember, VariableRef, internGraphDef } from './graphdef.ts';
import type { FieldDef, Member, ModuleClass } from './graphdef.ts';
import { Module } from './module.ts';
import { checkPart, compareParts, joinPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { copyStatic, copyStatics } from './static-values.ts';

export interface Graph<M> {
  readonly graphdef: GraphDef<M>;
  /** Every Variable once, at its first path. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** The modules by index. */
  readonly modules: readonly Module[];
}

/**
 * Takes a module apart, or a Variable, or a plain array, object or Map of them.
 *
 * @throws PYTREE for data outside Variables, and for what could not be put together again: accessors on the object itself, Sets and
 * keys of Maps without a path, containers that contain themselves; STATE_PATH for '/' in a field name.
 */
export function readGraph<M extends object>(root: M): Graph<M> {
  const variables = new Map<string, Variable>();
  const firstPaths = new Map<Variable, string>();
  const indices = new Map<Module, number>();
  const open = new Set<object>();

  const readModule = (module: Module, path: readonly PathPart[]): GraphDef | number => {
    const known = indices.get(module);
    if (known !== undefined) return known;
    const index = indices.size;
    indices.set(module, index);
    const submodules: Record<string, FieldDef> = {};
    const staticFields: Record<string, unknown> = {};
    for (const name of Object.keys(module).sort(compareParts)) {
      checkPart(name, typeName(module.constructor));
      const value = fieldValue(module, [...path, name]);
      if (value === undefined) continue;
      const field = readField(value, [...path, name]);
      if (field === null) staticFields[name] = value;
      else submodules[name] = field;
    }
    return internGraphDef(new GraphDef(module.constructor as ModuleClass, index, submodules, staticFields));
  };

  const readField = (value: unknown, path: readonly PathPart[]): FieldDef | null => {
    if (value instanceof Module) return readModule(value, path);
    if (value instanceof Variable) {
      const text = joinPath(path);
      const first = firstPaths.get(value);
      if (first === undefined) {
        firstPaths.set(value, text);
        variables.set(text, value);
      }
      return new VariableRef(first ?? text);
    }
    if (value instanceof Tensor || ArrayBuffer.isView(value)) {
      const what = value instanceof Tensor ? value.toString() : describeValue(value);
      throw badField(path, `${what}: data of a module lives in Variables`, `${access(path)} = new Param(value)`);
    }
    return containsNodes(value, new Set()) ? readContainer(value as object, path) : null;
  };

  const readContainer = (value: object, path: readonly PathPart[]): ContainerDef => {
    if (open.has(value)) throw badField(path, 'a container that contains itself', 'nnx.Module for object graphs with cycles');
    open.add(value);
    const kind = Array.isArray(value) ? 'array' : value instanceof Map ? 'map' : 'object';
    const children = containerEntries(value, path).map(([part, child]): [PathPart, Member] => {
      if (typeof part === 'string') checkPart(part, joinPath(path));
      return [part, readField(child, [...path, part]) ?? new StaticMember(child)];
    });
    open.delete(value);
    return new ContainerDef(kind, children);
  };

  const readRoot = (): GraphDef => {
    if (root instanceof Module) return readModule(root, []) as GraphDef;
    const field = isContainer(root) ? readContainer(root, []) : root instanceof Variable ? readField(root, []) : null;
    if (field === null) {
      throw userError('PYTREE', `${describeValue(root)} is neither a module nor an array, object or Map of modules`, {
        fix: 'nnx.split({ w: new Param(x) })',
      });
    }
    return internGraphDef(new GraphDef((root.constructor ?? Object) as ModuleClass, BUNDLE, { '': field }, {}));
  };

  const graphdef = readRoot() as GraphDef as GraphDef<M>;
  return { graphdef, variables, modules: [...indices.keys()] };
}

/** Builds the module: constructors do not run, a module's index is known before its parts, so cycles close. */
export function buildGraph<M>(graphdef: GraphDef<M>, variableAt: (path: string) => Variable): M {
  const modules = new Map<number, Module>();
  const buildField = (field: FieldDef): unknown => {
    if (typeof field === 'number') {
      const module = modules.get(field);
      if (module === undefined) throw userError('STRUCTURE', `the GraphDef refers to module ${field} before it appears`);
      return module;
    }
    if (field instanceof VariableRef) return variableAt(field.path);
    return field instanceof ContainerDef ? buildContainer(field) : buildModule(field);
  };
  const buildContainer = ({ kind, children }: ContainerDef): unknown => {
    const built = children.map(([part, child]): [PathPart, unknown] => [
      part,
      child instanceof StaticMember ? copyStatic(child.value) : buildField(child),
    ]);
    if (kind === 'array') return built.map(([, child]) => child);
    return kind === 'map' ? new Map(built) : Object.fromEntries(built);
  };
  const buildModule = (def: GraphDef): Module => {
    if (modules.has(def.index)) throw userError('STRUCTURE', `the GraphDef defines module ${def.index} twice`);
    const module = Module.create(def.type);
    modules.set(def.index, module);
    const fields = Object.entries(def.fields).map(([name, field]) => [name, buildField(field)] as const);
    Object.assign(module, copyStatics(def.staticFields), Object.fromEntries(fields));
    return module;
  };
  return (graphdef.index === BUNDLE ? buildField(graphdef.fields['']!) : buildModule(graphdef as GraphDef)) as M;
}

/** Own accessors could compute anything anew, and would not survive a merge; those of the class are no fields. */
function fieldValue(module: Module, path: readonly PathPart[]): unknown {
  const name = path.at(-1)!;
  const field = Object.getOwnPropertyDescriptor(module, name)!;
  if ('value' in field) return field.value;
  throw badField(path, 'an accessor of the object itself', `get ${name}() { return value; } // in the class`);
}

function containerEntries(value: object, path: readonly PathPart[]): [PathPart, unknown][] {
  if (Array.isArray(value)) return value.map((child, i) => [i, child]);
  if (value instanceof Set) throw badField(path, 'a Set of modules or Variables, which have no paths there', `${access(path)} = [...set]`);
  if (!(value instanceof Map)) return Object.entries(value);
  return [...value].map(([key, child]) => {
    if (typeof key === 'string') return [key, child];
    throw badField(path, `a Map with the key ${String(key)}: parts of a path are strings`, `${access(path)}.set('${String(key)}', value)`);
  });
}

function badField(path: readonly PathPart[], what: string, fix: string): HeddleError {
  return userError('PYTREE', `${joinPath(path) || 'the root'} is ${what}`, { fix });
}

/** `this.layers[0].w` */
function access(path: readonly PathPart[]): string {
  return `this${path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')}`;
}

function isContainer(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || value instanceof Map || prototype === Object.prototype || prototype === null;
}

function containsNodes(value: unknown, seen: Set<unknown>): boolean {
  if (value instanceof Module || value instanceof Variable || value instanceof Tensor || ArrayBuffer.isView(value)) return true;
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  if (value instanceof Map || value instanceof Set) return [...value.values()].some((child) => containsNodes(child, seen));
  return isContainer(value) && Object.values(value).some((child) => containsNodes(child, seen));
}
