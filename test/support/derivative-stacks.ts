/**
 * Laws of stacks of transforms. A result counts as inconclusive where the reference in float32 and in float64 differ by more than the
 * tolerance: there the program itself magnifies rounding, or a decision flips.
 */
import { expect } from 'vitest';
import { allocate, inDoublePrecision, isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { Aval } from '../../compiler/ir/jaxpr.ts';
import { hostArray } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { jit, makeJaxpr } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import type { DrawnProgram } from '../../src/testing/arbitraries/programs.ts';
import { direction, stackOf } from '../../src/testing/arbitraries/stacks.ts';
import type { TensorFunction, TransformStack } from '../../src/testing/arbitraries/stacks.ts';
import { expectAdjoint, expectFiniteDifferences } from './derivatives.ts';
import { readAll } from './program-laws.ts';

const TOLERANCE = 1e-4;

export type Outcome = 'equal' | 'inconclusive';

export class Outcomes {
  total = 0;
  inconclusive = 0;

  add(outcome: Outcome): void {
    this.total++;
    if (outcome === 'inconclusive') this.inconclusive++;
  }
}

interface Traced {
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly HostArray[];
}

async function trace(f: TensorFunction, args: readonly Tensor[]): Promise<Traced> {
  const { jaxpr, consts } = makeJaxpr(f)(...args);
  const closed = new Jaxpr([], [...jaxpr.consts, ...jaxpr.inputs], jaxpr.equations, jaxpr.outputs);
  return { jaxpr: closed, inputs: await readAll([...consts, ...args]) };
}

/** jit and remat change nothing, vmap and scan are loops, under and over derivatives. */
export async function stackIsPlain({ f, args }: DrawnProgram, stack: TransformStack): Promise<Outcome> {
  const transformed = await trace(stack.apply(f), args);
  const plain = await trace(stack.plain(f), args);
  const exact = inDoublePrecision(() => evaluate(plain.jaxpr, plain.inputs));
  // In better arithmetic there is nothing to excuse.
  const twin = inDoublePrecision(() => evaluate(transformed.jaxpr, transformed.inputs));
  if (!isConclusive(exact, evaluate(plain.jaxpr, plain.inputs))) return 'inconclusive';
  expectNear(twin, exact, 1e-6, 'in float64');
  expectNear(evaluate(transformed.jaxpr, transformed.inputs), exact, 3 * TOLERANCE, 'in float32');
  return 'equal';
}

/** What a derivative in the stack makes of all that lies below it, against differences of that, untransformed. */
export async function derivativesAreDifferences({ f, args }: DrawnProgram, stack: TransformStack): Promise<void> {
  for (const [depth, name] of stack.names.entries()) {
    if (name !== 'grad' && name !== 'jvp') continue;
    const below = await trace(stackOf(stack.names.slice(0, depth)).plain(f), args);
    const consts = below.jaxpr.inputs.slice(0, below.inputs.length - args.length);
    const still = consts.filter(({ aval }) => isFloat(aval.dtype)).map(({ aval }) => numbers(aval, () => 0));
    const tangents = [...still, ...(await readAll(args.map(direction)))];
    expectFiniteDifferences(below.jaxpr, below.inputs, tangents, 2e-3);
    const cotangents = below.jaxpr.outputs.map(({ aval }) => numbers(aval, (k) => Math.cos(k)));
    expectAdjoint(below.jaxpr, below.inputs, tangents, cotangents);
  }
}

function numbers({ dtype, shape }: Aval, value: (k: number) => number): HostArray {
  return hostArray(dtype, shape, allocate(dtype, sizeOf(shape)).map((_, k) => value(k)));
}

/** The same, on a device: in one program, and eagerly. */
export async function devicesAgree({ f, args }: DrawnProgram, stack: TransformStack): Promise<Outcome> {
  const { jaxpr, inputs } = await trace(stack.plain(f), args);
  const single = evaluate(jaxpr, inputs);
  if (!isConclusive(inDoublePrecision(() => evaluate(jaxpr, inputs)), single)) return 'inconclusive';
  expectNear(await readAll(jit(stack.apply(f))(...args)), single, 5 * TOLERANCE, 'jitted, on the device');
  return 'equal';
}

function isConclusive(exact: readonly HostArray[], single: readonly HostArray[]): boolean {
  return exact.every(({ data }, i) => {
    const scale = scaleOf(data);
    return data.every((value, k) => Math.abs(value - single[i]!.data[k]!) <= TOLERANCE * scale);
  });
}

function expectNear(actual: readonly HostArray[], expected: readonly HostArray[], tolerance: number, what: string): void {
  expect(actual.map(({ dtype, shape }) => [dtype, shape])).toEqual(expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ data }, i) => {
    const scale = scaleOf(data);
    data.forEach((want, k) => {
      const got = actual[i]!.data[k]!;
      if (!(Math.abs(got - want) <= tolerance * scale)) expect.fail(`${what}: element ${k} of result ${i} is ${got}, expected ${want}`);
    });
  });
}

/** The largest element, and at least 1. */
function scaleOf(data: HostArray['data']): number {
  return Math.max(1, ...Array.from(data, Math.abs));
}
