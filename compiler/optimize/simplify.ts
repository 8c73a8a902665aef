/**
 * Algebra that gives the same bits for all values, NaN, infinities and signed zeros included. So x + 0 stays (it makes 0 of -0)
 * and x + (-0) goes; x * 0 goes for integers only (NaN * 0 is NaN); x / 2^k becomes a product, since both round alike.
 */
import type { DType } from '../dtype.ts';
import { isFloat, roundTo } from '../dtype.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import { CONJUNCTION, MAXIMUM, MINIMUM } from '../primitives/reduce/fold.ts';
import { sizeOf } from '../shape.ts';
import type { WithConstant } from './combinators.ts';
import { absorbing, keeps, neutral, sameAtom, undoes, withEither, withItself, withLeft, withRight } from './combinators.ts';
import { rewriteByTable } from './match.ts';
import type { Match, RuleTable } from './match.ts';

export function simplify(jaxpr: Jaxpr): Jaxpr {
  return rewriteByTable(jaxpr, RULES);
}

const isZero = (c: number): boolean => c === 0;
const isOne = (c: number): boolean => c === 1;
const isMinusOne = (c: number): boolean => c === -1;
/** What leaves every x as it is when added to it: of floats only -0, for 0 + -0 is 0. */
const isNeutralSum = (c: number, dtype: DType): boolean => Object.is(c, isFloat(dtype) ? -0 : 0);
const isPositiveZero = (c: number): boolean => Object.is(c, 0);
const isIntegerZero = (c: number, dtype: DType): boolean => c === 0 && !isFloat(dtype);
const isLowest = (c: number, dtype: DType): boolean => c === MAXIMUM.identity(dtype);
const isHighest = (c: number, dtype: DType): boolean => c === MINIMUM.identity(dtype);
const hasAllBits = (c: number, dtype: DType): boolean => c === CONJUNCTION.identity(dtype);

const itself = withItself((x) => x);
const oneOfItself = withItself((x, match) => (isFloat(x.aval.dtype) ? undefined : match.fill(1)));
const zeroOfItself = withItself((x, match) => (isFloat(x.aval.dtype) ? undefined : match.fill(0)));
/** Also of floats: NaN is not less than itself. */
const neverLess = withItself((_, match) => match.fill(0));
const rounded = keeps('floor', 'ceil', 'round', 'trunc');

const RULES: RuleTable = {
  neg: [undoes('neg')],
  abs: [ofUnsigned, keeps('abs'), ofMagnitude],
  square: [ofMagnitude],
  floor: [rounded],
  ceil: [rounded],
  round: [rounded],
  trunc: [rounded],
  not: [undoes('not'), oppositeComparison],

  add: [withEither(neutral(isNeutralSum)), addedNegative],
  sub: [withRight(neutral(isPositiveZero)), withLeft(negated(isNeutralSum)), subtractedNegative, zeroOfItself],
  mul: [withEither(neutral(isOne)), withEither(absorbing(isIntegerZero)), withEither(negated(isMinusOne)), productOfNegatives],
  div: [withRight(neutral(isOne)), withRight(byPowerOfTwo)],
  pow: [withRight(neutral(isOne)), withRight((x, c, _, { o }) => (c === 2 ? o.square(x) : undefined))],
  integer_pow: [smallPower],
  max: [itself, withEither(neutral(isLowest)), withEither(absorbing((c, dtype) => isHighest(c, dtype) && !isFloat(dtype)))],
  min: [itself, withEither(neutral(isHighest)), withEither(absorbing((c, dtype) => isLowest(c, dtype) && !isFloat(dtype)))],

  and: [itself, withEither(neutral(hasAllBits)), withEither(absorbing(isZero))],
  or: [itself, withEither(neutral(isZero)), withEither(absorbing(hasAllBits))],
  xor: [zeroOfItself, withEither(neutral(isZero))],
  shift_left: [withRight(neutral(isZero))],
  shift_right_logical: [withRight(neutral(isZero))],
  shift_right_arithmetic: [withRight(neutral(isZero))],

  eq: [oneOfItself, withEither(comparedWithBool(1))],
  ne: [zeroOfItself, withEither(comparedWithBool(0))],
  lt: [neverLess],
  gt: [neverLess],
  le: [oneOfItself],
  ge: [oneOfItself],
  select_n: [knownSelection, nestedSelection],

  reduce_sum: [overNothing, sumOfWholeNumbers],
  reduce_prod: [overNothing],
  reduce_max: [overNothing, ofRepeated],
  reduce_min: [overNothing, ofRepeated],
  reduce_and: [overNothing, ofRepeated],
  reduce_or: [overNothing, ofRepeated],
  argmax: [onlyPosition],
  argmin: [onlyPosition],

  // The passes of differentiation, which it speaks to, have run.
  stop_gradient: [(match) => match.input(0)],
};

/** Whole numbers up to here are exact in a float dtype. */
const EXACT: Readonly<Partial<Record<DType, number>>> = { float32: 2 ** 24, float16: 2 ** 11 };
const SMALLEST_NORMAL: Readonly<Partial<Record<DType, number>>> = { float32: 2 ** -126, float16: 2 ** -14 };

function negated(applies: (c: number, dtype: DType) => boolean): WithConstant {
  return (x, c, dtype, { o }) => (applies(c, dtype) ? o.neg(x) : undefined);
}

