/** Differences between two trees of one intended structure, one line per path. */
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { keyText } from '../tree.ts';
import type { Flattened, TreeDef } from '../tree.ts';
import { Tensor } from '../trace/tensor.ts';
import type { Operands } from './operands.ts';

/** What differs in structure, and the tensors at common paths that differ in type. */
export function describeDifferences(before: Operands, after: Flattened): string[] {
  const differences: string[] = [];
  compare(before.snapshot.treedef, after.treedef, 'carry', differences);
  for (const { path, value } of before.leaves) {
    const leaf = after.leaves[after.paths.indexOf(path)];
    if (leaf instanceof Tensor && leaf.describe() !== value.describe()) {
      differences.push(`${path}: ${showAval(value.aval)} -> ${showAval(leaf.aval)}`);
    }
  }
  return differences;
}

/** Adds a line for each place at which two tree structures differ. */
export function compare(a: TreeDef, b: TreeDef, path: string, differences: string[]): void {
  if (a.kind !== b.kind) {
    differences.push(`${path}: ${showKind(a)} -> ${showKind(b)}`);
    return;
  }
  if (a.kind === 'leaf' || b.kind === 'leaf') return;
  if (a.kind === 'nothing' || b.kind === 'nothing') {
    if (a.kind === 'nothing' && b.kind === 'nothing' && a.value !== b.value)
      differences.push(`${path}: ${a.value} -> ${b.value}`);
    return;
  }
  const [keysA, keysB] = [keysOf(a), keysOf(b)];
  const removed = keysA.filter((key) => !keysB.includes(key));
  const added = keysB.filter((key) => !keysA.includes(key));
  for (const key of removed) differences.push(`${path}${part(a, key)}: removed`);
  for (const key of added) differences.push(`${path}${part(b, key)}: added`);
  if (removed.length + added.length === 0 && keysA.join() !== keysB.join()) {
    differences.push(`${path}: keys in the order ${keysA.join(', ')} -> ${keysB.join(', ')}`);
  }
  keysA.forEach((key, i) => {
    const j = keysB.indexOf(key);
    if (j >= 0) compare(a.children[i]!, b.children[j]!, `${path}${part(a, key)}`, differences);
  });
  if (a.kind === 'node' && b.kind === 'node' && (a.type !== b.type || a.type.key(a.aux) !== b.type.key(b.aux))) {
    const own = a.type === b.type ? a.type.differences?.(a.aux, b.aux).map((line) => path + line) : [`${path}: ${a.type.name} -> ${b.type.name}`];
    differences.push(...(own ?? [`${path}: ${a.type.name} -> ${b.type.name} with other static fields`]));
  }
}

function keysOf(node: TreeDef & { readonly children: readonly TreeDef[] }): string[] {
  if (node.kind === 'object') return [...node.keys];
  if (node.kind === 'map') return node.keys.map(keyText);
  return node.children.map((_, i) => String(i));
}

function part(node: TreeDef, key: string): string {
  return node.kind === 'object' ? `.${key}` : `[${key}]`;
}

function showKind(node: TreeDef): string {
  switch (node.kind) {
    case 'leaf':
      return 'a tensor';
    case 'nothing':
      return String(node.value);
    case 'array':
      return `an array of ${node.children.length}`;
    case 'node':
      return `a ${node.type.name}`;
    default:
      return `${node.kind === 'map' ? 'a Map' : 'an object'} of ${node.children.length}`;
  }
}
