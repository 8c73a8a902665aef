/**
 * The law of the optimizer: the same bits, for ordinary and for wild inputs, after every exact pass and after all of them; with
 * the others the same numbers.
 */
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { DTYPES } from '../../compiler/dtype.ts';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { PASSES, optimize } from '../../compiler/optimize/pipeline.ts';
import { PRIMITIVES } from '../../compiler/primitives/index.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { expectSameBits } from '../support/arrays.ts';
import { expectClose } from '../support/close.ts';
import { property } from '../support/property.ts';
import { randomPrograms } from '../support/random-programs.ts';

const FLOATS = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -3, 65504, -1e-7];
const WILD: Readonly<Record<DType, readonly number[]>> = {
  float32: [...FLOATS, 3.4e38, 1.4e-45, 16777217],
  float16: FLOATS,
  int32: [0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31)],
  uint32: [0, 1, 7, 2 ** 31, 2 ** 32 - 1],
  bool: [0, 1],
};

/** The inputs with other elements: all values at which algebra goes wrong. */
function wild(inputs: readonly HostArray[], draw: number): HostArray[] {
  let next = draw;
  return inputs.map(({ dtype, shape, data }) => {
    const values = WILD[dtype];
    return fromNumbers(dtype, shape, Array.from(data, () => values[next++ % values.length]!));
  });
}

/** Checks that a transformed jaxpr keeps the types and, on some inputs, the bits of the original. */
function sameAs(original: Jaxpr, inputSets: readonly (readonly HostArray[])[]): (transformed: Jaxpr) => void {
  const types = original.outputs.map(({ aval }) => showAval(aval));
  const wanted = inputSets.map((inputs) => evaluate(original, inputs));
  return (transformed) => {
    if (transformed === original) return;
    verifyJaxpr(transformed);
    expect(transformed.outputs.map(({ aval }) => showAval(aval))).toEqual(types);
    inputSets.forEach((inputs, set) => {
      evaluate(transformed, inputs).forEach((array, i) => expectSameBits(array, wanted[set]![i]!));
    });
  };
}

const EXACT = PASSES.filter(({ exact }) => exact);

/** Without bitcasts, which tell one NaN from another. */
const primitives = PRIMITIVES.map(({ name }) => name).filter((name) => name !== 'bitcast_convert_type');
const PROGRAMS = randomPrograms({ dtypes: DTYPES, primitives });
const DRAW = fc.nat(100);

describe('on random programs', () => {
  property(
    'every exact pass by itself keeps types and bits, and its argument',
    [PROGRAMS, DRAW],
    ({ jaxpr, inputs }, draw) => {
      const before = printJaxpr(jaxpr);
      const check = sameAs(jaxpr, [inputs, wild(inputs, draw)]);
      for (const { run } of EXACT) check(run(jaxpr));
      expect(printJaxpr(jaxpr)).toBe(before);
    },
    300,
  );

  property(
    'all exact passes together keep types and bits, every one on the way is well-formed, and nothing is left to do',
    [PROGRAMS, DRAW],
    ({ jaxpr, inputs }, draw) => {
      const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between), EXACT);
      sameAs(jaxpr, [inputs, wild(inputs, draw)])(optimized);
      for (const { run } of EXACT) expect(run(optimized)).toBe(optimized);
    },
    300,
  );

  property(
    'optimize keeps types and, to the rounding of sums, results; every pass on the way is well-formed, and nothing is left to do',
    [PROGRAMS],
    ({ jaxpr, inputs }) => {
      const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between));
      expect(optimized.outputs.map(({ aval }) => showAval(aval))).toEqual(jaxpr.outputs.map(({ aval }) => showAval(aval)));
      const wanted = evaluate(jaxpr, inputs);
      evaluate(optimized, inputs).forEach((array, i) => expectClose(array, wanted[i]!, array.dtype === 'float16' ? 2e-2 : 1e-4));
      for (const { run } of PASSES) expect(run(optimized)).toBe(optimized);
    },
    300,
  );
});
