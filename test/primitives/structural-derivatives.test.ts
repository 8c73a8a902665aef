import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Params } from '../../compiler/ir/jaxpr.ts';
import { CONTRACTIONS } from '../../compiler/primitives/contract.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { INDEXING } from '../../compiler/primitives/indexing.ts';
import { MOVEMENTS } from '../../compiler/primitives/movement.ts';
import { LinearOperand } from '../../compiler/primitives/primitive.ts';
import type { JvpRule, Primitive, Sample, Tangent } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { filled, fromNumbers } from '../../compiler/reference/arrays.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { arrayOf, arraysOf, expectSame } from '../support/arrays.ts';
import { property } from '../support/property.ts';

const LINEAR = [findPrimitive('reduce_sum')!, ...CONTRACTIONS, ...MOVEMENTS.filter(({ name }) => name !== 'iota'), ...INDEXING];

function floatSamples(primitive: Primitive): Sample<Params>[] {
  return primitive.samples.filter(({ inputs }) => inputs[0]!.dtype === 'float32');
}

function inner(a: HostArray, b: HostArray): number {
  return [...a.data].reduce((sum, value, i) => sum + value * b.data[i]!, 0);
}

/** The cotangent of one operand, by the transposition rule with all other operands known. */
function cotangentOf(
  primitive: Primitive,
  { inputs: avals, params }: Sample<Params>,
  operand: number,
  arrays: readonly HostArray[],
  ct: HostArray,
): HostArray {
  if (primitive.transpose.kind !== 'rule') throw new Error(`${primitive.name} is not linear`);
  const o = new Builder();
  const inputs = avals.map((type) => new Var(type));
  const cotangent = new Var(aval(ct.dtype, ct.shape));
  const operands = inputs.map((input, i): Atom | LinearOperand => (i === operand ? new LinearOperand(input.aval) : input));
  const pulled: readonly Tangent[] = primitive.transpose.cotangents(o, [cotangent], operands, params, DERIVATIVE_PASSES);
  const result = pulled[operand]!;
  expect(result.aval.shape).toEqual(avals[operand]!.shape);
  return evaluate(o.build([], [...inputs, cotangent], [result]), [...arrays, ct])[0]!;
}

/** dot_general is linear in each operand, the others in all together: there the other operands are zero. */
function asOther(primitive: Primitive, array: HostArray): HostArray {
  return primitive.name === 'dot_general' || !isFloat(array.dtype) ? array : filled(array.dtype, array.shape, 0);
}

describe('the transpose is the adjoint: <ct, f(x)> = <transpose(ct), x>', () => {
  for (const primitive of LINEAR) {
    const drawn = fc.constantFrom(...floatSamples(primitive)).chain((sample) => {
      const [output] = primitive.type(sample.inputs, sample.params);
      return fc.tuple(fc.constant(sample), arraysOf(sample.inputs, primitive.domain), arrayOf(output!, { low: -4, high: 4 }));
    });
    property(primitive.name, [drawn], ([sample, arrays, ct]) => {
      sample.inputs.forEach(({ dtype }, operand) => {
        if (!isFloat(dtype)) return;
        const others = arrays.map((array, i) => (i === operand ? array : asOther(primitive, array)));
        const known = primitive.name === 'gather' ? { ...sample, params: { ...sample.params, mode: 'clip' } } : sample;
        const [output] = primitive.reference(others, known.params, evaluate);
        const pulled = cotangentOf(primitive, known, operand, others, ct);
        expect(inner(pulled, others[operand]!)).toBeCloseTo(inner(ct, output!), 2);
      });
    });
  }
});

test('an element that fill made has no cotangent', () => {
  const gather = findPrimitive('gather')!;
  const sample = { inputs: [aval('float32', [3]), aval('int32', [4])], params: { axis: 0, mode: 'fill' } };
  const arrays = [fromNumbers('float32', [3], [1, 2, 3]), fromNumbers('int32', [4], [2, 7, -1, -9])];
  const ct = fromNumbers('float32', [4], [1, 10, 100, Infinity]);
  expectSame(cotangentOf(gather, sample, 0, arrays, ct), fromNumbers('float32', [3], [0, 0, 101]));
});