/** Of an unsigned integer, whose negative is another magnitude. */
function ofUnsigned(match: Match): Atom | undefined {
  return match.output.dtype === 'uint32' ? match.input(0) : undefined;
}

/** f(-x) and f(|x|) of an even function. */
function ofMagnitude(match: Match): Atom | undefined {
  const x = match.argument(match.input(0), 'neg') ?? match.argument(match.input(0), 'abs');
  return x === undefined ? undefined : match.rebind([x]);
}

function oppositeComparison(match: Match): Atom | undefined {
  const equal = match.made(match.input(0), 'eq');
  if (equal !== undefined) return match.o.ne(equal.inputs[0]!, equal.inputs[1]!);
  const different = match.made(match.input(0), 'ne');
  return different === undefined ? undefined : match.o.eq(different.inputs[0]!, different.inputs[1]!);
}

/** x + (-y) = x - y, on either side. */
function addedNegative(match: Match): Atom | undefined {
  const [x, y] = [match.input(0), match.input(1)];
  const positiveY = match.argument(y, 'neg');
  if (positiveY !== undefined) return match.o.sub(x, positiveY);
  const positiveX = match.argument(x, 'neg');
  return positiveX === undefined ? undefined : match.o.sub(y, positiveX);
}

function subtractedNegative(match: Match): Atom | undefined {
  const y = match.argument(match.input(1), 'neg');
  return y === undefined ? undefined : match.o.add(match.input(0), y);
}

function productOfNegatives(match: Match): Atom | undefined {
  const [x, y] = [match.argument(match.input(0), 'neg'), match.argument(match.input(1), 'neg')];
  return x === undefined || y === undefined ? undefined : match.o.mul(x, y);
}

/** The reciprocal of c is exact only if c is a power of two. */
function byPowerOfTwo(x: Atom, c: number, dtype: DType, { o }: Match): Atom | undefined {
  const smallest = SMALLEST_NORMAL[dtype];
  const reciprocal = 1 / c;
  if (smallest === undefined || Math.abs(c) < smallest || Math.abs(reciprocal) < smallest) return undefined;
  return roundTo(dtype, reciprocal) === reciprocal ? o.mul(x, reciprocal) : undefined;
}

function smallPower(match: Match): Atom | undefined {
  const x = match.input(0);
  switch (match.param<number>('y')) {
    case 0:
      return match.fill(1);
    case 1:
      return x;
    case 2:
      return match.o.square(x);
    default:
      return undefined;
  }
}

function comparedWithBool(kept: number): WithConstant {
  return (x, c, dtype, { o }) => (dtype !== 'bool' ? undefined : c === kept ? x : o.not(x));
}

function knownSelection(match: Match): Atom | undefined {
  const [which, onFalse, onTrue] = [match.input(0), match.input(1), match.input(2)];
  if (sameAtom(onFalse, onTrue)) return onFalse;
  const known = match.constant(which);
  if (known !== undefined) return known === 0 ? onFalse : onTrue;
  const opposite = match.argument(which, 'not');
  if (opposite !== undefined) return match.o.selectN(opposite, onTrue, onFalse);
  if (match.output.dtype !== 'bool') return undefined;
  const [f, t] = [match.constant(onFalse), match.constant(onTrue)];
  if (f === 0 && t === 1) return which;
  return f === 1 && t === 0 ? match.o.not(which) : undefined;
}

/** A case that is itself a selection by the same condition. */
function nestedSelection(match: Match): Atom | undefined {
  const [which, onFalse, onTrue] = [match.input(0), match.input(1), match.input(2)];
  const [innerFalse, innerTrue] = [match.made(onFalse, 'select_n'), match.made(onTrue, 'select_n')];
  if (innerFalse?.inputs[0] === which) return match.rebind([which, innerFalse.inputs[1]!, onTrue]);
  return innerTrue?.inputs[0] === which ? match.rebind([which, onFalse, innerTrue.inputs[2]!]) : undefined;
}

/** Over no axes, or axes of extent 1. A sum starts at 0, which makes 0 of -0. */
function overNothing(match: Match): Atom | undefined {
  const x = match.input(0);
  if (sizeOf(x.aval.shape) !== sizeOf(match.output.shape) || sizeOf(x.aval.shape) === 0) return undefined;
  const reshaped = match.o.reshape(x, { newSizes: match.output.shape });
  const startsAtZero = match.equation.primitive.name === 'reduce_sum' && isFloat(x.aval.dtype);
  return startsAtZero ? match.o.add(reshaped, 0) : reshaped;
}

function ofRepeated(match: Match): Atom | undefined {
  const x = match.input(0);
  return sizeOf(x.aval.shape) === 0 ? undefined : match.scalar(x);
}

/** Sums of a constant, if all of them are exact. */
function sumOfWholeNumbers(match: Match): Atom | undefined {
  const x = match.input(0);
  const constant = match.constant(x);
  if (constant === undefined || !Number.isInteger(constant)) return undefined;
  const total = constant * (sizeOf(x.aval.shape) / sizeOf(match.output.shape));
  const { dtype } = match.output;
  return Math.abs(total) <= (EXACT[dtype] ?? 2 ** 53) ? match.fill(total + 0) : undefined;
}

function onlyPosition(match: Match): Atom | undefined {
  const [axis] = match.param<readonly number[]>('axes');
  return match.input(0).aval.shape[axis!] === 1 ? match.fill(0) : undefined;
}
