/** One form for movements of data that mean the same: chains become one movement, movements that move nothing go. */
import type { DType } from '../dtype.ts';
import { Literal } from '../ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../ir/jaxpr.ts';
import { sameAval } from '../ir/jaxpr.ts';
import { ELEMENTWISE } from '../primitives/elementwise.ts';
import { sameShape, sizeOf } from '../shape.ts';
import { sameAtom } from './combinators.ts';
import { rewriteByTable } from './match.ts';
import type { Match, MatchRule, RuleTable } from './match.ts';

export function canonicalize(jaxpr: Jaxpr): Jaxpr {
  return rewriteByTable(jaxpr, RULES);
}

const RULES: RuleTable = {
  ...Object.fromEntries(ELEMENTWISE.map(({ name }): [string, readonly MatchRule[]] => [name, [scalarOperands]])),
  convert_element_type: [unchanged, convertTwice, scalarOperands],
  bitcast_convert_type: [unchanged, scalarOperands],
  reshape: [unchanged, ofScalar, reshapeTwice],
  transpose: [identityTranspose, ofScalar, transposeTwice, transposeOfUnits],
  broadcast_in_dim: [unchanged, ofScalar, broadcastTwice],
  slice: [unchanged, ofScalar, sliceTwice],
  rev: [revOfNothing, ofScalar, revTwice],
  pad: [padByNothing],
  concatenate: [oneOperand, emptyOperands, ofOneConstant],
  dynamic_slice: [unchanged, ofScalar, knownStarts],
  dynamic_update_slice: [wholeUpdate],
};

/** The primitive gives an operand of the same type back as it is. */
function unchanged(match: Match): Atom | undefined {
  return sameAval(match.input(0).aval, match.output) ? match.input(0) : undefined;
}

/** A movement of copies of one scalar: again copies of it. */
function ofScalar(match: Match): Atom | undefined {
  const x = match.input(0);
  return x.aval.shape.length === 0 ? undefined : match.scalar(x);
}

/** Elementwise operations broadcast scalars by themselves, and on scalars alone they compute one. */
function scalarOperands(match: Match): Atom | undefined {
  const scalars = match.inputs.map((input) => match.scalar(input) ?? input);
  return scalars.every((scalar, i) => scalar === match.input(i)) ? undefined : match.rebind(scalars);
}

const LOSSLESS: Readonly<Record<DType, readonly DType[]>> = {
  bool: ['bool', 'int32', 'uint32', 'float16', 'float32'],
  float16: ['float16', 'float32'],
  float32: ['float32'],
  int32: ['int32'],
  uint32: ['uint32'],
};

/** A conversion of a conversion that lost nothing. */
function convertTwice(match: Match): Atom | undefined {
  const x = match.argument(match.input(0), 'convert_element_type');
  const between = match.input(0).aval.dtype;
  if (x === undefined || !LOSSLESS[x.aval.dtype].includes(between)) return undefined;
  return sameAval(x.aval, match.output) ? x : match.rebind([x]);
}

/** Also of a broadcast that only adds axes of extent 1. */
function reshapeTwice(match: Match): Atom | undefined {
  const x = match.argument(match.input(0), 'reshape') ?? match.argument(match.input(0), 'broadcast_in_dim');
  return x === undefined || sizeOf(x.aval.shape) !== sizeOf(match.output.shape) ? undefined : match.rebind([x]);
}

function identityTranspose(match: Match): Atom | undefined {
  return match.param<readonly number[]>('permutation').every((from, axis) => from === axis) ? match.input(0) : undefined;
}

function transposeTwice(match: Match): Atom | undefined {
  const inner = match.made(match.input(0), 'transpose');
  if (inner === undefined) return undefined;
  const first = inner.params['permutation'] as readonly number[];
  const permutation = match.param<readonly number[]>('permutation').map((axis) => first[axis]!);
  return match.o.transpose(inner.inputs[0]!, { permutation });
}

/** If all axes that have elements to order keep their order, it is a reshape. */
function transposeOfUnits(match: Match): Atom | undefined {
  const { shape } = match.input(0).aval;
  const long = match.param<readonly number[]>('permutation').filter((axis) => shape[axis] !== 1);
  const ascending = long.every((axis, i) => i === 0 || axis > long[i - 1]!);
  return ascending ? match.o.reshape(match.input(0), { newSizes: match.output.shape }) : undefined;
}

