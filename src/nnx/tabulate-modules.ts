/** The modules of a model as the rows of a table: where they are, what Variables they have, and who shares them. */
import { typeName } from '../trace/printing.ts';
import { readGraph } from './graph.ts';
import { GraphDef, StaticMember, VariableRef } from './graphdef.ts';
import type { Member } from './graphdef.ts';
import type { Module } from './module.ts';
import { RngStream } from './rng-stream.ts';
import { Rngs } from './rngs.ts';
import { kindName, sizesOf } from './sizes.ts';
import type { Size } from './sizes.ts';

/** A Variable in the field of a module, or in a container there. */
export interface OwnVariable {
  /** `kernel`, `weights/0`. */
  readonly name: string;
  readonly kind: string;
  /** `float32[3,4]`. */
  readonly type: string;
  /** Its first path, where this is another one. */
  readonly sharedWith: string | null;
}

export interface ModuleEntry {
  /** Its first path. */
  readonly path: string;
  readonly type: string;
  /** How many modules it is in. */
  readonly depth: number;
  readonly parent: ModuleEntry | null;
  readonly children: ModuleEntry[];
  /** Its other paths. */
  readonly sharedAt: string[];
  readonly own: OwnVariable[];
  /** By kind, those of submodules included, each Variable once. */
  readonly sizes: ReadonlyMap<string, Size>;
  /** It belongs to the plumbing of random numbers. */
  readonly hidden: boolean;
}

export interface Modules {
  readonly root: ModuleEntry;
  readonly entries: ReadonlyMap<Module, ModuleEntry>;
}

/** The entries of all modules of a model, in the order of its fields. */
export function modulesOf(model: Module): Modules {
  const { graphdef, variables, modules } = readGraph(model);
  const entries = new Map<Module, ModuleEntry>();

  const visitModule = (def: GraphDef, path: string, parent: ModuleEntry | null): void => {
    const module = modules[def.index]!;
    const entry: ModuleEntry = {
      path,
      type: typeName(def.type),
      depth: parent === null ? 0 : parent.depth + 1,
      parent,
      children: [],
      sharedAt: [],
      own: [],
      sizes: sizesOf(readGraph(module).variables.values()),
      hidden: module instanceof RngStream || module instanceof Rngs,
    };
    entries.set(module, entry);
    parent?.children.push(entry);
    for (const [name, field] of Object.entries(def.fields)) visitMember(field, name, entry);
  };

  const visitMember = (member: Member, name: string, owner: ModuleEntry): void => {
    const path = owner.path === '' ? name : `${owner.path}/${name}`;
    if (member instanceof StaticMember) return;
    if (member instanceof GraphDef) visitModule(member, path, owner);
    else if (typeof member === 'number') entries.get(modules[member]!)!.sharedAt.push(path);
    else if (member instanceof VariableRef) {
      const variable = variables.get(member.path)!;
      const sharedWith = member.path === path ? null : member.path;
      owner.own.push({ name, kind: kindName(variable), type: `${variable.dtype}[${variable.shape.join(',')}]`, sharedWith });
    } else for (const [part, child] of member.children) visitMember(child, `${name}/${part}`, owner);
  };

  visitModule(graphdef as GraphDef, '', null);
  return { root: entries.get(model)!, entries };
}
