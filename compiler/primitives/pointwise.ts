/**
 * Rows of pointwise primitives: each element of the result depends on the operands' elements at the same place. The operands have
 * one dtype and one shape, but a scalar broadcasts. From a scalar reference function, a way to write it in WGSL and a derivative
 * follow the type rule, the lowering, the batching rule and the samples.
 */
import type { DType, HostArray } from '../dtype.ts';
import { allocate, roundTo, shortName } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { aval, showAval } from '../ir/jaxpr.ts';
import type { Atom, Aval, Params } from '../ir/jaxpr.ts';
import type { Builder } from '../ir/builder.ts';
import { applyExpr } from '../scalar/expression.ts';
import type { ScalarFunction } from '../scalar/expression.ts';
import { sameShape, showShape, sizeOf } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { insertAt, mappedAt } from './batching.ts';
import { expectCount, expectSameDtype } from './checks.ts';
import { definePrimitive } from './primitive.ts';
import type { BatchAxis, Batched, Lowering, Primitive, PrimitiveRow, Sample } from './primitive.ts';

/** The value of one element in float64; the result is rounded to the dtype of the output. */
export type ScalarReference = (...operands: number[]) => number;

type Shared = 'name' | 'doc' | 'jvp' | 'transpose' | 'domain' | 'tolerance';

export interface Pointwise<P extends Params> extends Pick<PrimitiveRow<P>, Shared> {
  readonly arity: 1 | 2 | 3;
  /** The legal dtypes. */
  readonly takes: readonly DType[];
  /** The type of the result, given what the operands have in common; the same unless stated. May reject parameters. */
  result?(operand: Aval, params: P): Aval;
  reference(operand: DType, params: P): ScalarReference;
  scalar(params: P): ScalarFunction;
  /** Parameters to test, given the dtype of the operands. */
  sampleParams?(operand: DType): readonly P[];
}

export function definePointwise<P extends Params>(row: Pointwise<P>): Primitive {
  const { name, doc, jvp, transpose, domain, tolerance, arity, takes } = row;
  const type = (inputs: readonly Aval[], params: P): Aval => {
    expectCount(name, inputs, arity);
    const operand = commonAval(name, inputs, takes);
    return row.result === undefined ? operand : row.result(operand, params);
  };
  const primitive: Primitive = definePrimitive<P>({
    name,
    doc,
    type: (inputs, params) => [type(inputs, params)],
    reference(inputs, params) {
      const [dtype, types] = [inputs[0]!.dtype, inputs.map((input) => aval(input.dtype, input.shape))];
      return [mapElements(inputs, type(types, params).dtype, row.reference(dtype, params))];
    },
    lowering: lowerPointwise((params) => [row.scalar(params)]),
    jvp,
    transpose,
    batch: (o, inputs, axes, params, size) => batchPointwise(o, primitive, inputs, axes, params, size),
    samples: takes.flatMap((dtype) => samplesOf(row, dtype)),
    domain,
    tolerance,
  });
  return primitive;
}

/** What operands of one legal dtype make together; weak if all are weak. */
export function commonAval(name: string, inputs: readonly Aval[], takes: readonly DType[]): Aval {
  expectSameDtype(name, inputs);
  const { dtype } = inputs[0]!;
  if (!takes.includes(dtype)) {
    const problem = `${name}: takes ${takes.map(shortName).join(', ')}, was given ${inputs.map(showAval).join(' and ')}`;
    throw new HeddleError('DTYPE', problem, { fix: `x.astype('${takes[0]}')` });
  }
  return aval(dtype, commonShape(name, inputs), inputs.every(({ weak }) => weak));
}