/** The tangent of the output, given those of the operands (null: none). */
function tangentOf(
  primitive: Primitive,
  { inputs: avals, params }: Sample<Params>,
  arrays: readonly HostArray[],
  tangents: readonly (HostArray | null)[],
): HostArray {
  const o = new Builder();
  const inputs = avals.map((type) => new Var(type));
  const given = avals.map((type, i) => (tangents[i] === null ? null : new Var(type)));
  const outputs = o.bind(primitive, inputs, params);
  const call = { inputs, outputs, params };
  const tangentBy = (rule: JvpRule<Params>): Atom => {
    if (rule.kind === 'rule') return rule.tangents(o, call, given)[0]!;
    if (rule.kind !== 'partials') throw new Error(`${primitive.name} has no rule`);
    const contributions = given.flatMap((each, i) => (each === null ? [] : [rule.partials[i]!(o, each, call)]));
    return contributions.reduce((a, b) => o.add(a, b));
  };
  const tangent = tangentBy(primitive.jvp);
  expect(tangent.aval.shape).toEqual(outputs[0]!.aval.shape);
  const bound = [...inputs, ...given.filter((each) => each !== null)];
  return evaluate(o.build([], bound, [tangent]), [...arrays, ...tangents.filter((each) => each !== null)])[0]!;
}

describe('tangents of the indexing primitives and dot_general are the primitive itself', () => {
  for (const primitive of [...CONTRACTIONS, ...INDEXING]) {
    const drawn = fc.constantFrom(...floatSamples(primitive)).chain((sample) =>
      fc.tuple(fc.constant(sample), arraysOf(sample.inputs, primitive.domain), arraysOf(sample.inputs, { low: -4, high: 4 })),
    );
    property(primitive.name, [drawn], ([sample, arrays, tangents]) => {
      sample.inputs.forEach(({ dtype }, operand) => {
        if (!isFloat(dtype)) return;
        const only = tangents.map((tangent, i) => (i === operand ? tangent : null));
        const others = arrays.map((array, i) => (i === operand ? tangents[i]! : asOther(primitive, array)));
        const [expected] = primitive.reference(others, sample.params, evaluate);
        const tangent = tangentOf(primitive, sample, arrays, only);
        expectSame(tangent, { ...expected!, data: expected!.data.map((value) => (Number.isNaN(value) ? 0 : value)) }, 1e-5);
      });
    });
  }
});

describe('gradients of reductions of a row, as in JAX', () => {
  const gradient = (name: string, row: readonly number[]): number[] =>
    row.map((_, element) => {
      const sample = { inputs: [aval('float32', [row.length])], params: { axes: [0] } };
      const unit = fromNumbers('float32', [row.length], row.map((__, i) => (i === element ? 1 : 0)));
      return tangentOf(findPrimitive(name)!, sample, [fromNumbers('float32', [row.length], row)], [unit]).data[0]!;
    });

  test.each([
    ['reduce_prod', [1, 2, 3, 4], [24, 12, 8, 6]],
    ['reduce_prod', [2, 0, 3, 4], [0, 24, 0, 0]],
    ['reduce_prod', [2, 0, 0, 4], [0, 0, 0, 0]],
    ['reduce_prod', [3, 1, 3, 1], [3, 9, 3, 9]],
    ['reduce_max', [3, 1, 3, 1], [0.5, 0, 0.5, 0]],
    ['reduce_max', [1, NaN, 3, 2], [NaN, NaN, NaN, NaN]],
    ['reduce_max', [-Infinity, -Infinity, -Infinity, -Infinity], [0.25, 0.25, 0.25, 0.25]],
    ['reduce_min', [3, 1, 3, 1], [0, 0.5, 0, 0.5]],
  ])('%s of %o', (name, row, expected) => {
    expect(gradient(name, row)).toEqual(expected);
  });
});

test('the tangent of a product over several axes', () => {
  const sample = { inputs: [aval('float32', [3, 2, 5])], params: { axes: [0, 2] } };
  const x = fromNumbers('float32', [3, 2, 5], Array.from({ length: 30 }, (_, i) => (i % 7) / 4 + 0.5));
  const tangent = fromNumbers('float32', [3, 2, 5], Array.from({ length: 30 }, (_, i) => (i % 3) - 1));
  const reduceProd = findPrimitive('reduce_prod')!;
  const [y] = reduceProd.reference([x], sample.params, evaluate);
  const dy = tangentOf(reduceProd, sample, [x], [tangent]);
  // Without zeros, dy / y is the sum of dx / x.
  [0, 1].forEach((row) => {
    const terms = Array.from({ length: 30 }, (_, i) => (Math.floor(i / 5) % 2 === row ? tangent.data[i]! / x.data[i]! : 0));
    expect(dy.data[row]! / y!.data[row]!).toBeCloseTo(terms.reduce((sum, term) => sum + term, 0), 4);
  });
});
