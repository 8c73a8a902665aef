/**
 * Derivatives of jaxprs on host arrays, and the two laws that hold them against something else than themselves. All is evaluated in
 * double precision, which hides what float32 arithmetic adds, so that tolerances can be those of the rules.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import { allocate, inDoublePrecision, isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { hostArray } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { sizeOf } from '../../compiler/shape.ts';

/** In which inputs a jaxpr can be differentiated. */
export function floatInputs(jaxpr: Jaxpr): boolean[] {
  return jaxpr.inputs.map(({ aval }) => isFloat(aval.dtype));
}

/** A direction for each flagged input: small whole numbers, so that no product of few of them rounds. */
export function directions(avals: readonly Aval[]): fc.Arbitrary<HostArray[]> {
  return fc.tuple(
    ...avals.map(({ dtype, shape }) => {
      const size = sizeOf(shape);
      const element = fc.integer({ min: -4, max: 4 }).map((n) => n / 4);
      return fc.array(element, { minLength: size, maxLength: size }).map((values) => {
        const data = allocate(dtype, size);
        data.set(values);
        return hostArray(dtype, shape, data);
      });
    }),
  );
}

/** The tangents of the float outputs (zeros where there are none). */
export function pushforward(jaxpr: Jaxpr, inputs: readonly HostArray[], tangents: readonly HostArray[]): HostArray[] {
  const flags = floatInputs(jaxpr);
  const wanted = jaxpr.outputs.map(({ aval }) => isFloat(aval.dtype));
  const derived = DERIVATIVE_PASSES.jvp(jaxpr, flags, wanted);
  verifyJaxpr(derived.jaxpr);
  return inDoublePrecision(() => evaluate(derived.jaxpr, [...inputs, ...tangents]).slice(jaxpr.outputs.length));
}

/** The cotangents of the float inputs, by linearizing and transposing. */
export function pullback(jaxpr: Jaxpr, inputs: readonly HostArray[], cotangents: readonly HostArray[]): HostArray[] {
  const flags = floatInputs(jaxpr);
  const wanted = jaxpr.outputs.map(({ aval }) => isFloat(aval.dtype));
  const { primal, linear } = linearizeJaxpr(jaxpr, flags, wanted);
  verifyJaxpr(primal);
  verifyJaxpr(linear);
  const residuals = linear.inputs.length - flags.filter(Boolean).length;
  const isTangent = linear.inputs.map((_, i) => i >= residuals);
  const all = isTangent.filter(Boolean).map(() => true);
  const transposed = DERIVATIVE_PASSES.transpose(linear, isTangent, linear.outputs.map(() => true), all).jaxpr;
  verifyJaxpr(transposed);
  return inDoublePrecision(() => {
    const kept = evaluate(primal, inputs).slice(jaxpr.outputs.length);
    return evaluate(transposed, [...kept, ...cotangents]);
  });
}

/**
 * The difference quotient along a direction, of the float outputs, in double precision; NaN where the one from the left is not the one
 * from the right: there the function has a kink or a jump, and no derivative to compare with.
 */
export function differenceQuotient(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  tangents: readonly HostArray[],
  step: number = 1e-5,
): HostArray[] {
  const flags = floatInputs(jaxpr);
  const moved = (factor: number): HostArray[] => {
    let next = 0;
    const shifted = inputs.map((input, i) => (flags[i] ? along(input, tangents[next++]!, factor) : input));
    return evaluate(jaxpr, shifted).filter(({ dtype }) => isFloat(dtype));
  };
  return inDoublePrecision(() => {
    const [ahead, here, behind] = [moved(step), moved(0), moved(-step)];
    return here.map(({ dtype, shape, data }, i) => {
      const quotient = allocate(dtype, data.length);
      data.forEach((value, k) => {
        const [left, right] = [(value - behind[i]!.data[k]!) / step, (ahead[i]!.data[k]! - value) / step];
        quotient[k] = Math.abs(left - right) > 0.01 * Math.max(1, Math.abs(left), Math.abs(right)) ? NaN : (left + right) / 2;
      });
      return hostArray(dtype, shape, quotient);
    });
  });
}

function along(point: HostArray, direction: HostArray, factor: number): HostArray {
  const sum = allocate(point.dtype, point.data.length);
  point.data.forEach((value, k) => {
    sum[k] = value + factor * direction.data[k]!;
  });
  return hostArray(point.dtype, point.shape, sum);
}

/** jvp = the difference quotient, up to `tolerance` of the largest element; gives the number of elements that could be compared. */
export function expectFiniteDifferences(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  tangents: readonly HostArray[],
  tolerance: number = 1e-4,
): number {
  const wanted = differenceQuotient(jaxpr, inputs, tangents);
  const actual = pushforward(jaxpr, inputs, tangents);
  expect(actual.length).toBe(wanted.length);
  let compared = 0;
  wanted.forEach(({ data }, i) => {
    const smooth = data.filter((value) => !Number.isNaN(value));
    const scale = Math.max(1, ...smooth.map(Math.abs));
    compared += smooth.length;
    data.forEach((value, k) => {
      const found = actual[i]!.data[k]!;
      if (Number.isNaN(value) || Math.abs(found - value) <= tolerance * scale) return;
      expect.fail(`tangent ${i}, element ${k} is ${found}, the difference quotient is ${value}`);
    });
  });
  return compared;
}

/** <ct, jvp(t)> = <vjp(ct), t>. */
export function expectAdjoint(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  tangents: readonly HostArray[],
  cotangents: readonly HostArray[],
  tolerance = 1e-6,
): void {
  const pushed = pushforward(jaxpr, inputs, tangents);
  const pulled = pullback(jaxpr, inputs, cotangents);
  const [left, right] = [inner(cotangents, pushed), inner(pulled, tangents)];
  const scale = 1 + magnitude(cotangents, pushed);
  if (Math.abs(left - right) > tolerance * scale) expect.fail(`<ct, jvp t> = ${left}, <vjp ct, t> = ${right}`);
}

/** The sum of the products of corresponding elements. */
export function inner(a: readonly HostArray[], b: readonly HostArray[]): number {
  return products(a, b).reduce((sum, product) => sum + product, 0);
}

function magnitude(a: readonly HostArray[], b: readonly HostArray[]): number {
  return products(a, b).reduce((sum, product) => sum + Math.abs(product), 0);
}

function products(a: readonly HostArray[], b: readonly HostArray[]): number[] {
  return a.flatMap(({ data }, i) => Array.from(data, (value, k) => value * b[i]!.data[k]!));
}
