/** view: a model with other static fields and the same Variables. The counterpart of nnx.view and nnx.with_attributes. */
import { userError } from '../trace/user-error.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable } from '../trace/variable.ts';
import { buildGraph, readGraph } from './graph.ts';
import type { ModuleClass } from './graphdef.ts';
import { Module } from './module.ts';
import { nearestName } from './paths.ts';

export interface ViewOptions {
  /** The modules to change: those of a class, or of several, or those that a predicate chooses. */
  readonly only?: ModuleClass | readonly ModuleClass[] | ((module: Module) => boolean);
}

/**
 * A model of the same structure that shares all Variables, and in which every module that has a field of one of these names has
 * the given value there: `nnx.view(model, { deterministic: true, useRunningAverage: true })`. The model itself stays as it is.
 *
 * @throws VALUE for a name that is no field of any module, STRUCTURE for fields that hold Variables or modules.
 */
export function view<M extends object>(model: M, fields: Readonly<Record<string, unknown>>, { only }: ViewOptions = {}): M {
  const chooses = chosenBy(only);
  const { graphdef, variables, modules: originals } = readGraph(model);
  const copy = buildGraph(graphdef, (path) => variables.get(path)!);
  const copies = readGraph(copy as object).modules;
  const chosen = originals.map((original, i) => ({ original, module: copies[i]! })).filter(({ module }) => chooses(module));
  for (const [name, value] of Object.entries(fields)) {
    // Copies lack the fields that are undefined.
    const holders = chosen.filter(({ original }) => Object.hasOwn(original, name));
    if (holders.length === 0) {
      const nearest = nearestName(name, chosen.flatMap(({ original }) => Object.keys(original))) ?? 'deterministic';
      const whose = `no ${only === undefined ? '' : 'chosen '}module of ${typeName(model.constructor)}`;
      throw userError('VALUE', `view: ${whose} has a field '${name}'`, { fix: `nnx.view(model, { ${nearest}: true })` });
    }
    for (const { module } of holders) setField(module, name, value);
  }
  return copy;
}

function chosenBy(only: ViewOptions['only']): (module: Module) => boolean {
  if (only === undefined) return () => true;
  const classes = Array.isArray(only) ? (only as readonly ModuleClass[]) : [only as ModuleClass];
  const areClasses = classes.every((type) => (type as unknown) === Module || type.prototype instanceof Module);
  return areClasses ? (module) => classes.some((type) => module instanceof type) : (only as (module: Module) => boolean);
}

function setField(module: Module, name: string, value: unknown): void {
  const before = (module as unknown as Record<string, unknown>)[name];
  const state = [before, value].find((side) => [Module, Variable, Tensor].some((type) => side instanceof type));
  if (state !== undefined) {
    const problem = `view: '${name}' of ${typeName(module.constructor)} is state, or would be: a view changes static fields only`;
    throw userError('STRUCTURE', problem, { fix: 'nnx.update(model, state)' });
  }
  Object.assign(module, { [name]: value });
}
