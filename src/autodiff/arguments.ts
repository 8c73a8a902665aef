/** What a call differentiates, and where the derivative of each leaf goes. */
import type { HeddleError } from '../../compiler/errors.ts';
import { showFilter, toPredicate } from '../nnx/filters.ts';
import type { Filter, VariablePredicate } from '../nnx/filters.ts';
import { State } from '../nnx/state.ts';
import { Param } from '../nnx/variables.ts';
import { readArguments } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { typeName } from '../trace/printing.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { adoptVariable, derivativeKind } from '../trace/variable.ts';
import type { Variable } from '../trace/variable.ts';
import { unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { isHolder, numbersAsTensors, readLeaves, variablesOf } from './leaves.ts';
import type { Holder } from './leaves.ts';
import { Roles } from './roles.ts';

/** Where derivatives go; `index` counts what is differentiated. */
type Slot =
  | { readonly kind: 'tensor'; readonly index: number }
  | { readonly kind: 'state'; readonly entries: readonly StateEntry[] }
  /** Integers, and leaves that are no data, have no derivative: null. */
  | { readonly kind: 'none' };

interface StateEntry {
  readonly path: string;
  readonly variable: Variable;
  readonly index: number;
}

/** The derivatives with respect to an argument, as a tree. */
export interface DerivativeTree {
  readonly treedef: TreeDef;
  readonly slots: readonly Slot[];
}

export interface DifferentiatedArguments {
  readonly inputs: Arguments;
  /** The positions in `inputs.traced` of what is differentiated, ascending. */
  readonly places: readonly number[];
  /** One for each differentiated argument. */
  readonly trees: readonly DerivativeTree[];
}

export interface Selection {
  /** The Variables of modules and States; undefined: of modules the Params, of States all. */
  readonly wrt: Filter | undefined;
  /** Whether leaves without a derivative are an error. */
  readonly strict: boolean;
}

/**
 * Numbers in arguments at the `chosen` positions become float32 tensors.
 *
 * @throws DERIVATIVE for leaves without a derivative, and where `wrt` selects nothing; ALIASING for a Variable in two roles.
 */
export function readDifferentiated(
  name: string,
  given: readonly unknown[],
  chosen: readonly number[],
  selection: Selection,
): DifferentiatedArguments {
  const args = given.map((arg, position) => (chosen.includes(position) ? numbersAsTensors(arg) : arg));
  const inputs = readArguments(args);
  const roles = new Roles(name, inputs);
  const flat = args.map((arg, position) => readLeaves(arg, `args[${position}]`));
  const trees = flat.map(({ leaves, treedef }, position): DerivativeTree => {
    const isChosen = chosen.includes(position);
    return { treedef, slots: leaves.map((leaf) => slotOf(roles, leaf, position, isChosen ? selection : null)) };
  });
  for (const position of chosen) {
    const { leaves } = flat[position]!;
    if (selectsNothing(leaves, trees[position]!, selection)) throw nothingSelected(name, position, leaves, selection);
  }
  if (selection.wrt !== undefined && !chosen.some((position) => flat[position]!.leaves.some(isHolder))) {
    throw userError('DERIVATIVE', `${name}: wrt chooses Variables of modules, and there is no module in what is differentiated`, {
      fix: 'leave wrt out, or name the position of the module: { argnums: 1, wrt: Param }',
    });
  }
  return { inputs, places: roles.places, trees: chosen.map((position) => trees[position]!) };
}

/** The tree with these derivatives. */
export function buildTree({ treedef, slots }: DerivativeTree, at: (index: number) => Tensor): unknown {
  const entry = ({ path, variable, index }: StateEntry): readonly [string, Variable] => [
    path,
    adoptVariable(derivativeKind(variable), at(index)),
  ];
  const leaves = slots.map((slot) => {
    if (slot.kind === 'none') return null;
    return slot.kind === 'tensor' ? at(slot.index) : new State(slot.entries.map(entry));
  });
  return unflatten(treedef, leaves);
}

/** The slot of the next leaf; without a selection its argument is constant. */
function slotOf(roles: Roles, leaf: unknown, argument: number, selection: Selection | null): Slot {
  if (isHolder(leaf)) return { kind: 'state', entries: entriesOf(roles, leaf, argument, selection) };
  if (selection === null || (!selection.strict && !roles.isSmooth)) {
    roles.constant(argument);
    return { kind: 'none' };
  }
  const index = roles.differentiated(argument, false);
  return index === null ? { kind: 'none' } : { kind: 'tensor', index };
}

function entriesOf(roles: Roles, holder: Holder, argument: number, selection: Selection | null): StateEntry[] {
  const isSelected = selection === null ? () => false : selector(holder, selection.wrt);
  return [...variablesOf(holder)].flatMap(([path, variable]): StateEntry[] => {
    if (!isSelected(path, variable)) {
      roles.constant(argument);
      return [];
    }
    const index = roles.differentiated(argument, true);
    return index === null ? [] : [{ path, variable, index }];
  });
}

function selector(holder: Holder, wrt: Filter | undefined): VariablePredicate {
  if (wrt !== undefined) return toPredicate(wrt);
  return holder instanceof State ? () => true : toPredicate(Param);
}

/** Whether an argument that holds modules has nothing to differentiate. */
function selectsNothing(leaves: readonly unknown[], { slots }: DerivativeTree, { wrt }: Selection): boolean {
  const isSelected = (slot: Slot): boolean =>
    slot.kind === 'state' ? slot.entries.length > 0 : slot.kind === 'tensor' && wrt === undefined;
  return leaves.some(isHolder) && !slots.some(isSelected);
}

function nothingSelected(name: string, position: number, leaves: readonly unknown[], { wrt = Param }: Selection): HeddleError {
  const held = leaves.filter(isHolder).flatMap((holder) => [...variablesOf(holder).values()]);
  const kinds = [...new Set(held.map((variable) => typeName(variable.constructor)))];
  const list = kinds.join(', ') || 'none';
  const problem = `${name}: ${showFilter(wrt)} selects none of the Variables of args[${position}], which are ${list}`;
  return userError('DERIVATIVE', problem, { fix: `{ wrt: ${kinds.includes('Param') ? 'Param' : (kinds[0] ?? 'Param')} }` });
}
