/** How np functions read their operands: promotion, broadcasting, axes, and errors that name the function. */
import { isFloat } from '../../compiler/dtype.ts';
import type { DType, Promotable } from '../../compiler/dtype.ts';
import type { ErrorCode } from '../../compiler/errors.ts';
import type { Literal } from '../../compiler/ir/jaxpr.ts';
import { broadcastShapes, normalizeAxes, normalizeAxis, sameShape, showShape } from '../../compiler/shape.ts';
import type { CallWith, Shape } from '../../compiler/shape.ts';
import { broadcastInDim } from '../lax/movement.ts';
import type { Atoms } from '../lax/operands.ts';
import { convertElementType } from '../lax/select.ts';
import { cast, located, operandOf, resultType, tensorOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import { userError } from '../trace/user-error.ts';

/** One axis, several, or all (`null`); negative ones count from the end. */
export type Axes = number | readonly number[] | null;

/** Raises an error with the user's line. */
export function fail(code: ErrorCode, problem: string, fix: string): never {
  throw userError(code, problem, { fix });
}

/** Operands of their common dtype and, scalars apart, of their common shape. */
export function promoted<const T extends readonly Operand[]>(name: string, operands: T): Atoms<T> {
  return aligned(name, operands, (type) => type);
}

/** `promoted`, with integers and bools as float32. */
export function promotedToFloat<const T extends readonly Operand[]>(name: string, operands: T): Atoms<T> {
  return aligned(name, operands, ({ dtype, weak }) => ({ dtype: isFloat(dtype) ? dtype : 'float32', weak }));
}

/** `promoted`, with bools as int32. */
export function promotedToNumber<const T extends readonly Operand[]>(name: string, operands: T): Atoms<T> {
  return aligned(name, operands, ({ dtype, weak }) => ({ dtype: dtype === 'bool' ? 'int32' : dtype, weak }));
}

/** Operands broadcast to their common shape by NumPy's rules; scalars stay scalars, which every elementwise primitive takes. */
export function broadcast<const T extends readonly (Tensor | Literal)[]>(name: string, atoms: T): Atoms<T> {
  const shape = located(() => broadcastShapes(atoms.map((atom) => atom.aval.shape), name));
  return atoms.map((atom) => (atom.aval.shape.length === 0 ? atom : broadcastAtom(atom, shape))) as Atoms<T>;
}

/** A tensor repeated to `shape`, which it broadcasts to. */
export function broadcastAtom<T extends Tensor | Literal>(atom: T, shape: Shape): T | Tensor {
  const { shape: own } = atom.aval;
  if (sameShape(own, shape)) return atom;
  return broadcastInDim(atom, shape, own.map((_, axis) => shape.length - own.length + axis));
}

/** The one operand of a function of floats: integers and bools become float32. */
export function float(x: Operand): Tensor | Literal {
  const atom = operandOf(x);
  const { dtype, weak } = atom.aval;
  return isFloat(dtype) ? atom : cast(atom, 'float32', weak);
}

/** An operand as bool: numbers are true unless 0. */
export function truth(x: Operand): Tensor | Literal {
  return cast(operandOf(x), 'bool');
}

/** A tensor of this dtype. */
export function asDType(x: Operand, dtype: DType): Tensor {
  const tensor = tensorOf(x);
  return tensor.dtype === dtype ? tensor : convertElementType(tensor, dtype);
}

/** A tensor of floats: integers and bools become float32. */
export function floatTensor(x: Operand): Tensor {
  const tensor = tensorOf(x);
  return isFloat(tensor.dtype) ? tensor : asDType(tensor, 'float32');
}

/** A shape as a list of extents. @throws SHAPE for an extent that is no whole number from 0. */
export function shapeOf(name: string, shape: number | readonly number[], fix = `${name}([2, 3])`): readonly number[] {
  const list = typeof shape === 'number' ? [shape] : shape;
  if (list.every((extent) => Number.isInteger(extent) && extent >= 0)) return list;
  return fail('SHAPE', `${name}: ${showShape(list)} is not a shape: extents are whole numbers from 0`, fix);
}

/** The distinct axes named by `axes`, counted from the front; `fix` is a call with other axes. @throws AXIS */
export function axesOf(name: string, axes: Axes, rank: number, fix?: CallWith): number[] {
  return located(() => normalizeAxes(axes, rank, name, fix));
}

/** The axis counted from the front; `fix` is a call with another axis. @throws AXIS */
export function axisOf(name: string, axis: number, rank: number, fix?: CallWith): number {
  return located(() => normalizeAxis(axis, rank, name, fix));
}

function aligned<const T extends readonly Operand[]>(
  name: string,
  operands: T,
  choose: (type: Promotable) => Promotable,
): Atoms<T> {
  const atoms = operands.map(operandOf);
  const { dtype, weak } = choose(resultType(atoms));
  return broadcast(name, atoms.map((atom) => cast(atom, dtype, weak))) as Atoms<T>;
}
