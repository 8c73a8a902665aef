/** Laws that hold for every primitive, stated on the reference. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Jaxpr, Params } from '../../compiler/ir/jaxpr.ts';
import { insertAt, range } from '../../compiler/primitives/batching.ts';
import type { BatchAxis, Primitive, Sample } from '../../compiler/primitives/primitive.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { arraysOf, at, expectAllSame, expectSame } from './arrays.ts';
import { evaluateElements } from './expression-evaluator.ts';
import { property } from './property.ts';

export type Calls = fc.Arbitrary<Sample<Params>>;

/** Tests the laws of a primitive on its samples, and on calls drawn from `calls`. */
export function testLaws(primitive: Primitive, calls: Calls = fc.constantFrom(...primitive.samples)): void {
  const { name, domain, lowering, tolerance } = primitive;
  const withInputs = calls.chain((call) => arraysOf(call.inputs, domain).map((inputs) => ({ call, inputs })));
  describe(name, () => {
    property(`${name}: the type rule tells the actual shapes`, [withInputs], ({ call: { inputs: avals, params }, inputs }) => {
      const promised = primitive.type(avals, params);
      expect(primitive.reference(inputs, params, evaluate).map(typeOf)).toEqual(promised.map(typeOf));
    });

    if (lowering.kind === 'element') {
      property(`${name}: elements are those of the reference`, [withInputs], ({ call: { inputs: avals, params }, inputs }) => {
        expectAllSame(evaluateElements(primitive, avals, inputs, params), primitive.reference(inputs, params, evaluate));
      });
    }

    if (lowering.kind === 'composite') {
      property(`${name}: what it is composed of gives the reference`, [withInputs], ({ call: { inputs: avals, params }, inputs }) => {
        const o = new Builder();
        const operands = avals.map((type) => o.newVar(type));
        const composed = o.build([], operands, lowering.write(o, operands, params));
        const expected = primitive.reference(inputs, params, evaluate);
        evaluate(composed, inputs).forEach((result, i) => expectSame(result, expected[i]!, tolerance));
      });
    }

    if (primitive.samples.some(({ inputs }) => inputs.length > 0)) {
      test(`${name}: vmap is a loop on every sample, mapped in every way`, () => {
        for (const { inputs: avals, params } of primitive.samples) {
          const jaxpr = equationJaxpr(primitive, avals, params);
          for (const axes of axisChoices(avals)) {
            const [inputs] = fc.sample(arraysOf(mappedAvals(avals, axes, 2), domain), { numRuns: 1, seed: axes.length });
            vmapIsLoop(jaxpr, inputs!, axes, 2, tolerance);
          }
        }
      });

      property(`${name}: vmap is a loop`, [calls.chain((call) => mappedCall(call, domain))], ({ call, axes, size, inputs }) => {
        vmapIsLoop(equationJaxpr(primitive, call.inputs, call.params), inputs, axes, size, tolerance);
      });

      property(`${name}: vmap of vmap is a loop of loops`, [calls.chain((call) => twiceMapped(call, domain))], (drawn) => {
        const inner = batchJaxpr(equationJaxpr(primitive, drawn.call.inputs, drawn.call.params), 2, drawn.innerAxes).jaxpr;
        vmapIsLoop(inner, drawn.inputs, drawn.axes, 2, tolerance);
      });
    }
  });
}

function typeOf({ dtype, shape }: { readonly dtype: Aval['dtype']; readonly shape: readonly number[] }): string {
  return showAval({ dtype, shape, weak: false });
}

/** The jaxpr of one equation. */
export function equationJaxpr(primitive: Primitive, avals: readonly Aval[], params: Params): Jaxpr {
  const o = new Builder();
  const inputs = avals.map((type) => new Var(type));
  return o.build([], inputs, o.bind(primitive, inputs, params));
}

/** vmap of a jaxpr = the jaxpr on every row. */
export function vmapIsLoop(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  axes: readonly BatchAxis[],
  size: number,
  tolerance: number = 0,
): void {
  const mapped = batchJaxpr(jaxpr, size, axes);
  const actual = evaluate(mapped.jaxpr, inputs);
  expect(actual.map(typeOf)).toEqual(mapped.jaxpr.outputs.map(({ aval }) => typeOf(aval)));
  for (let row = 0; row < size; row++) {
    const expected = evaluate(jaxpr, inputs.map((input, i) => (axes[i] === null ? input : at(input, axes[i]!, row))));
    actual.forEach((array, i) => {
      const axis = mapped.outAxes[i]!;
      expectSame(axis === null ? array : at(array, axis, row), expected[i]!, tolerance);
    });
  }
}

/** Every choice of unmapped or a position for each operand, but for all unmapped. */
export function axisChoices(avals: readonly Aval[]): BatchAxis[][] {
  const choices = avals.reduce<BatchAxis[][]>(
    (chosen, { shape }) => chosen.flatMap((axes) => [null, ...range(shape.length + 1)].map((axis) => [...axes, axis])),
    [[]],
  );
  return choices.filter((axes) => axes.some((axis) => axis !== null));
}

/** The avals with mapped axes put in. */
export function mappedAvals(avals: readonly Aval[], axes: readonly BatchAxis[], size: number): Aval[] {
  return avals.map((type, i) => {
    const axis = axes[i] ?? null;
    return axis === null ? type : { ...type, shape: insertAt(type.shape, axis, size) };
  });
}

interface MappedCall {
  readonly call: Sample<Params>;
  readonly axes: readonly BatchAxis[];
  readonly size: number;
  readonly inputs: readonly HostArray[];
}

function axesFor(avals: readonly Aval[]): fc.Arbitrary<BatchAxis[]> {
  const choices = avals.map(({ shape }) => fc.constantFrom<BatchAxis>(null, ...range(shape.length + 1)));
  return fc.tuple(...choices).filter((axes) => axes.some((axis) => axis !== null));
}

function mappedCall(call: Sample<Params>, domain: Primitive['domain']): fc.Arbitrary<MappedCall> {
  return fc
    .tuple(axesFor(call.inputs), fc.integer({ min: 0, max: 3 }))
    .chain(([axes, size]) => {
      const inputs = arraysOf(mappedAvals(call.inputs, axes, size), domain);
      return inputs.map((arrays) => ({ call, axes, size, inputs: arrays }));
    });
}

interface TwiceMappedCall extends MappedCall {
  readonly innerAxes: readonly BatchAxis[];
}

function twiceMapped(call: Sample<Params>, domain: Primitive['domain']): fc.Arbitrary<TwiceMappedCall> {
  return axesFor(call.inputs).chain((innerAxes) => {
    const inner = { ...call, inputs: mappedAvals(call.inputs, innerAxes, 2) };
    return axesFor(inner.inputs).chain((axes) =>
      arraysOf(mappedAvals(inner.inputs, axes, 2), domain).map((inputs) => ({ call, innerAxes, axes, size: 2, inputs })),
    );
  });
}
