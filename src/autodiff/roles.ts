/** The role of every leaf of a call's arguments: differentiated, or constant. */
import { isFloat } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { currentValue } from '../trace/arguments.ts';
import type { Arguments } from '../trace/arguments.ts';
import { describeValue } from '../trace/literal.ts';
import { typeName } from '../trace/printing.ts';
import { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';
import { Variable } from '../trace/variable.ts';

interface Role {
  readonly isConstant: boolean;
  readonly argument: number;
  readonly path: string;
}

/** Takes the leaves in order. A Variable has one role, wherever it is reached. */
export class Roles {
  /** The positions among the traced leaves of those that are differentiated. */
  readonly places: number[] = [];
  readonly #name: string;
  readonly #inputs: Arguments;
  readonly #known = new Map<number, Role>();
  #next = 0;

  constructor(name: string, inputs: Arguments) {
    this.#name = name;
    this.#inputs = inputs;
  }

  /** Whether the next leaf is a float, which has a derivative. */
  get isSmooth(): boolean {
    const place = this.#inputs.places[this.#next]!;
    return place >= 0 && isFloat(currentValue(this.#inputs.traced[place]!).dtype);
  }

  constant(argument: number): void {
    const leaf = this.#next++;
    if (this.#inputs.places[leaf]! >= 0) this.#take(leaf, true, argument, true);
  }

  /**
   * Its index among what is differentiated; null for a Variable that this argument has held before, where that `mayRepeat`.
   *
   * @throws DERIVATIVE for what is no float, ALIASING for a Variable in two arguments or with two roles.
   */
  differentiated(argument: number, mayRepeat: boolean): number | null {
    const { places, paths, leaves } = this.#inputs;
    const { isSmooth } = this;
    const leaf = this.#next++;
    if (!isSmooth) throw noDerivative(this.#name, paths[leaf]!, leaves[leaf]);
    return this.#take(leaf, false, argument, mayRepeat) ? this.places.push(places[leaf]!) - 1 : null;
  }

  /** Whether the leaf is new. */
  #take(leaf: number, isConstant: boolean, argument: number, mayRepeat: boolean): boolean {
    const [place, path] = [this.#inputs.places[leaf]!, this.#inputs.paths[leaf]!];
    const known = this.#known.get(place);
    if (known === undefined) {
      this.#known.set(place, { isConstant, argument, path });
      return true;
    }
    if (known.isConstant === isConstant && mayRepeat && (isConstant || known.argument === argument)) return false;
    const role = ({ isConstant }: Pick<Role, 'isConstant'>): string => (isConstant ? 'constant' : 'differentiated');
    const problem = `one Variable is ${role(known)} at ${known.path} and ${role({ isConstant })} at ${path}`;
    throw userError('ALIASING', `${this.#name}: ${problem}`, { fix: 'pass it once, or nnx.clone(model) for one of the two' });
  }
}

function noDerivative(name: string, path: string, leaf: unknown): HeddleError {
  const { what, fix } = explain(leaf);
  return userError('DERIVATIVE', `${name}: ${path} is ${what}, and only floats have a derivative`, { fix });
}

function explain(leaf: unknown): { readonly what: string; readonly fix: string } {
  if (leaf instanceof Tensor) return { what: leaf.describe(), fix: "x.astype('float32'), or argnums of other arguments" };
  if (leaf instanceof Variable) {
    const what = `a ${typeName(leaf.constructor)} of ${leaf.dtype}[${leaf.shape.join(',')}]`;
    return { what, fix: "{ wrt: (path, variable) => variable.dtype === 'float32' }" };
  }
  return { what: describeValue(leaf), fix: 'grad((x, flag) => ...)(x, flag) // what is no tensor as an argument of its own' };
}
