/** Models made of others, part by part. The counterparts of nnx.map and nnx.recursive_map. */
import { userError } from '../trace/user-error.ts';
import type { Variable, VariableValue } from '../trace/variable.ts';
import { clone, merge } from './functional.ts';
import { readGraph } from './graph.ts';
import type { Module } from './module.ts';
import { State } from './state.ts';
import { places } from './walk.ts';

/** A model of the same structure: `f` gives the values of its Variables, or the Variables whose values it takes. flax.nnx.map. */
export function map<M extends object>(f: (path: string, variable: Variable) => VariableValue | Variable, model: M): M {
  const { graphdef, variables } = readGraph(model);
  return merge(graphdef, new State(variables).map(f));
}

/**
 * A copy of the model in which `f(path, part)` stands for every module and Variable; `f` gets modules when their parts are done,
 * and each shared one once. flax.nnx.recursive_map.
 *
 * @throws STRUCTURE for modules that contain themselves.
 */
export function recursiveMap<M extends object>(f: (path: string, part: Module | Variable) => unknown, model: M): M {
  const copy = clone(model);
  const results = new Map<object, unknown>();
  for (const { path, value, owner, part, repeated } of Array.from(places(copy))) {
    if (repeated && !results.has(value)) {
      throw userError('STRUCTURE', `recursiveMap: '${path}' is a module that contains it, and a cycle has no innermost part`, {
        fix: 'nnx.map(f, model) // of the Variables',
      });
    }
    if (!repeated) results.set(value, f(path, value));
    const result = results.get(value);
    if (owner === null) return result as M;
    if (owner instanceof Map) owner.set(String(part), result);
    else Object.assign(owner, { [part]: result });
  }
  return copy;
}
