/** Laws of differentiation over every row of the primitive table: finite differences, the dot-product test, second order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Jaxpr, Params } from '../../compiler/ir/jaxpr.ts';
import { PRIMITIVES, findPrimitive } from '../../compiler/primitives/index.ts';
import type { Primitive, Sample } from '../../compiler/primitives/primitive.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { arraysOf } from '../support/arrays.ts';
import {
  differenceQuotient,
  directions,
  expectAdjoint,
  expectFiniteDifferences,
  floatInputs,
  inner,
  pullback,
} from '../support/derivatives.ts';
import { equationJaxpr } from '../support/laws.ts';
import { property } from '../support/property.ts';

interface Drawn {
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly HostArray[];
  readonly tangents: readonly HostArray[];
  readonly cotangents: readonly HostArray[];
}

function calls(primitive: Primitive, samples: readonly Sample<Params>[]): fc.Arbitrary<Drawn> {
  return fc.constantFrom(...samples).chain((sample) => {
    const jaxpr = equationJaxpr(primitive, sample.inputs, sample.params);
    const floats = jaxpr.inputs.filter((_, i) => floatInputs(jaxpr)[i]).map(({ aval }) => aval);
    const outputs = jaxpr.outputs.filter(({ aval }) => isFloat(aval.dtype)).map(({ aval }) => aval);
    return fc
      .tuple(arraysOf(sample.inputs, primitive.domain), directions(floats), directions(outputs))
      .map(([inputs, tangents, cotangents]) => ({ jaxpr, inputs: inputs.map(apart), tangents, cotangents }));
  });
}

/** Floats moved by different small amounts, so that there are no ties and nothing lies on a kink. */
function apart({ dtype, shape, data }: HostArray, operand: number): HostArray {
  if (!isFloat(dtype)) return { dtype, shape, data };
  return { dtype, shape, data: data.map((value, i) => value + 0.03 * Math.abs(Math.sin(1 + i + 7 * operand))) };
}

/** Only the vjp of a custom_vjp_call is known; it is held against difference quotients below. */
const differentiable = PRIMITIVES.filter(
  ({ name, jvp, lowering }) => jvp.kind !== 'zero' && lowering.kind !== 'none' && name !== 'custom_vjp_call',
);

/** Rows whose reference is itself an approximation, which differences magnify. */
const APPROXIMATE: ReadonlySet<string> = new Set(['erf_inv', 'digamma', 'lgamma']);

describe.each(differentiable.map((primitive) => [primitive.name, primitive] as const))('%s', (name, primitive) => {
  const samples = primitive.samples.filter(({ inputs, params }) => {
    const jaxpr = equationJaxpr(primitive, inputs, params);
    // Constants in rules are rounded to the operand's dtype: in float16 that is more than the tolerance.
    const half = inputs.some(({ dtype }) => dtype === 'float16');
    return !half && floatInputs(jaxpr).includes(true) && jaxpr.outputs.some(({ aval }) => isFloat(aval.dtype));
  });
  test(`${name} has differentiable samples`, () => {
    expect(samples.length).toBeGreaterThan(0);
  });
  if (samples.length === 0) return;
  const drawn = [calls(primitive, samples)] as [fc.Arbitrary<Drawn>];
  let compared = 0;
  property(`${name}: jvp equals the difference quotient`, drawn, ({ jaxpr, inputs, tangents }) => {
    compared += expectFiniteDifferences(jaxpr, inputs, tangents, APPROXIMATE.has(name) ? 3e-3 : 1e-4);
  }, 20);
  test(`${name}: most of it is smooth`, () => {
    expect(compared).toBeGreaterThan(0);
  });
  // Reverse mode through while is an error: see test/transforms/while.test.ts.
  if (name !== 'while') property(`${name}: vjp is the adjoint of jvp`, drawn, ({ jaxpr, inputs, tangents, cotangents }) => {
    expectAdjoint(jaxpr, inputs, tangents, cotangents);
  }, 20);
  property(`${name}: the jvp's own jvp equals its difference quotient`, drawn, ({ jaxpr, inputs, tangents }) => {
    const derived = DERIVATIVE_PASSES.jvp(jaxpr, floatInputs(jaxpr)).jaxpr;
    const still = tangents.map((tangent) => ({ ...tangent, data: tangent.data.map(() => 0.25) }));
    expectFiniteDifferences(derived, [...inputs, ...tangents], [...tangents, ...still], APPROXIMATE.has(name) ? 3e-3 : 1e-3);
  }, 10);
});

property(
  'custom_vjp_call: the vjp is the adjoint of the difference quotient',
  [calls(findPrimitive('custom_vjp_call')!, findPrimitive('custom_vjp_call')!.samples)],
  ({ jaxpr, inputs, tangents, cotangents }) => {
    const pushed = differenceQuotient(jaxpr, inputs, tangents);
    expect(inner(pullback(jaxpr, inputs, cotangents), tangents)).toBeCloseTo(inner(cotangents, pushed), 4);
  },
  20,
);
