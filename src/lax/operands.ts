/** What lax functions take, and how numbers find their dtype. */
import { Literal } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import { apply, cast, operandOf, resultType } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';

/**
 * An operand of a lax function. A number takes the dtype of the operands beside it; a Literal is a scalar that already has one.
 */
export type LaxOperand = Operand | Literal;

/** As many atoms as there are operands. */
export type Atoms<T extends readonly unknown[]> = { readonly [I in keyof T]: Tensor | Literal };

export function atomOf(operand: LaxOperand): Tensor | Literal {
  return operand instanceof Literal ? operand : operandOf(operand);
}

/**
 * The operands of an operation on one dtype: numbers become literals of the dtype of the first operand that is not a number, and
 * of their common type when all are numbers.
 *
 * @throws VALUE for a number that this dtype does not hold.
 */
export function sameType<const T extends readonly LaxOperand[]>(operands: T): Atoms<T> {
  const atoms = operands.map(atomOf);
  const { dtype, weak } = atoms.find((atom) => !isNumber(atom))?.aval ?? resultType(atoms);
  return atoms.map((atom) => (isNumber(atom) ? cast(atom, dtype, weak) : atom)) as Atoms<T>;
}

/** Applies a primitive whose operands all have one dtype. */
export function applySame(primitive: string, operands: readonly LaxOperand[], params: Params = {}): Tensor {
  return apply(primitive, sameType(operands), params);
}

function isNumber(atom: Tensor | Literal): atom is Literal {
  return atom instanceof Literal && atom.aval.weak;
}
