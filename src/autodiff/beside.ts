/** Tangents beside primals, and cotangents beside outputs: a tree of the same structure, in which null is zero. */
import { isFloat } from '../../compiler/dtype.ts';
import { sameAval, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import { sameShape } from '../../compiler/shape.ts';
import { np } from '../numpy/index.ts';
import { apply, tensorOf } from '../trace/bind.ts';
import { literalOf, literalTensor } from '../trace/literal.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import type { TreeDef } from '../tree.ts';
import { describeTree } from './describe.ts';
import { isHolder, variablesOf } from './leaves.ts';
import type { Holder } from './leaves.ts';

/** What stands at a place of the other tree. */
export interface Beside {
  readonly value: unknown;
  readonly path: string;
}

/** What the two trees are called in messages: `tangents` beside `primals`. */
export interface Names {
  readonly call: string;
  readonly tree: string;
  readonly beside: string;
  readonly fix: string;
}

/** What `tree` has in the place of each leaf of the structure. @throws PYTREE with a line per difference. */
export function besideLeaves(names: Names, treedef: TreeDef, tree: unknown): Beside[] {
  const found: Beside[] = [];
  const differences: string[] = [];
  const children = (node: readonly TreeDef[], parts: readonly (readonly [string, unknown])[]): void =>
    node.forEach((child, i) => visit(child, parts[i]![1], parts[i]![0]));
  const visit = (node: TreeDef, value: unknown, path: string): void => {
    const differ = (expected: string): void => {
      differences.push(`${path}: ${describeTree(value)}, where the ${names.tree} have ${expected}`);
    };
    switch (node.kind) {
      case 'leaf':
        if (value === undefined) differ('a value');
        else found.push({ value, path });
        return;
      case 'nothing':
        if (value !== null && value !== undefined) differ('none');
        return;
      case 'array':
        if (!Array.isArray(value) || value.length !== node.children.length) return differ(`an array of ${node.children.length}`);
        return children(node.children, value.map((child, i) => [`${path}[${i}]`, child] as const));
      case 'object': {
        const record = Object.prototype.toString.call(value) === '[object Object]' && !isHolder(value) ? (value as object) : {};
        const unknown = Object.keys(record).filter((key) => !node.keys.includes(key));
        if (record !== value || unknown.length > 0) return differ(`an object of ${node.keys.join(', ')}`);
        const fields = value as Readonly<Record<string, unknown>>;
        return children(node.children, node.keys.map((key) => [`${path}.${key}`, fields[key]] as const));
      }
      case 'map':
        if (!(value instanceof Map) || value.size !== node.keys.length) return differ(`a Map of ${node.keys.length}`);
        return children(node.children, node.keys.map((key) => [`${path}.get(${String(key)})`, value.get(key)] as const));
      case 'node': {
        const parts = node.type.matches(value) ? node.type.flatten(value) : null;
        if (parts === null || node.type.key(parts.aux) !== node.type.key(node.aux)) return differ(`such a ${node.type.name}`);
        return children(node.children, parts.children.map(([part, child]) => [`${path}.${part}`, child] as const));
      }
    }
  };
  visit(treedef, tree, names.beside);
  if (differences.length > 0) throw mismatch(names, differences);
  return found;
}

/**
 * What stands beside each Variable of a holder: null for paths that the other has not. @throws PYTREE for paths that the holder
 * has not.
 */
export function besideVariables(names: Names, holder: Holder, { value, path }: Beside): Beside[] {
  const paths = [...variablesOf(holder).keys()];
  const at = (part: string): string => `${path}.get('${part}')`;
  if (value === null) return paths.map((part) => ({ value: null, path: at(part) }));
  if (!isHolder(value)) {
    throw mismatch(names, [`${path}: ${describeTree(value)}, where the ${names.tree} have a module or a State`]);
  }
  const others = variablesOf(value);
  const unknown = [...others.keys()].filter((part) => !paths.includes(part));
  if (unknown.length > 0) throw mismatch(names, unknown.map((part) => `${at(part)}: the ${names.tree} have no such Variable`));
  return paths.map((part) => ({ value: others.get(part) ?? null, path: at(part) }));
}

/** The value as a tensor of the given type; null for zero. @throws PYTREE, SHAPE, DTYPE */
export function tensorBeside({ call, tree }: Names, { value, path }: Beside, aval: Aval): Tensor | null {
  if (value === null || (value === 0 && !isFloat(aval.dtype))) return null;
  if (!isFloat(aval.dtype)) {
    throw userError('DTYPE', `${call}: ${path} belongs to ${showAval(aval)}, and only floats have a derivative`, { fix: 'null' });
  }
  const tensor = typeof value === 'number' ? literalTensor(literalOf(value, aval.dtype, aval.weak)) : tensorOf(value);
  if (!sameShape(tensor.shape, aval.shape)) {
    throw userError('SHAPE', `${call}: ${path} is ${showAval(tensor.aval)}, where the ${tree} have ${showAval(aval)}`, {
      fix: `np.broadcastTo(x, [${aval.shape.join(', ')}])`,
    });
  }
  if (tensor.dtype !== aval.dtype) {
    throw userError('DTYPE', `${call}: ${path} is ${showAval(tensor.aval)}, where the ${tree} have ${showAval(aval)}`, {
      fix: `x.astype('${aval.dtype}')`,
    });
  }
  return weakenedTo(aval, tensor);
}

/** @throws DTYPE for anything but null beside a leaf that is no data. */
export function expectNothing({ call }: Names, { value, path }: Beside, leaf: unknown): void {
  if (value === null) return;
  const problem = `${path} belongs to ${describeTree(leaf)}, and only floats have a derivative`;
  throw userError('DTYPE', `${call}: ${problem}`, { fix: 'null' });
}

export function zerosOf(aval: Aval): Tensor {
  return weakenedTo(aval, np.zeros(aval.shape, { dtype: aval.dtype }));
}

/** The tensor with the weakness of `aval`, which it otherwise has. */
function weakenedTo(aval: Aval, tensor: Tensor): Tensor {
  if (sameAval(tensor.aval, aval)) return tensor;
  return apply('convert_element_type', [tensor], { newDtype: aval.dtype, weakType: aval.weak });
}

function mismatch({ call, tree, beside, fix }: Names, differences: readonly string[]): Error {
  const list = differences.map((line) => `\n  ${line}`).join('');
  return userError('PYTREE', `${call}: the ${beside} and the ${tree} differ in structure:${list}`, { fix });
}
