/** The jvp rules of the pointwise primitives against JAX's derivatives, and against differences where JAX's are not recorded. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Params } from '../../compiler/ir/jaxpr.ts';
import { ELEMENTWISE } from '../../compiler/primitives/elementwise.ts';
import type { Primitive, Tangent } from '../../compiler/primitives/primitive.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { arraysOf } from '../support/arrays.ts';
import { NUMERICS, decode, differences, pairs } from '../support/golden-numerics.ts';
import type { Closeness } from '../support/golden-numerics.ts';

/** The tangent of the output, on the host, when operand `position` alone has a tangent. */
function tangentOf(
  primitive: Primitive,
  inputs: readonly HostArray[],
  position: number,
  seed: HostArray,
  params: Params,
): HostArray {
  const o = new Builder();
  const operands = inputs.map(({ dtype, shape }) => new Var(aval(dtype, shape)));
  const tangent = new Var(aval(seed.dtype, seed.shape));
  const outputs = o.bind(primitive, operands, params);
  const tangents = operands.map((_, i): Tangent => (i === position ? tangent : null));
  const result = apply(primitive, o, operands, outputs, tangents, params) ?? o.full(0, outputs[0]!.aval);
  expect(result.aval.shape).toEqual(outputs[0]!.aval.shape);
  return evaluate(o.build([], [...operands, tangent], [result]), [...inputs, seed])[0]!;
}

function apply(
  primitive: Primitive,
  o: Builder,
  inputs: readonly Atom[],
  outputs: readonly Atom[],
  tangents: readonly Tangent[],
  params: Params,
): Tangent {
  const { jvp } = primitive;
  const position = tangents.findIndex((tangent) => tangent !== null);
  switch (jvp.kind) {
    case 'linear':
      return o.bind(primitive, [tangents[0]!], params)[0]!;
    case 'partials':
      return jvp.partials[position]?.(o, tangents[position]!, { inputs, outputs, params }) ?? null;
    case 'rule':
      return jvp.tangents(o, { inputs, outputs, params }, tangents)[0]!;
    case 'joint':
      throw new Error(`${primitive.name} is no elementwise primitive`);
    case 'zero':
      return null;
  }
}

function named(name: string): Primitive {
  return ELEMENTWISE.find((primitive) => primitive.name === name)!;
}

const vector = (data: Float32Array): HostArray => ({ dtype: 'float32', shape: [data.length], data });
const ones = (length: number): HostArray => vector(new Float32Array(length).fill(1));

const SAME = [
  'exp', 'expm1', 'log', 'log1p', 'sqrt', 'rsqrt', 'cbrt', 'square', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh',
  'tanh', 'asinh', 'acosh', 'atanh', 'erf', 'erfc', 'abs', 'sign', 'floor', 'lgamma',
];
/** Names in numerics.json, then here. */
const UNARY = [...SAME.map((name) => [name, name] as const), ['erfinv', 'erf_inv'] as const, ['sigmoid', 'logistic'] as const];
const BINARY = [
  ...['add', 'sub', 'mul', 'div', 'pow', 'atan2'].map((name) => [name, name] as const),
  ['maximum', 'max'] as const,
  ['minimum', 'min'] as const,
];

/** These are computed from a result that is rounded near 1. */
const LOOSE: Readonly<Record<string, Closeness>> = {
  tanh: { relative: 1e-5, absolute: 2e-7 },
  sigmoid: { relative: 1e-5, absolute: 1e-7 },
};

describe("JAX's derivatives of one operand", () => {
  const x = decode('float32', NUMERICS.x) as Float32Array;
  test.each(UNARY)('%s', (name, primitive) => {
    const derivative = tangentOf(named(primitive), [vector(x)], 0, ones(x.length), {});
    const expected = decode('float32', NUMERICS.gradUnary[name]!);
    expect(differences(derivative.data, expected, [x], LOOSE[name] ?? { relative: 1e-5 })).toEqual([]);
  });
});