/** The one shape of all operands that are not scalars. */
export function commonShape(name: string, inputs: readonly { readonly shape: Shape }[]): Shape {
  const shapes = inputs.map(({ shape }) => shape).filter((shape) => shape.length > 0);
  const [first = []] = shapes;
  const other = shapes.find((shape) => !sameShape(shape, first));
  if (other === undefined) return first;
  throw new HeddleError('SHAPE', `${name}: shapes ${showShape(first)} and ${showShape(other)} differ, and neither is a scalar`, {
    fix: `np.broadcastTo(y, ${showShape(first)})`,
  });
}

/** `f` of the elements at each place, rounded to `dtype`. */
export function mapElements(inputs: readonly HostArray[], dtype: DType, f: ScalarReference): HostArray {
  const shape = commonShape('reference', inputs);
  const data = allocate(dtype, sizeOf(shape));
  const element = evaluator(f, inputs.map(reader));
  for (let i = 0; i < data.length; i++) data[i] = roundTo(dtype, element(i));
  return { dtype, shape, data };
}

/** Calls `f` with as many arguments as there are operands: `Math.max` would take notice of more. */
function evaluator(f: ScalarReference, operands: readonly ((i: number) => number)[]): (i: number) => number {
  const [x, y, z] = operands;
  if (x === undefined || y === undefined) return (i) => f(x!(i));
  return z === undefined ? (i) => f(x(i), y(i)) : (i) => f(x(i), y(i), z(i));
}

function reader({ shape, data }: HostArray): (i: number) => number {
  return shape.length === 0 ? () => data[0]! : (i) => data[i]!;
}

/** One scalar function of all operands per output. */
export function lowerPointwise<P extends Params>(scalars: (params: P) => readonly ScalarFunction[]): Lowering<P> {
  return {
    kind: 'element',
    view: false,
    at: (inputs, params, outputs) =>
      scalars(params).map((fn, i) => (indices) => {
        const args = inputs.map((input) => input.at(input.aval.shape.length === 0 ? [] : indices));
        return applyExpr(fn, outputs[i]!.dtype, args);
      }),
  };
}

/**
 * The mapped axis stays where the first mapped operand of full rank has it. Unmapped scalars stay scalars; a mapped scalar is
 * broadcast over the axes of the others.
 */
export function batchPointwise<P extends Params>(
  o: Builder,
  primitive: Primitive,
  inputs: readonly Atom[],
  axes: readonly BatchAxis[],
  params: P,
  size: number,
): Batched {
  const shapes = inputs.map(({ aval: { shape } }, i) => shape.filter((_, axis) => axis !== axes[i]));
  const shape = shapes.find(({ length }) => length > 0) ?? [];
  const to = axes.find((axis, i) => axis !== null && shapes[i]!.length === shape.length) ?? 0;
  const operands = inputs.map((input, i) => {
    if (input.aval.shape.length === 0) return input;
    if (shapes[i]!.length === shape.length) return mappedAt(o, input, axes[i]!, size, to);
    return o.broadcastInDim(input, { shape: insertAt(shape, to, size), broadcastDimensions: [to] });
  });
  const outputs = o.bind(primitive, operands, params);
  return { outputs, axes: outputs.map(() => to) };
}

/** Shapes of operands to test: for the first legal dtype, and for the others. */
const SHAPES: Readonly<Record<1 | 2 | 3, readonly [readonly (readonly Shape[])[], readonly (readonly Shape[])[]]>> = {
  1: [[[[]], [[2, 3]]], [[[2, 1, 3]]]],
  2: [[[[], []], [[2, 3], [2, 3]], [[2, 1, 3], []], [[], [3]]], [[[3], [3]]]],
  3: [[[[3], [3], [3]], [[], [2, 3], []]], [[[], [3], []]]],
};

function samplesOf<P extends Params>({ arity, takes, sampleParams }: Pointwise<P>, dtype: DType): readonly Sample<P>[] {
  const shapes = SHAPES[arity][dtype === takes[0] ? 0 : 1];
  const choices = sampleParams?.(dtype) ?? [{} as P];
  return choices.flatMap((params) => shapes.map((shape) => ({ inputs: shape.map((each) => aval(dtype, each)), params })));
}
