/** split, merge, clone and apply: models to and from their state. The counterparts of nnx.split, nnx.state, nnx.merge. */
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { registerNodeType } from '../tree.ts';
import { currentTrace, readIn } from '../trace/trace.ts';
import type { Variable } from '../trace/variable.ts';
import { divide, divideAll } from './filters.ts';
import type { Filter } from './filters.ts';
import { buildGraph, readGraph } from './graph.ts';
import type { Graph } from './graph.ts';
import { GraphDef, variablePaths } from './graphdef.ts';
import { graphDifferences } from './graph-differences.ts';
import type { Applied } from './graphdef.ts';
import { Module, explainPrivate, installMethods } from './module.ts';
import type { Divided, OneOrEach } from './state-types.ts';
import { State } from './state.ts';
import { update } from './update.ts';

/**
 * `[graphdef, ...states]`, in Flax's order (`module.split()` gives the seed's): one State for each filter, with what it is the first
 * to choose, or one of everything. The States hold the model's own Variables. A model is a module, or an array, object or Map of
 * modules. flax.nnx.split.
 *
 * @throws VALUE when some Variables are chosen by no filter, or when one that takes all is not the last.
 */
export function split<M extends object, const F extends readonly Filter[]>(
  model: M,
  ...filters: F
): [graphdef: GraphDef<M>, ...states: Divided<M, F>] {
  const { graphdef, variables } = readGraph(model);
  const states = divideAll('nnx.split', variables, filters).map((entries) => new State<M>(entries));
  return [graphdef, ...(states as unknown as Divided<M, F>)];
}

/** What several filters are the first to choose, or everything; the rest is left out. flax.nnx.state. */
export function state<M extends object, const F extends readonly Filter[]>(model: M, ...filters: F): OneOrEach<Divided<M, F>> {
  const { variables } = readGraph(model);
  const chosen = filters.length === 0 ? [variables] : divide('nnx.state', variables, filters).slice(0, -1);
  return oneOrEach(chosen.map((entries) => new State<M>(entries))) as OneOrEach<Divided<M, F>>;
}

/** The structure alone. flax.nnx.graphdef. */
export function graphdef<M extends object>(model: M): GraphDef<M> {
  return readGraph(model).graphdef;
}

/** The State of one filter, or an array with one for each of several. */
export function oneOrEach(states: readonly State[]): State | readonly State[] {
  return states.length === 1 ? states[0]! : states;
}

/**
 * A new model of this structure with new Variables that hold the values of the States.
 *
 * @throws STATE_PATH when paths differ, VALUE for arguments in another order.
 */
export function merge<M>(graphdef: GraphDef<M>, ...states: readonly State[]): M {
  checkOrder(graphdef, states);
  const state: State = State.merge(...states);
  checkPaths(graphdef, state);
  const copies = new Map<string, Variable>();
  return buildGraph(graphdef, (path) => {
    const known = copies.get(path);
    if (known !== undefined) return known;
    const original = state.get(path);
    const copy = original.with(readIn(currentTrace(), original));
    copies.set(path, copy);
    return copy;
  });
}

function checkPaths(graphdef: GraphDef<unknown>, state: State): void {
  const name = typeName(graphdef.type);
  const places = new Set(variablePaths(graphdef));
  const quote = (paths: readonly string[]): string => paths.map((path) => `'${path}'`).join(', ');
  const missing = [...places].filter((path) => !state.has(path));
  if (missing.length > 0) {
    const problem = `merge: ${name} has ${places.size} Variables, and the States lack ${missing.length}: ${quote(missing)}`;
    throw userError('STATE_PATH', problem, {
      fix: 'const [graphdef, ...states] = nnx.split(model, ...filters); nnx.merge(graphdef, ...states)',
    });
  }
  const unused = [...state.keys()].filter((path) => !places.has(path));
  if (unused.length === 0) return;
  throw userError('STATE_PATH', `merge: the GraphDef of ${name} has no place for ${quote(unused)}`, {
    fix: 'graphdef.merge(state) with the State that came from the same split()',
  });
}

function checkOrder(graphdef: unknown, states: readonly unknown[]): void {
  const wrong = [graphdef, ...states].find((value, i) => !(value instanceof (i === 0 ? GraphDef : State)));
  if (wrong === undefined) return;
  throw userError('VALUE', `merge takes a GraphDef, then States, and was given ${describeValue(wrong)} in place of one`, {
    fix: 'nnx.merge(graphdef, state)',
  });
}

/** A model of the same structure and values with Variables of its own. flax.nnx.clone. */
export function clone<M extends object>(model: M): M {
  const { graphdef, variables } = readGraph(model);
  return merge(graphdef, new State(variables));
}

installMethods({
  split(this: Module, ...filters: readonly Filter[]): unknown[] {
    const [graphdef, ...states] = split(this, ...filters) as [GraphDef, ...State[]];
    return [...states, graphdef];
  },
  update(this: Module, ...states: readonly State[]): void {
    update(this, ...states);
  },
  [Symbol.dispose](this: Module): void {
    for (const variable of readGraph(this).variables.values()) variable.dispose();
  },
});

type ForwardModule = Module & { forward(...args: unknown[]): unknown };

Object.assign(GraphDef.prototype, {
  merge(this: GraphDef, ...states: readonly State[]): unknown {
    return merge(this, ...states);
  },
  apply(this: GraphDef, state: State, method?: (module: Module) => unknown): unknown {
    if (method !== undefined && typeof method !== 'function') {
      throw userError('VALUE', `apply takes one State, then a function of the module, and was given ${describeValue(method)}`, {
        fix: 'graphdef.apply(State.merge(params, rest))(x)',
      });
    }
    const run = (call: (module: Module) => unknown): Applied<unknown, Module> => {
      const module = merge(this, state);
      const output = explainPrivate(module, () => call(module));
      return [output, module.split() as [State<Module>, GraphDef]];
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
  statePaths: ({ paths }) => paths,
  describe: ({ graphdef, paths }) => ({ graphdef, paths, graph: null }),
  differences: (before, after) => graphDifferences(before.graphdef, after.graphdef, ''),
});
