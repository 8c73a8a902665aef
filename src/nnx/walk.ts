/** Walks over models: modules and Variables with their paths. The counterparts of nnx.iter_graph and nnx.find_duplicates. */
import type { Variable } from '../trace/variable.ts';
import { readGraph } from './graph.ts';
import { BUNDLE, ContainerDef, GraphDef, StaticMember, VariableRef } from './graphdef.ts';
import type { Member } from './graphdef.ts';
import { Module } from './module.ts';
import { joinPath } from './paths.ts';
import type { PathPart } from './paths.ts';
import { member } from './update.ts';

/** A place where a model holds a module or a Variable. */
export interface Place {
  readonly path: string;
  readonly value: Module | Variable;
  /** What holds it, and under which name; null for the model itself. */
  readonly owner: object | null;
  readonly part: PathPart;
  /** Whether the value stands at another place, too, that counts as its own. */
  readonly repeated: boolean;
}

/** Every place, parts before the whole. */
export function* places(model: object): Generator<Place> {
  const { graphdef } = readGraph(model);
  yield* placesOf(graphdef.index === BUNDLE ? graphdef.fields['']! : (graphdef as GraphDef), model, [], null);
}

function* placesOf(field: Member, value: unknown, path: readonly PathPart[], owner: object | null): Generator<Place> {
  if (field instanceof StaticMember) return;
  const parts = field instanceof GraphDef ? Object.entries(field.fields) : field instanceof ContainerDef ? field.children : [];
  for (const [part, child] of parts) yield* placesOf(child, member(value, part), [...path, part], value as object);
  if (field instanceof ContainerDef) return;
  const text = joinPath(path);
  const repeated = typeof field === 'number' || (field instanceof VariableRef && field.path !== text);
  yield { path: text, value: value as Module | Variable, owner, part: path.at(-1) ?? '', repeated };
}

/** `[path, value]` of the modules and Variables of a model, each once, parts before the whole; the path of the model is ''. */
export function* iterGraph(model: object): Generator<[path: string, value: Module | Variable]> {
  for (const { path, value, repeated } of places(model)) if (!repeated) yield [path, value];
}

/** `[path, module]` of the modules of a model, itself among them, each once, parts before the whole. */
export function* iterModules(model: object): Generator<[path: string, module: Module]> {
  for (const [path, value] of iterGraph(model)) if (value instanceof Module) yield [path, value];
}

/** `[name, module]` of the modules that are fields of the model, or members of the array, object or Map. */
export function* iterChildren(model: object): Generator<[name: string, module: Module]> {
  for (const { part, value, owner } of places(model)) if (owner === model && value instanceof Module) yield [String(part), value];
}

/** The paths of every module and Variable that stands at several places. Those inside of a shared module are not repeated. */
export function findDuplicates(model: object): string[][] {
  const found = new Map<object, string[]>();
  for (const { path, value } of places(model)) found.set(value, [...(found.get(value) ?? []), path]);
  return [...found.values()].filter((paths) => paths.length > 1);
}