describe("JAX's derivatives of two operands", () => {
  const columns = pairs('float32', NUMERICS.binaryX) as Float32Array[];
  const cases = BINARY.flatMap(([name, primitive]) => [0, 1].map((operand) => [name, operand, primitive] as const));
  test.each(cases)('%s in operand %i', (name, operand, primitive) => {
    const derivative = tangentOf(named(primitive), columns.map(vector), operand, ones(columns[0]!.length), {});
    const expected = decode('float32', NUMERICS.gradBinary[name]![operand]!);
    expect(differences(derivative.data, expected, columns, { relative: 1e-5 })).toEqual([]);
  });
});

const JUMPS = new Set(['rem', 'max', 'min', 'clamp', 'abs']);

/** A fourth-order central difference of the float32 reference. */
function difference(primitive: Primitive, inputs: readonly HostArray[], position: number, params: Params): number[] {
  const step = 2 ** -5;
  const shifted = (by: number): ArrayLike<number> => {
    const moved = inputs.map((input, i) =>
      i === position ? fromNumbers(input.dtype, input.shape, [...input.data].map((value) => value + by * step)) : input);
    return primitive.reference(moved, params, evaluate)[0]!.data;
  };
  const [a, b, c, d] = [shifted(-2), shifted(-1), shifted(1), shifted(2)];
  return Array.from(a!, (_, i) => (a![i]! - 8 * b![i]! + 8 * c![i]! - d![i]!) / (12 * step));
}

describe('differences of the reference', () => {
  const smooth = ELEMENTWISE.filter(({ jvp, name }) => jvp.kind !== 'zero' && !JUMPS.has(name));
  test.each(smooth.map((primitive) => [primitive.name, primitive] as const))('%s', (_, primitive) => {
    const samples = primitive.samples.filter(({ inputs, params: { newDtype = 'float32' } }) =>
      [...inputs.map(({ dtype }) => dtype), newDtype].every((dtype) => dtype === 'float32' || dtype === 'bool'));
    for (const { inputs: avals, params } of samples) {
      const [inputs] = fc.sample(arraysOf(avals, primitive.domain), { numRuns: 1, seed: 1 });
      avals.forEach(({ dtype, shape }, position) => {
        if (dtype !== 'float32') return;
        const seed = fromNumbers('float32', shape, [...inputs![position]!.data].map(() => 1));
        const actual = tangentOf(primitive, inputs!, position, seed, params);
        const expected = difference(primitive, inputs!, position, params);
        const columns = inputs!.map(({ data }) => data);
        expect(differences(actual.data, expected, columns, { relative: 2e-3, absolute: 2e-3 })).toEqual([]);
      });
    }
  });

  test('rem, max, min, clamp and abs away from their corners', () => {
    const at = (name: string, position: number, ...values: number[]): number => {
      const inputs = values.map((value) => fromNumbers('float32', [], [value]));
      return tangentOf(named(name), inputs, position, fromNumbers('float32', [], [1]), {}).data[0]!;
    };
    expect([at('rem', 0, 7.5, 2), at('rem', 1, 7.5, 2), at('rem', 1, -7.5, 2)]).toEqual([1, -3, 3]);
    expect([at('max', 0, 2, 1), at('max', 1, 2, 1), at('max', 0, 1, 1)]).toEqual([1, 0, 0.5]);
    expect([at('min', 0, 2, 1), at('min', 1, 2, 1), at('min', 1, 1, 1)]).toEqual([0, 1, 0.5]);
    expect([at('clamp', 0, 0, -1, 2), at('clamp', 2, 0, 3, 2)]).toEqual([1, 1]);
    expect([at('clamp', 1, 0, 1, 2), at('clamp', 1, 0, 3, 2)]).toEqual([1, 0]);
    expect([at('abs', 0, -3), at('abs', 0, 0)]).toEqual([-1, 1]);
  });
});
