/** GraphDef: the structure of a module, immutable and hash-consed, so that equal structures are one object. */
import { deepKeyText, keyText } from '../tree.ts';
import type { State } from './state.ts';
import type { PathPart } from './paths.ts';
import type { Module } from './module.ts';
import { printsItself, typeName } from '../trace/printing.ts';
import { copyStatic, copyStatics, showStatic } from './static-values.ts';

export type ModuleClass<M = Module> = abstract new (...args: never[]) => M;

/** The place of a Variable: the path at which the State holds it (the first of its paths, when it is shared). */
export class VariableRef {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** A member of a container that is neither module nor Variable. */
export class StaticMember {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = copyStatic(value);
  }
}

export type Member = FieldDef | StaticMember;

/** A plain array, object or Map that contains modules or Variables; other members are kept as they are. */
export class ContainerDef {
  readonly kind: 'array' | 'object' | 'map';
  readonly children: readonly (readonly [PathPart, Member])[];

  constructor(kind: 'array' | 'object' | 'map', children: readonly (readonly [PathPart, Member])[]) {
    this.kind = kind;
    this.children = children;
  }
}

/** The index of a GraphDef whose root is no module: a Variable or a container, which is its only field and has no name. */
export const BUNDLE: number = -1;

/** A field with state below it; a number refers to the module of that index. */
export type FieldDef = GraphDef | number | ContainerDef | VariableRef;

/** What `graphdef.apply(state)` returns: the output, and the module taken apart again. */
export type Applied<R, M> = [output: R, parts: [state: State<M>, graphdef: GraphDef<M>]];

type Forward<M> = M extends { forward(...args: infer A): infer R } ? (...args: A) => Applied<R, M> : never;

export class GraphDef<M = Module> {
  readonly type: ModuleClass;
  /** Pre-order over modules, the root is 0; or BUNDLE. */
  readonly index: number;
  readonly fields: Readonly<Record<string, FieldDef>>;
  /** Everything that is neither module nor Variable; plain data as a copy, because one GraphDef may stand for many modules. */
  readonly staticFields: Readonly<Record<string, unknown>>;
  /** Texts that are equal for equal static fields. */
  readonly staticKeys: Readonly<Record<string, string>>;
  /** Equal keys mean equal structure. */
  readonly key: string;
  declare readonly __module?: M | undefined;

  constructor(
    type: ModuleClass,
    index: number,
    fields: Readonly<Record<string, FieldDef>>,
    staticFields: Readonly<Record<string, unknown>>,
  ) {
    this.type = type;
    this.index = index;
    this.fields = Object.freeze({ ...fields });
    this.staticFields = Object.freeze(copyStatics(staticFields));
    this.staticKeys = Object.fromEntries(Object.entries(staticFields).map(([name, value]) => [name, deepKeyText(value)]));
    this.key = `${keyText(type)}@${index}{${recordKey(fields, fieldKey)}}{${recordKey(this.staticKeys, String)}}`;
  }

  /** The fields that are modules, references to them (their index), or containers; Variables are in the State. */
  get submodules(): Readonly<Record<string, Exclude<FieldDef, VariableRef>>> {
    const entries = Object.entries(this.fields).filter(
      (entry): entry is [string, Exclude<FieldDef, VariableRef>] => !(entry[1] instanceof VariableRef),
    );
    return Object.fromEntries(entries);
  }

  toString(): string {
    const subs = Object.entries(this.submodules).map(([name, field]) => `${name}: ${showField(field)}`);
    const statics = Object.entries(this.staticFields).map(([name, value]) => `${name}: ${showStatic(value)}`);
    return `GraphDef(type=${typeName(this.type)}, index=${this.index}, submodules={${subs.join(', ')}}, staticFields={${statics.join(', ')}})`;
  }
}

/** The methods that rebuild modules; installed by functional.ts, which knows how. */
export interface GraphDef<M = Module> {
  /** A new module with new Variables that hold the values of the States. @throws STATE_PATH for missing or unknown paths. */
  merge(...states: readonly State[]): M;
  /**
   * Calls `forward` (or the given method) of a merged copy: `[output, [newState, graphdef]]`. Pure: the Variables of `state` keep
   * their values.
   */
  apply(state: State): Forward<M>;
  apply<R>(state: State, method: (module: M) => R): Applied<R, M>;
}

const interned = new Map<string, WeakRef<GraphDef>>();
const collected = new FinalizationRegistry<string>((key) => {
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});

/** The one GraphDef of this structure. */
export function internGraphDef<M>(graphdef: GraphDef<M>): GraphDef<M> {
  const known = interned.get(graphdef.key)?.deref();
  if (known !== undefined) return known as GraphDef<M>;
  interned.set(graphdef.key, new WeakRef(graphdef as GraphDef));
  collected.register(graphdef, graphdef.key);
  return graphdef;
}

/** The paths of all Variables, shared ones once. */
export function variablePaths({ fields }: GraphDef<unknown>): string[] {
  const below = (field: Member): string[] => {
    if (field instanceof VariableRef) return [field.path];
    if (field instanceof GraphDef) return variablePaths(field);
    return field instanceof ContainerDef ? field.children.flatMap(([, child]) => below(child)) : [];
  };
  return [...new Set(Object.values(fields).flatMap(below))];
}

function recordKey<T>(record: Readonly<Record<string, T>>, show: (value: T) => string): string {
  return Object.entries(record)
    .map(([name, value]) => `${JSON.stringify(name)}:${show(value)}`)
    .join(',');
}

/** A text that is equal for fields of equal structure. */
export function fieldKey(field: FieldDef): string {
  if (typeof field === 'number') return `&${field}`;
  if (field instanceof VariableRef) return `$${JSON.stringify(field.path)}`;
  if (field instanceof GraphDef) return field.key;
  const children = field.children.map(
    ([part, child]) => `${JSON.stringify(part)}:${child instanceof StaticMember ? deepKeyText(child.value) : fieldKey(child)}`,
  );
  return `${field.kind}(${children.join(',')})`;
}

function showField(field: FieldDef): string {
  if (typeof field === 'number') return String(field);
  if (field instanceof VariableRef) return `'${field.path}'`;
  if (field instanceof GraphDef) return field.toString();
  const parts = field.children.map(([part, child]) => {
    const text = child instanceof StaticMember ? showStatic(child.value) : showField(child);
    return field.kind === 'array' ? text : `${part}: ${text}`;
  });
  return field.kind === 'array' ? `[${parts.join(', ')}]` : `${field.kind === 'map' ? 'Map' : ''}{${parts.join(', ')}}`;
}

printsItself(GraphDef);
