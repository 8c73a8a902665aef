/** The leaves that loops and branches give back. Variables among them come back as themselves, or as fresh ones of their kind. */
import type { Flattened } from '../tree.ts';
import { deepKeyText, keyText } from '../tree.ts';
import { kindKey } from '../trace/arguments.ts';
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { Variable, adoptVariable, kindOf } from '../trace/variable.ts';
import type { VariableKind } from '../trace/variable.ts';
import { isOperand } from './operands.ts';
import type { Operands } from './operands.ts';

/** Equal for leaves that may stand for each other: tensors, Variables of one kind, equal static values. */
export function leafKind(leaf: unknown): string {
  if (leaf instanceof Variable) return kindKey(kindOf(leaf));
  return isOperand(leaf) ? 'tensor' : keyText(leaf);
}

/** What a leaf is, for messages. */
export function showLeaf(leaf: unknown): string {
  return leaf instanceof Tensor ? leaf.describe() : leaf instanceof Variable ? showKind(kindOf(leaf)) : describeValue(leaf);
}

function showKind({ type, fields: { metadata } }: VariableKind): string {
  const text = deepKeyText(metadata);
  return `a ${typeName(type)}${text === '{}' ? '' : ` of ${text}`}`;
}

/** The leaves that are of another kind than before, in trees of one structure. */
export function kindDifferences(before: Operands, after: Flattened): string[] {
  return before.snapshot.leaves.flatMap((old, i) => {
    const leaf = after.leaves[i];
    return leafKind(old) === leafKind(leaf) ? [] : [`${after.paths[i]}: ${showLeaf(old)} -> ${showLeaf(leaf)}`];
  });
}

/** Makes one fresh Variable for each of those that the traced function returned, however often it did. */
export function freshVariables(): (of: readonly Variable[], value: Tensor) => Variable {
  const made = new Map<string, Variable>();
  return (of, value) => {
    const key = of.map(keyText).join(',');
    let variable = made.get(key);
    if (variable === undefined) made.set(key, (variable = adoptVariable(kindOf(of[0]!), value)));
    return variable;
  };
}
