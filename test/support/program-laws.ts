/** What holds of every program: its text, its optimized form and what a device computes agree with the reference. */
import { expect } from 'vitest';
import { isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { equalJaxprs } from '../../compiler/ir/hash.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { runJaxpr } from '../../src/trace/execute.ts';
import { hostTensor } from '../../src/trace/literal.ts';
import type { Tensor } from '../../src/trace/tensor.ts';
import { expectSameBits } from './arrays.ts';
import type { RandomProgram } from './random-programs.ts';

/** Random programs are refused when errors of a device could move a result by more than this. */
const DEVICE_TOLERANCE = 1e-4;

/** parse(print(j)) equals j. */
export function textIsWhole(jaxpr: Jaxpr): void {
  const text = printJaxpr(jaxpr);
  const parsed = parseJaxpr(text);
  verifyJaxpr(parsed);
  expect(equalJaxprs(parsed, jaxpr), text).toBe(true);
  expect(printJaxpr(parsed)).toBe(text);
}

/** Optimizing keeps types and bits, and every pass on the way gives a well-formed jaxpr. */
export function optimizingIsIdentity({ jaxpr, inputs }: RandomProgram): void {
  const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between));
  expect(optimized.outputs.map(({ aval }) => showAval(aval))).toEqual(jaxpr.outputs.map(({ aval }) => showAval(aval)));
  const expected = evaluate(jaxpr, inputs);
  evaluate(optimized, inputs).forEach((array, i) => expectSameBits(array, expected[i]!));
}

/** What the device computes, as host arrays. */
export async function onDevice(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<HostArray[]> {
  return readAll(runJaxpr(jaxpr, inputs.map(({ data, shape, dtype }) => hostTensor(data, shape, dtype)), 'program'));
}

export async function readAll(tensors: readonly Tensor[]): Promise<HostArray[]> {
  return Promise.all(tensors.map(async (tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() })));
}

/** Equal types; integers equal; floats to what the errors of a device can do to a well-conditioned program. */
export function expectFromDevice(actual: readonly HostArray[], expected: readonly HostArray[]): void {
  expect(actual.map(({ dtype, shape }) => [dtype, shape])).toEqual(expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ dtype, data }, i) => {
    data.forEach((want, k) => {
      const got = actual[i]!.data[k]!;
      const error = isFloat(dtype) ? DEVICE_TOLERANCE * Math.max(1, Math.abs(want)) : 0;
      if (!(Math.abs(got - want) <= error)) expect.fail(`element ${k} of output ${i} is ${got}, expected ${want}`);
    });
  });
}
