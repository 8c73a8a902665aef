/**
 * What there is to see of modules, States, GraphDefs, Variables and tensors, as a tree of texts from which consoles and pages are
 * written. It reads no device, and neither runs getters nor counts as a read of state.
 */
import { currentTrace, peekIn } from '../trace/trace.ts';
import { Tensor } from '../trace/tensor.ts';
import { typeName } from '../trace/printing.ts';
import { ContainerDef, GraphDef, StaticMember, VariableRef } from './graphdef.ts';
import type { Member } from './graphdef.ts';
import { Module } from './module.ts';
import { sizeText, sizesOf, totalOf } from './sizes.ts';
import { State } from './state.ts';
import { showStatic } from './static-values.ts';
import { Variable } from './variables.ts';

/** The classes of texts; in a terminal those of Node. */
export type Style = 'special' | 'string' | 'number' | 'boolean' | 'undefined' | 'name';

export interface ShownText {
  readonly text: string;
  readonly style: Style;
}

export interface ShownNode {
  /** What it is: `Linear`; '' for plain objects and lists. */
  readonly name: string;
  /** What stands in front of the entries, after the name, and behind them. */
  readonly open: string;
  readonly close: string;
  /** Beside the name: `Param: 15 (60 B)`. */
  readonly note: string;
  /** The key of an item of a list is ''. */
  readonly entries: readonly (readonly [key: string, value: Shown])[];
}

export type Shown = ShownText | ShownNode;

/** The kinds of static values that have a style of their own. */
const STATIC_STYLES = ['string', 'number', 'boolean', 'undefined'] as const;

/** Longer texts of static values are cut. */
const LONGEST_STATIC = 120;

type DescribedClass = (abstract new (...args: never[]) => object) | typeof Tensor;

/** The classes whose objects are described by their parts; all others are static values. */
export const DESCRIBED: readonly DescribedClass[] = [Module, State, GraphDef, Variable, Tensor];

export function describeValue(value: unknown): Shown {
  return new Describer().describe(value, '', null).shown;
}

interface Described {
  readonly shown: Shown;
  /** The Variables in it. */
  readonly variables: ReadonlySet<Variable>;
}

const NOTHING: ReadonlySet<Variable> = new Set();

class Describer {
  /** Modules and Variables by their first path; null for what is still being described. */
  readonly #modules = new Map<Module, ReadonlySet<Variable> | null>();
  readonly #paths = new Map<object, string>();

  /** `owner` is the module whose field the value is in. */
  describe(value: unknown, path: string, owner: Module | null): Described {
    if (value instanceof Module) return this.#describeModule(value, path);
    if (value instanceof Variable) return this.#describeVariable(value, path, owner);
    if (value instanceof State) return { shown: describeState(value), variables: NOTHING };
    if (value instanceof GraphDef) return { shown: describeGraphDef(value), variables: NOTHING };
    if (value instanceof Tensor) return { shown: special(value.toString()), variables: NOTHING };
    if (isContainer(value) && holdsNodes(value, new Set())) return this.#describeContainer(value, path, owner);
    return { shown: describeStatic(value), variables: NOTHING };
  }

  #describeModule(module: Module, path: string): Described {
    const name = typeName(module.constructor);
    const known = this.#modules.get(module);
    if (known !== undefined) {
      const place = this.#paths.get(module) || 'the root';
      return { shown: special(known === null ? `[Circular: ${place}]` : `[Shared: ${place}]`), variables: known ?? NOTHING };
    }
    this.#modules.set(module, null);
    this.#paths.set(module, path);
    const fields = Object.entries(Object.getOwnPropertyDescriptors(module)).filter(
      ([, { enumerable, value, get }]) => enumerable === true && (value !== undefined || get !== undefined),
    );
    const { entries, variables } = this.#describeEntries(
      fields.map(([field, { value, get }]) => [field, get === undefined ? (value as unknown) : ACCESSOR] as const),
      path,
      module,
    );
    this.#modules.set(module, variables);
    return { shown: { name, open: '{', close: '}', note: noteOf(variables), entries }, variables };
  }

  #describeVariable(variable: Variable, path: string, owner: Module | null): Described {
    const variables = new Set([variable]);
    const first = this.#paths.get(variable);
    if (first !== undefined) return { shown: special(`[Shared: ${first}]`), variables };
    this.#paths.set(variable, path);
    return { shown: special(owner === null ? longText(variable) : shortText(variable)), variables };
  }

  #describeContainer(value: object, path: string, owner: Module | null): Described {
    const first = this.#paths.get(value);
    if (first !== undefined) return { shown: special(`[Shared: ${first}]`), variables: NOTHING };
    this.#paths.set(value, path);
    const items = value instanceof Map ? [...value] : Object.entries(value);
    const { entries, variables } = this.#describeEntries(items.map(([key, item]) => [String(key), item] as const), path, owner);
    if (!Array.isArray(value)) return { shown: plainNode(value instanceof Map ? 'Map' : '', entries), variables };
    return { shown: { name: '', open: '[', close: ']', note: '', entries: entries.map(([, item]) => ['', item]) }, variables };
  }

  #describeEntries(
    fields: readonly (readonly [key: string, value: unknown])[],
    path: string,
    owner: Module | null,
  ): { readonly entries: [string, Shown][]; readonly variables: Set<Variable> } {
    const variables = new Set<Variable>();
    const entries = fields.map(([key, value]): [string, Shown] => {
      const described = this.describe(value, path === '' ? key : `${path}/${key}`, owner);
      for (const variable of described.variables) variables.add(variable);
      return [key, described.shown];
    });
    return { entries, variables };
  }
}