function broadcastTwice(match: Match): Atom | undefined {
  const inner = match.made(match.input(0), 'broadcast_in_dim');
  if (inner === undefined) return undefined;
  const outer = match.param<readonly number[]>('broadcastDimensions');
  const broadcastDimensions = (inner.params['broadcastDimensions'] as readonly number[]).map((axis) => outer[axis]!);
  return match.o.broadcastInDim(inner.inputs[0]!, { shape: match.output.shape, broadcastDimensions });
}

interface Slice {
  readonly startIndices: readonly number[];
  readonly limitIndices: readonly number[];
  readonly strides: readonly number[];
}

function sliceTwice(match: Match): Atom | undefined {
  const inner = match.made(match.input(0), 'slice');
  if (inner === undefined) return undefined;
  const first = inner.params as unknown as Slice;
  const second = match.equation.params as unknown as Slice;
  const strides = second.strides.map((stride, axis) => stride * first.strides[axis]!);
  const startIndices = second.startIndices.map((start, axis) => first.startIndices[axis]! + start * first.strides[axis]!);
  const limitIndices = match.output.shape.map((extent, axis) =>
    extent === 0 ? startIndices[axis]! : startIndices[axis]! + (extent - 1) * strides[axis]! + 1,
  );
  return match.o.slice(inner.inputs[0]!, { startIndices, limitIndices, strides });
}

function revOfNothing(match: Match): Atom | undefined {
  const { shape } = match.input(0).aval;
  return match.param<readonly number[]>('dimensions').every((axis) => shape[axis]! <= 1) ? match.input(0) : undefined;
}

/** Axes reversed twice are not reversed. */
function revTwice(match: Match): Atom | undefined {
  const inner = match.made(match.input(0), 'rev');
  if (inner === undefined) return undefined;
  const [first, second] = [inner.params['dimensions'] as readonly number[], match.param<readonly number[]>('dimensions')];
  const dimensions = match.output.shape.map((_, axis) => axis).filter((axis) => first.includes(axis) !== second.includes(axis));
  return match.o.rev(inner.inputs[0]!, { dimensions });
}

function padByNothing(match: Match): Atom | undefined {
  const config = match.param<readonly (readonly number[])[]>('paddingConfig');
  return config.every((amounts, axis) => isNoPadding(amounts, match.input(0).aval.shape[axis]!)) ? match.input(0) : undefined;
}

function isNoPadding([low, high, interior]: readonly number[], extent: number): boolean {
  return low === 0 && high === 0 && (interior === 0 || extent <= 1);
}

function oneOperand(match: Match): Atom | undefined {
  return match.inputs.length === 1 ? match.input(0) : undefined;
}

function emptyOperands(match: Match): Atom | undefined {
  const full = match.inputs.filter((input) => sizeOf(input.aval.shape) > 0);
  return full.length === match.inputs.length || full.length === 0 ? undefined : match.rebind(full);
}

function ofOneConstant(match: Match): Atom | undefined {
  const scalars = match.inputs.map((input) => match.scalar(input));
  const [first] = scalars;
  const allEqual = first instanceof Literal && scalars.every((scalar) => scalar !== undefined && sameAtom(scalar, first));
  return allEqual ? first : undefined;
}

/** Starts that are literals make it a slice; they are clamped so that it fits. */
function knownStarts(match: Match): Atom | undefined {
  const [x, ...starts] = match.inputs;
  const values = starts.map((start) => match.constant(start));
  if (x === undefined || values.includes(undefined)) return undefined;
  const sizes = match.output.shape;
  const startIndices = values.map((start, axis) => Math.min(Math.max(start!, 0), x.aval.shape[axis]! - sizes[axis]!));
  const limitIndices = startIndices.map((start, axis) => start + sizes[axis]!);
  return match.o.slice(x, { startIndices, limitIndices, strides: sizes.map(() => 1) });
}

function wholeUpdate(match: Match): Atom | undefined {
  return sameShape(match.input(0).aval.shape, match.input(1).aval.shape) ? match.input(1) : undefined;
}
