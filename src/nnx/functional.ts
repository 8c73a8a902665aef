/** split, merge, update, clone and apply: modules to and from their state. The counterparts of nnx.split, nnx.merge, nnx.update. */
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { registerNodeType } from '../tree.ts';
import { currentTrace, readIn } from '../trace/trace.ts';
import { Variable } from '../trace/variable.ts';
import { buildGraph, readGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { GraphDef } from './graphdef.ts';
import { graphDifferences } from './graph-differences.ts';
import type { Applied } from './graphdef.ts';
import { Module, explainPrivate } from './module.ts';
import { joinPath, splitPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { State } from './state.ts';

/** `[graphdef, state]`, in Flax's order; `module.split()` gives the seed's order. The State holds the module's own Variables. */
export function split<M extends Module>(module: M): [graphdef: GraphDef<M>, state: State] {
  const { graphdef, variables } = readGraph(module);
  return [graphdef as GraphDef<M>, new State(variables)];
}

/**
 * A new module of this structure with new Variables that hold the values of the States.
 *
 * @throws STATE_PATH when paths differ, VALUE for arguments in another order.
 */
export function merge<M>(graphdef: GraphDef<M>, ...states: readonly State[]): M {
  checkOrder(graphdef, states);
  const state = State.merge(...states);
  const copies = new Map<string, Variable>();
  const module = buildGraph(graphdef, (path) => {
    const known = copies.get(path);
    if (known !== undefined) return known;
    const original = state.get(path);
    const copy = original.with(readIn(currentTrace(), original));
    copies.set(path, copy);
    return copy;
  });
  const unused = [...state.keys()].filter((path) => !copies.has(path));
  if (unused.length > 0) {
    throw userError(
      'STATE_PATH',
      `merge: the GraphDef of ${typeName(graphdef.type)} has no place for ${unused.map((path) => `'${path}'`).join(', ')}`,
      {
        fix: 'graphdef.merge(state) with the State that came from the same split()',
      },
    );
  }
  return module;
}

function checkOrder(graphdef: unknown, states: readonly unknown[]): void {
  const wrong = [graphdef, ...states].find((value, i) => !(value instanceof (i === 0 ? GraphDef : State)));
  if (wrong === undefined) return;
  throw userError('VALUE', `merge takes a GraphDef, then States, and was given ${describeValue(wrong)} in place of one`, {
    fix: 'nnx.merge(graphdef, state)',
  });
}

/** A module of the same structure and values with Variables of its own. */
export function clone<M extends Module>(module: M): M {
  const [graphdef, state] = split(module);
  return merge(graphdef, state);
}

/** Writes values into a module's Variables, all or none; see Module.update. */
export function update(module: Module, ...states: readonly State[]): void {
  const writes = [...State.merge(...states)].map(([path, variable]) => writeOf(module, splitPath(path), variable));
  for (const write of writes) write();
}

/** What writes the value that the Variable has now. */
function writeOf(module: Module, path: readonly PathPart[], variable: Variable): () => void {
  const { value } = variable;
  const name = typeName(module.constructor);
  let owner: unknown = module;
  for (const [depth, part] of path.slice(0, -1).entries()) {
    owner = member(owner, part);
    if (typeof owner === 'object' && owner !== null && !(owner instanceof Variable)) continue;
    throw userError(
      'STATE_PATH',
      `update: ${name} has no submodule '${joinPath(path.slice(0, depth + 1))}' for '${joinPath(path)}'`,
      {
        fix: `new State([...state].filter(([path]) => path !== '${joinPath(path)}'))`,
      },
    );
  }
  const last = path.at(-1)!;
  const existing = member(owner, last);
  if (existing instanceof Variable) {
    return () => {
      existing.value = value;
    };
  }
  if (existing !== undefined) {
    throw userError('STATE_PATH', `update: '${joinPath(path)}' of ${name} is no Variable`, {
      fix: 'module.split()[0].keys() lists the paths',
    });
  }
  if (currentTrace() !== null) {
    throw userError('STRUCTURE', `update: ${name} has no Variable '${joinPath(path)}', and a trace may not add one`, {
      fix: `this.${last} = new Param(0); // in the constructor`,
    });
  }
  const parent = owner;
  return () => {
    const copy = variable.with(value);
    if (parent instanceof Map) parent.set(String(last), copy);
    else (parent as Record<PathPart, unknown>)[last] = copy;
  };
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
  [Symbol.dispose](this: Module): void {
    for (const variable of readGraph(this).variables.values()) variable.dispose();
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
      const output = explainPrivate(module, () => call(module));
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
  readonly graphdef: GraphDef;
  readonly paths: readonly string[];
  /** The module itself, taken apart; null in trees that outlive it. */
  readonly graph: Graph<Module> | null;
}

registerNodeType<Module, ModuleAux>({
  name: 'Module',
  matches: (value): value is Module => value instanceof Module,
  flatten: (module) => {
    const graph = readGraph(module);
    const children = [...graph.variables].map(([path, variable]) => [path.replaceAll('/', '.'), variable] as const);
    return { children, aux: { graphdef: graph.graphdef as GraphDef, paths: [...graph.variables.keys()], graph } };
  },
  unflatten: ({ graphdef, paths, graph }, children) => {
    const own = graph === null ? null : [...graph.variables.values()];
    if (own !== null && children.every((child, i) => child === own[i])) return graph!.modules[0]!;
    const byPath = new Map(paths.map((path, i) => [path, children[i] as Variable]));
    return buildGraph(graphdef, (path) => byPath.get(path)!) as Module;
  },
  key: ({ graphdef }) => graphdef.key,
  objects: ({ graph }) => graph?.modules ?? [],
  describe: ({ graphdef, paths }) => ({ graphdef, paths, graph: null }),
  differences: (before, after) => graphDifferences(before.graphdef, after.graphdef, ''),
});
