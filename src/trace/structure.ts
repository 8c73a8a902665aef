/** What may not change while a function is traced: static fields, submodules, and which Variables the modules of a tree hold. */
import { flatten, treedefKey } from '../tree.ts';
import type { Flattened, TreeDef } from '../tree.ts';
import { typeName } from './printing.ts';
import { userError } from './user-error.ts';
import { Variable } from './variable.ts';

/** A tree as it was before the function ran. */
export interface Snapshot extends Flattened {
  readonly tree: unknown;
  readonly root: string;
}

export function takeSnapshot(tree: unknown, root: string): Snapshot {
  return { ...flatten(tree, { root }), tree, root };
}

/** `what` is the tree in messages. @throws STRUCTURE when the function changed a module of the tree, with a line per path. */
export function checkStructure(before: Snapshot, name: string, what: string = 'an argument'): void {
  if (before.objects.length === 0) return;
  const after = flatten(before.tree, { root: before.root });
  const same = treedefKey(after.treedef) === treedefKey(before.treedef);
  const changes = same ? replacedVariables(before, after) : changedNodes(before.treedef, after.treedef, before.root);
  if (changes.length === 0) return;
  const list = changes.map((change) => `\n  ${change}`).join('');
  throw userError('STRUCTURE', `${name}: the structure of ${what} changed while it was traced:${list}`, {
    fix: 'change fields and submodules outside the transformed function',
  });
}

function replacedVariables(before: Flattened, after: Flattened): string[] {
  return before.leaves.flatMap((leaf, i) =>
    leaf instanceof Variable && after.leaves[i] !== leaf ? [`${before.paths[i]}: another ${typeName(leaf.constructor)}`] : [],
  );
}

function changedNodes(before: TreeDef, after: TreeDef, path: string): string[] {
  if (before.kind === 'node' && after.kind === 'node' && before.type === after.type) {
    const own = before.type.differences?.(before.aux, after.aux) ?? [];
    if (own.length > 0) return own.map((change) => `${path}${change}`);
  }
  if (!('children' in before) || !('children' in after) || before.children.length !== after.children.length)
    return [`${path} changed`];
  const keys = 'keys' in before ? before.keys : null;
  const children = before.children.flatMap((child, i) => {
    const part = keys === null ? `[${i}]` : `.${String(keys[i])}`;
    return treedefKey(child) === treedefKey(after.children[i]!) ? [] : changedNodes(child, after.children[i]!, path + part);
  });
  return children.length === 0 ? [`${path} changed`] : children;
}
