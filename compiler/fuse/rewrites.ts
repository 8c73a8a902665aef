/** Rewrites of single equations that make every equation one that a kernel can compute well. */
import type { DType } from '../dtype.ts';
import { isFloat } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { Builder } from '../ir/builder.ts';
import type { Atom, Equation } from '../ir/jaxpr.ts';
import type { Monoid } from '../primitives/primitive.ts';
import { sizeOf } from '../shape.ts';
import { CONCATENATE_MAX_OPERANDS, PARTIALS_MAX, PARTIALS_MIN, ROWS_TO_FILL, SPLIT_MIN_COLUMNS } from './costs.ts';
import type { Scope } from './scope.ts';

/** An equation that has no elements, or reduces none, is one value throughout. */
export function withoutElements(scope: Scope, equation: Equation): readonly Atom[] | undefined {
  const value = valueOfNone(equation);
  return value === undefined ? undefined : equation.outputs.map(({ aval }) => scope.build((o) => o.full(value, aval), equation));
}

function valueOfNone({ primitive: { lowering }, inputs, outputs }: Equation): number | undefined {
  if (outputs.every(({ aval }) => sizeOf(aval.shape) === 0)) return 0;
  if (lowering.kind === 'element' || lowering.kind === 'composite' || inputs.every(({ aval }) => sizeOf(aval.shape) > 0)) return undefined;
  return lowering.kind === 'reduce' ? identityOf(lowering.monoid, outputs[0]!.aval.dtype) : 0;
}

function identityOf(monoid: Monoid, dtype: DType): number {
  switch (monoid) {
    case 'sum':
    case 'or':
      return 0;
    case 'prod':
      return 1;
    case 'and':
      return dtype === 'int32' ? -1 : dtype === 'uint32' ? 2 ** 32 - 1 : 1;
    case 'max':
      return isFloat(dtype) ? -Infinity : dtype === 'int32' ? -(2 ** 31) : 0;
    case 'min':
      return isFloat(dtype) ? Infinity : dtype === 'int32' ? 2 ** 31 - 1 : dtype === 'uint32' ? 2 ** 32 - 1 : 1;
    case 'argmax':
    case 'argmin':
      throw new HeddleError('INTERNAL', `${monoid} of no elements`);
  }
}

/** What a primitive says of itself in equations of others. */
export function writeComposite(scope: Scope, { primitive, inputs, params, source, path }: Equation): readonly Atom[] | undefined {
  const { lowering } = primitive;
  if (lowering.kind !== 'composite') return undefined;
  const o = new Builder();
  o.source = source;
  o.path = path;
  const operands = inputs.map(({ aval }) => o.newVar(aval));
  return scope.inline(o.build([], operands, lowering.write(o, operands, params)), inputs);
}

/** A concatenation of more operands than a kernel can bind: neighbours are concatenated first. */
export function narrowConcatenate(scope: Scope, equation: Equation): readonly Atom[] | undefined {
  const { inputs, params } = equation;
  if (inputs.length <= CONCATENATE_MAX_OPERANDS) return undefined;
  const dimension = Number(params['dimension']);
  const chunks: Atom[] = [];
  for (let i = 0; i < inputs.length; i += CONCATENATE_MAX_OPERANDS) {
    const chunk = inputs.slice(i, i + CONCATENATE_MAX_OPERANDS);
    chunks.push(scope.build((o) => o.concatenate(...chunk, { dimension }), equation));
  }
  return scope.append({ ...equation, inputs: chunks });
}

/** A long reduction of too few rows to fill the device, in two levels. */
export function splitReduction(scope: Scope, equation: Equation): readonly Atom[] | undefined {
  const { primitive, inputs, params } = equation;
  const { lowering } = primitive;
  if (lowering.kind !== 'reduce' || lowering.monoid === 'argmax' || lowering.monoid === 'argmin') return undefined;
  const operand = inputs[0]!;
  const { shape } = operand.aval;
  const reduced = lowering.axes(params);
  const kept = shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
  const keptSizes = kept.map((axis) => shape[axis]!);
  const columns = sizeOf(reduced.map((axis) => shape[axis]!));
  if (columns < SPLIT_MIN_COLUMNS || sizeOf(keptSizes) >= ROWS_TO_FILL) return undefined;
  const partials = largestDivisor(columns, PARTIALS_MAX);
  if (partials < PARTIALS_MIN) return undefined;
  const partial = scope.build((o) => {
    const turned = o.transpose(operand, { permutation: [...kept, ...reduced] });
    const rows = o.reshape(turned, { newSizes: [...keptSizes, partials, columns / partials] });
    return o.bind(primitive, [rows], { ...params, axes: [kept.length + 1] })[0]!;
  }, equation);
  return scope.append({ ...equation, inputs: [partial], params: { ...params, axes: [kept.length] } });
}

function largestDivisor(n: number, limit: number): number {
  for (let divisor = Math.min(n, limit); divisor > 1; divisor--) if (n % divisor === 0) return divisor;
  return 1;
}
