/** The leaves of trees by the paths that filters see. */
import { flatten } from './tree.ts';
import type { TreeDef } from './tree.ts';

/**
 * One path for each leaf: in a module or State as there, such as `layers/bn/scale`, with the indices and names of arrays and objects
 * around it before, such as `0/layers/bn/scale`.
 */
export function leafPaths(treedef: TreeDef, path: string = ''): string[] {
  if (treedef.kind === 'leaf') return [path];
  if (treedef.kind === 'nothing') return [];
  const parts = partsOf(treedef);
  return treedef.children.flatMap((child, i) => {
    const part = String(parts?.[i] ?? i);
    return leafPaths(child, path === '' ? part : `${path}/${part}`);
  });
}

function partsOf(treedef: TreeDef): readonly unknown[] | undefined {
  if (treedef.kind === 'object' || treedef.kind === 'map') return treedef.keys;
  return treedef.kind === 'node' ? treedef.type.statePaths?.(treedef.aux) : undefined;
}

/** Each leaf, as a Variable, with the first path under which the tree holds it. */
export function pathsOfLeaves(tree: unknown): ReadonlyMap<unknown, string> {
  const { leaves, treedef } = flatten(tree);
  const found = new Map<unknown, string>();
  leafPaths(treedef).forEach((path, i) => {
    if (!found.has(leaves[i])) found.set(leaves[i], path);
  });
  return found;
}
