/** split, merge, update, clone and apply: modules to and from their state. The counterparts of nnx.split, nnx.merge, nnx.update. */
import { userError } from '../trace/user-error.ts';
import { registerNodeType } from '../tree.ts';
import { currentTrace } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { buildGraph, readGraph } from './graph.ts';
import { GraphDef } from './graphdef.ts';
import { graphDifferences } from './graph-differences.ts';
import type { Applied } from './graphdef.ts';
import { Module } from './module.ts';
import { joinPath, splitPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { State } from './state.ts';

/** `[graphdef, state]`, in Flax's order; `module.split()` gives the seed's order. The State holds the module's own Variables. */
export function split<M extends Module>(module: M): [graphdef: GraphDef<M>, state: State] {
  const { graphdef, variables } = readGraph(module);
  return [graphdef as GraphDef<M>, new State(variables)];
}

/** A new module of this structure with new Variables that hold the values of the States. @throws STATE_PATH when paths differ. */
export function merge<M>(graphdef: GraphDef<M>, ...states: readonly State[]): M {
  const state = State.merge(...states);
  const copies = new Map<string, Variable>();
  const module = buildGraph(graphdef, (path) => {
    const known = copies.get(path);
    if (known !== undefined) return known;
    const original = state.get(path);
    const copy = original.with(original.value);
    copies.set(path, copy);
    return copy;
  });
  const unused = [...state.keys()].filter((path) => !copies.has(path));
  if (unused.length > 0) {
    throw userError(
      'STATE_PATH',
      `merge: the GraphDef of ${graphdef.type.name} has no place for ${unused.map((path) => `'${path}'`).join(', ')}`,
      {
        fix: 'graphdef.merge(state) with the State that came from the same split()',
      },
    );
  }
  return module;
}

/** A module of the same structure and values with Variables of its own. */
export function clone<M extends Module>(module: M): M {
  const [graphdef, state] = split(module);
  return merge(graphdef, state);
}

/** Writes values into a module's Variables; see Module.update. */
export function update(module: Module, ...states: readonly State[]): void {
  for (const [path, variable] of State.merge(...states)) writeAt(module, splitPath(path), variable);
}

function writeAt(module: Module, path: readonly PathPart[], variable: Variable): void {
  let owner: unknown = module;
  for (const [depth, part] of path.slice(0, -1).entries()) {
    owner = member(owner, part);
    if (typeof owner === 'object' && owner !== null && !(owner instanceof Variable)) continue;
    throw userError(
      'STATE_PATH',
      `update: ${module.constructor.name} has no submodule '${joinPath(path.slice(0, depth + 1))}' for '${joinPath(path)}'`,
      {
        fix: `new State([...state].filter(([path]) => path !== '${joinPath(path)}'))`,
      },
    );
  }
  const last = path.at(-1)!;
  const existing = member(owner, last);
  if (existing instanceof Variable) {
    existing.value = variable.value;
    return;
  }
  if (existing !== undefined) {
    throw userError('STATE_PATH', `update: '${joinPath(path)}' of ${module.constructor.name} is no Variable`, {
      fix: 'module.split()[0].keys() lists the paths',
    });
  }
  if (currentTrace() !== null) {
    throw userError(
      'STRUCTURE',
      `update: ${module.constructor.name} has no Variable '${joinPath(path)}', and a trace may not add one`,
      {
        fix: 'create the Variable in the constructor',
      },
    );
  }
  const copy = variable.with(variable.value);
  if (owner instanceof Map) owner.set(String(last), copy);
  else (owner as Record<PathPart, unknown>)[last] = copy;
}

function member(owner: unknown, part: PathPart): unknown {
  return owner instanceof Map ? owner.get(String(part)) : (owner as Record<PathPart, unknown>)[part];
}

Object.assign(Module.prototype, {
  split(this: Module): [State, GraphDef] {
    const [graphdef, state] = split(this);
    return [state, graphdef];
  },
  update(this: Module, state: State): void {
    update(this, state);
  },
});

type ForwardModule = Module & { forward(...args: unknown[]): unknown };

Object.assign(GraphDef.prototype, {
  merge(this: GraphDef, state: State): unknown {
    return merge(this, state);
  },
  apply(this: GraphDef, state: State, method?: (module: Module) => unknown): unknown {
    const run = (call: (module: Module) => unknown): Applied<unknown, Module> => {
      const module = merge(this, state);
      const output = call(module);
      return [output, module.split()];
    };
    return method === undefined
      ? (...args: unknown[]) => run((module) => (module as ForwardModule).forward(...args))
      : run(method);
  },
});

registerNodeType<GraphDef, GraphDef>({
  name: 'GraphDef',
  matches: (value): value is GraphDef => value instanceof GraphDef,
  flatten: (graphdef) => ({ children: [], aux: graphdef }),
  unflatten: (graphdef) => graphdef,
  key: ({ key }) => key,
});

interface ModuleAux {
  readonly module: Module;
  readonly graphdef: GraphDef;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly modules: readonly Module[];
}

registerNodeType<Module, ModuleAux>({
  name: 'Module',
  objects: ({ modules }) => modules,
  matches: (value): value is Module => value instanceof Module,
  flatten: (module) => {
    const { graphdef, variables, modules } = readGraph(module);
    const children = [...variables].map(([path, variable]) => [path.replaceAll('/', '.'), variable] as const);
    return { children, aux: { module, graphdef, variables, modules } };
  },
  unflatten: ({ module, graphdef, variables }, children) => {
    const own = [...variables.values()];
    if (children.every((child, i) => child === own[i])) return module;
    const byPath = new Map([...variables.keys()].map((path, i) => [path, children[i] as Variable]));
    return buildGraph(graphdef, (path) => byPath.get(path)!) as Module;
  },
  key: ({ graphdef }) => graphdef.key,
  differences: (before, after) => graphDifferences(before.graphdef, after.graphdef, ''),
});