/** Stands for what a getter would give. */
const ACCESSOR: unique symbol = Symbol('[Getter]');

/** As `state.toString()`, which the tiny-NNX document prints, has it. */
function describeState(state: State): ShownNode {
  const entries = [...state].map(([path, variable]) => [`'${path}'`, special(longText(variable))] as const);
  return { name: 'State', open: '({', close: '})', note: noteOf(new Set(state.values())), entries };
}

function describeGraphDef(graphdef: GraphDef): ShownNode {
  const fields = Object.entries(graphdef.fields).map(([name, field]) => [name, describeMember(field)] as const);
  const statics = Object.entries(graphdef.staticFields).map(([name, value]) => [name, describeStatic(value)] as const);
  const note = `module ${graphdef.index}`;
  return { name: `GraphDef ${typeName(graphdef.type)}`, open: '{', close: '}', note, entries: [...fields, ...statics] };
}

function describeMember(member: Member): Shown {
  if (member instanceof StaticMember) return describeStatic(member.value);
  if (member instanceof GraphDef) return describeGraphDef(member);
  if (member instanceof VariableRef) return special(`'${member.path}'`);
  if (!(member instanceof ContainerDef)) return special(`[module ${member}]`);
  const entries = member.children.map(([part, child]) => [String(part), describeMember(child)] as const);
  if (member.kind !== 'array') return plainNode(member.kind === 'map' ? 'Map' : '', entries);
  return { name: '', open: '[', close: ']', note: '', entries: entries.map(([, child]) => ['', child]) };
}

function plainNode(name: string, entries: ShownNode['entries']): ShownNode {
  return { name, open: '{', close: '}', note: '', entries };
}

function describeStatic(value: unknown): ShownText {
  if (value === ACCESSOR) return special('[Getter]');
  const text = showStatic(value);
  const shown = text.length > LONGEST_STATIC ? `${text.slice(0, LONGEST_STATIC - 1)}…` : text;
  return { text: shown, style: STATIC_STYLES.find((style) => style === typeof value) ?? 'name' };
}

function special(text: string): ShownText {
  return { text, style: 'special' };
}

/** `Param(value=float32[3], sharding=null)`, as `variable.toString()` has it, and what else is known of it. */
function longText(variable: Variable): string {
  return `${typeName(variable.constructor)}(value=${typeOf(variable)}, ${factsOf(variable, true).join(', ')})`;
}

/** `Param(float32[3], tag="dropout")`. */
function shortText(variable: Variable): string {
  return `${typeName(variable.constructor)}(${[typeOf(variable), ...factsOf(variable, false)].join(', ')})`;
}

function typeOf(variable: Variable): string {
  return peekIn(currentTrace(), variable)?.describe() ?? 'no value outside the trace that made it';
}

/** Metadata and fields of the Variable's class; `sharding` also when it is null, if `always`. */
function factsOf(variable: Variable, always: boolean): string[] {
  const { metadata, ...fields } = { ...variable } as Variable & Record<string, unknown>;
  const facts = Object.entries({ sharding: variable.sharding, ...metadata, ...fields });
  return facts.filter(([, value]) => always || value !== null).map(([name, value]) => `${name}=${showStatic(value)}`);
}

/** `Param: 15 (60 B), BatchStat: 6 (24 B), Total: 21 (84 B)`. */
function noteOf(variables: ReadonlySet<Variable>): string {
  const sizes = sizesOf(variables);
  const kinds = [...sizes].map(([kind, size]) => `${kind}: ${sizeText(size)}`);
  return [...kinds, ...(kinds.length > 1 ? [`Total: ${sizeText(totalOf(sizes))}`] : [])].join(', ');
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || value instanceof Map || prototype === Object.prototype || prototype === null;
}

function holdsNodes(value: unknown, seen: Set<unknown>): boolean {
  if (DESCRIBED.some((type) => value instanceof type)) return true;
  if (!isContainer(value) || seen.has(value)) return false;
  seen.add(value);
  return [...(value instanceof Map ? value.values() : Object.values(value))].some((item) => holdsNodes(item, seen));
}
