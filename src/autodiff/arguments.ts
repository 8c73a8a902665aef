/** Which leaves of a call's arguments are differentiated, and where the derivative of each goes. */
import { isFloat } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { showFilter, toPredicate } from '../nnx/filters.ts';
import type { Filter } from '../nnx/filters.ts';
import { State } from '../nnx/state.ts';
import { Param } from '../nnx/variables.ts';
import { currentValue, readArguments } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable, adoptVariable, kindOf } from '../trace/variable.ts';
import { unflatten } from '../tree.ts';
import type { TreeDef } from '../tree.ts';
import { isHolder, numbersAsTensors, readLeaves, variablesOf } from './leaves.ts';
import type { Holder } from './leaves.ts';

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
  { wrt, strict }: Selection,
): DifferentiatedArguments {
  const args = given.map((arg, position) => (chosen.includes(position) ? numbersAsTensors(arg) : arg));
  const inputs = readArguments(args);
  const roles = new Roles(name, inputs);
  const trees = new Map<number, DerivativeTree>();
  let holders = 0;
  let leaf = 0;
  args.forEach((arg, position) => {
    const root = `args[${position}]`;
    const { leaves, treedef } = readLeaves(arg, root);
    const isChosen = chosen.includes(position);
    let held = 0;
    let selected = 0;
    const slots = leaves.map((value): Slot => {
      if (!isHolder(value)) return isChosen ? plainSlot(roles, leaf++, strict) : roles.constant(leaf++);
      if (isChosen) held++;
      const isSelected = isChosen ? selector(value, wrt) : () => false;
      const entries = [...variablesOf(value)].flatMap(([path, variable]): StateEntry[] => {
        if (!isSelected(path, variable)) roles.constant(leaf++);
        else {
          selected++;
          const index = roles.differentiated(leaf++);
          if (index !== null) return [{ path, variable, index }];
        }
        return [];
      });
      return { kind: 'state', entries };
    });
    if (held > 0 && selected === 0) throw selectsNothing(name, root, leaves, wrt);
    holders += held;
    if (isChosen) trees.set(position, { treedef, slots });
  });
  if (wrt !== undefined && holders === 0) {
    throw userError('DERIVATIVE', `${name}: wrt chooses Variables of modules, and there is no module in what is differentiated`, {
      fix: 'leave wrt out, or name the position of the module: { argnums: 1, wrt: Param }',
    });
  }
  return { inputs, places: roles.places, trees: chosen.map((position) => trees.get(position)!) };
}

/** The tree with these derivatives. */
export function buildTree({ treedef, slots }: DerivativeTree, at: (index: number) => Tensor): unknown {
  const leaves = slots.map((slot) => {
    if (slot.kind === 'none') return null;
    if (slot.kind === 'tensor') return at(slot.index);
    return new State(slot.entries.map(({ path, variable, index }) => [path, adoptVariable(kindOf(variable), at(index))] as const));
  });
  return unflatten(treedef, leaves);
}

/** The role of every leaf: differentiated, or constant. A Variable has one role, wherever it is reached. */
class Roles {
  readonly inputs: Arguments;
  readonly name: string;
  readonly places: number[] = [];
  readonly #known = new Map<number, { readonly isConstant: boolean; readonly path: string }>();

  constructor(name: string, inputs: Arguments) {
    this.name = name;
    this.inputs = inputs;
  }

  constant(leaf: number): Slot {
    this.#note(leaf, true);
    return { kind: 'none' };
  }

  /** Its index among what is differentiated; null for a Variable that has one already. @throws DERIVATIVE for integers and bools. */
  differentiated(leaf: number): number | null {
    const [place, path] = [this.inputs.places[leaf]!, this.inputs.paths[leaf]!];
    const value = currentValue(this.inputs.traced[place]!);
    if (!isFloat(value.dtype)) throw noDerivative(this.name, path, this.inputs.leaves[leaf]);
    if (!this.#note(leaf, false)) return null;
    return this.places.push(place) - 1;
  }

  /** Whether the leaf is new. */
  #note(leaf: number, isConstant: boolean): boolean {
    const [place, path] = [this.inputs.places[leaf]!, this.inputs.paths[leaf]!];
    if (place < 0) return true;
    const known = this.#known.get(place);
    if (known === undefined) this.#known.set(place, { isConstant, path });
    if (known === undefined || known.isConstant === isConstant) return known === undefined;
    const [moving, constant] = isConstant ? [known.path, path] : [path, known.path];
    throw userError('ALIASING', `${this.name}: one Variable is differentiated at ${moving} and constant at ${constant}`, {
      fix: 'pass it once, or nnx.clone(model) for one of the two',
    });
  }
}

/** The slot of a tensor, of a Variable outside modules, or of a leaf that is no data. */
function plainSlot(roles: Roles, leaf: number, strict: boolean): Slot {
  const { places, leaves, paths, traced } = roles.inputs;
  const place = places[leaf]!;
  const hasDerivative = place >= 0 && isFloat(currentValue(traced[place]!).dtype);
  if (!hasDerivative && !strict) return roles.constant(leaf);
  if (place < 0) throw noDerivative(roles.name, paths[leaf]!, leaves[leaf]);
  const index = roles.differentiated(leaf);
  if (index !== null) return { kind: 'tensor', index };
  throw userError('ALIASING', `${roles.name}: one Variable is differentiated at ${traced[place]!.path} and again at ${paths[leaf]}`, {
    fix: 'pass it once',
  });
}

function selector(holder: Holder, wrt: Filter | undefined): (path: string, variable: Variable) => boolean {
  if (wrt !== undefined) return toPredicate(wrt);
  return holder instanceof State ? () => true : toPredicate(Param);
}

function noDerivative(name: string, path: string, leaf: unknown): HeddleError {
  const { what, fix } = explain(leaf);
  return userError('DERIVATIVE', `${name}: ${path} is ${what}, and only floats have a derivative`, { fix });
}

function explain(leaf: unknown): { readonly what: string; readonly fix: string } {
  if (leaf instanceof Tensor) return { what: leaf.describe(), fix: "x.astype('float32'), or argnums of other arguments" };
  if (!(leaf instanceof Variable)) return { what: describeValue(leaf), fix: 'grad((x, flag) => ...)(x, flag) // what is no tensor as an argument of its own' };
  return {
    what: `a ${typeName(leaf.constructor)} of ${leaf.dtype}[${leaf.shape.join(',')}]`,
    fix: "{ wrt: (path, variable) => variable.dtype === 'float32' }",
  };
}

function selectsNothing(name: string, root: string, leaves: readonly unknown[], wrt: Filter | undefined): HeddleError {
  const held = leaves.filter(isHolder).flatMap((holder) => [...variablesOf(holder).values()]);
  const kinds = [...new Set(held.map((variable) => typeName(variable.constructor)))];
  const problem = `${name}: ${showFilter(wrt ?? Param)} selects none of the Variables of ${root}, which are ${kinds.join(', ') || 'none'}`;
  return userError('DERIVATIVE', problem, { fix: `{ wrt: ${kinds.includes('Param') ? 'Param' : (kinds[0] ?? 'Param')} }` });
}
