/** What a checkpoint keeps of the parts it is given: tensors by path, and the structure around them as text. */
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';
import { ContainerDef, GraphDef, StaticMember } from '../nnx/graphdef.ts';
import type { Member } from '../nnx/graphdef.ts';
import { split } from '../nnx/functional.ts';
import { Module } from '../nnx/module.ts';
import { State } from '../nnx/state.ts';
import { showStatic } from '../nnx/static-values.ts';
import { flatten, unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';

export interface Leaf {
  /** Path below its module, State or part: `layers/0/w`; what filters see. */
  readonly path: string;
  readonly source: Tensor | Variable;
}

export interface Leaves {
  /** By paths such as `model/layers/0/w` and `optimizer[0].mu/w`. */
  readonly tensors: ReadonlyMap<string, Leaf>;
  /** Everything that is neither tensor nor Variable, by path, as text. */
  readonly statics: Readonly<Record<string, string>>;
}

/**
 * Modules, States, and pytrees of them, of tensors and of Variables. @throws PYTREE for data outside tensors, and for equal
 * paths.
 */
export function leavesOf(parts: object): Leaves {
  const tensors = new Map<string, Leaf>();
  const statics: Record<string, string> = {};

  const add = (at: string, path: string, source: Tensor | Variable): void => {
    if (tensors.has(at)) {
      throw userError('PYTREE', `two tensors of the checkpoint have the path '${at}'`, { fix: 'keys without . and /' });
    }
    tensors.set(at, { path, source });
  };
  const addState = (at: string, state: State): void => {
    for (const [path, variable] of state) add(`${at}/${path}`, path, variable);
  };
  const visit = (at: string, value: unknown): void => {
    if (value instanceof Module) {
      const [graphdef, state] = split(value);
      addState(at, state);
      Object.assign(statics, structureOf(at, graphdef));
    } else if (value instanceof State) addState(at, value);
    else if (value instanceof Tensor || value instanceof Variable) add(at, at, value);
    else if (ArrayBuffer.isView(value)) {
      throw userError('PYTREE', `${at} is ${describeValue(value)}: data of a checkpoint are tensors`, { fix: 'np.array(data)' });
    } else statics[at] = showStatic(value);
  };

  for (const [name, part] of Object.entries(parts) as [string, unknown][]) {
    const { leaves, paths, treedef } = flatten(part, { isLeaf: isWhole, root: name });
    leaves.forEach((leaf, i) => visit(paths[i]!, leaf));
    if (treedef.kind !== 'leaf') statics[`${name} (tree)`] = treeText(treedef);
  }
  return { tensors, statics };
}

/** The parts with other tensors, by their paths; modules, States and Variables stay as they are. */
export function withTensors<T extends object>(parts: T, tensors: ReadonlyMap<string, Tensor>): T {
  const entries = Object.entries(parts).map(([name, part]: [string, unknown]) => {
    const { leaves, paths, treedef } = flatten(part, { isLeaf: isWhole, root: name });
    const changed = leaves.map((leaf, i) => (leaf instanceof Tensor ? (tensors.get(paths[i]!) ?? leaf) : leaf));
    return [name, unflatten(treedef, changed)];
  });
  return Object.fromEntries(entries) as T;
}

function isWhole(value: unknown): boolean {
  return value instanceof Module || value instanceof State;
}

/** Containers by their shape, classes by their static data; which class a module has is in `structureOf`. */
function treeText(treedef: TreeDef): string {
  switch (treedef.kind) {
    case 'leaf':
      return '*';
    case 'nothing':
      return 'null';
    case 'array':
      return `[${treedef.children.map(treeText).join(', ')}]`;
    case 'object':
    case 'map':
      return `{${treedef.children.map((child, i) => `${String(treedef.keys[i])}: ${treeText(child)}`).join(', ')}}`;
    case 'node':
      return `${treedef.type.name}<${showStatic(treedef.aux)}>(${treedef.children.map(treeText).join(', ')})`;
  }
}

/** Classes and static fields of a module by path: `model/dropout.rate: 0.1`. */
function structureOf(at: string, graphdef: GraphDef): Record<string, string> {
  const lines: Record<string, string> = {};
  const visit = (path: string, field: Member): void => {
    if (field instanceof StaticMember) lines[path] = showStatic(field.value);
    else if (field instanceof GraphDef) {
      lines[path] = typeName(field.type);
      for (const [name, value] of Object.entries(field.staticFields)) lines[`${path}.${name}`] = showStatic(value);
      for (const [name, child] of Object.entries(field.fields)) visit(`${path}/${name}`, child);
    } else if (field instanceof ContainerDef) {
      lines[path] = field.kind;
      for (const [part, child] of field.children) visit(`${path}/${part}`, child);
    } else if (typeof field === 'number') lines[path] = `module ${field}`;
    else if (`${at}/${field.path}` !== path) lines[path] = `shared with ${at}/${field.path}`;
  };
  visit(at, graphdef as GraphDef);
  return lines;
}
