/** Derivatives of while: forward ones against difference quotients, linearization, and the error where there is none. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { isFloat } from '../../compiler/dtype.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { subJaxprs } from '../../compiler/ir/jaxpr.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { expectAllSame } from '../support/arrays.ts';
import { directions, expectAdjoint, expectFiniteDifferences, pushforward } from '../support/derivatives.ts';
import { float32, int32, jaxprOf } from '../support/jaxprs.ts';
import { vmapIsLoop } from '../support/laws.ts';
import { property } from '../support/property.ts';
import { whileOf } from '../support/while.ts';

const int = (value: number): HostArray => fromNumbers('int32', [], [value]);
const scalar = (value: number): HostArray => fromNumbers('float32', [], [value]);
const vector = (...values: number[]): HostArray => fromNumbers('float32', [values.length], values);

/** `(n, w, i, x, total)`: x becomes tanh(x . w), and total grows by the sum of its squares, n - i times. */
const recurrence = whileOf({
  types: [int32(), float32(3, 3), int32(), float32(3), float32()],
  consts: 2,
  condition: (o, n, _, i) => o.lt(i!, n!),
  body: (o, _, w, i, x, total) => {
    const y = o.tanh(o.dotGeneral(x!, w!, { dimensionNumbers: [[[0], [0]], [[], []]] }));
    return [o.add(i!, 1), y, o.add(total!, o.reduceSum(o.square(y), { axes: [0] }))];
  },
});
const weights = fromNumbers('float32', [3, 3], [0.5, -0.25, 1, 0.75, 0.25, -1, 0.5, 0.5, -0.25]);
const point = (n: number): HostArray[] => [int(n), weights, int(0), vector(0.5, -0.25, 1), scalar(0.25)];

/** `(a, x)`: Newton's method for the square root of a. */
const root = whileOf({
  types: [float32(), float32()],
  consts: 1,
  condition: (o, a, x) => o.gt(o.abs(o.sub(o.mul(x!, x!), a!)), 1e-3),
  body: (o, a, x) => [o.mul(o.add(x!, o.div(a!, x!)), 0.5)],
});

const floats = [float32(3, 3), float32(3), float32()];

describe('jvp', () => {
  property('is the difference quotient, for consts and carries together', [fc.nat(5), directions(floats)], (n, tangents) => {
    expectFiniteDifferences(recurrence, point(n), tangents);
  }, 30);

  test('of an iteration that ends when it has converged', () => {
    const [tangent] = pushforward(root, [scalar(2), scalar(1.5)], [scalar(1), scalar(0)]);
    expect(tangent!.data[0]).toBeCloseTo(1 / (2 * Math.SQRT2), 3);
    expectFiniteDifferences(root, [scalar(2), scalar(1.5)], [scalar(0.5), scalar(0.25)]);
  });

  test('a tangent reaches a carry through another, one round after the other', () => {
    const chain = whileOf({
      types: [float32(), int32(), float32(), float32(), float32()],
      consts: 1,
      condition: (o, _, i) => o.lt(i!, 4),
      body: (o, k, i, a, b, c) => [o.add(i!, 1), o.add(a!, b!), o.mul(b!, c!), o.mul(c!, k!)],
    });
    const flags = [true, false, false, false, false];
    expect(DERIVATIVE_PASSES.jvp(chain, flags).tangents).toEqual([false, true, true, true]);
    const inputs = [scalar(0.5), int(0), scalar(1), scalar(2), scalar(1.5)];
    expectFiniteDifferences(chain, inputs, [scalar(1), scalar(0), scalar(0), scalar(0)]);
  });

  test('carries that cannot move get no tangent, and with none the loop stays as it is', () => {
    const derived = DERIVATIVE_PASSES.jvp(recurrence, [false, false, false, false, true]);
    expect(derived.tangents).toEqual([false, false, true]);
    const still = jaxprOf([float32(), int32()], (o, limit, i) => {
      return o.inline(whileOf({
        types: [float32(), int32()],
        consts: 1,
        condition: (b, l, k) => b.lt(b.convertElementType(k!, { newDtype: 'float32', weakType: false }), l!),
        body: (b, _, k) => [b.add(k!, 1)],
      }), [limit!, i!]);
    });
    const unmoved = DERIVATIVE_PASSES.jvp(still, [true, false]);
    expect(unmoved.tangents).toEqual([false]);
    expect(unmoved.jaxpr.equations.map(({ primitive }) => primitive.name)).toEqual(['while']);
  });

  test('of a jvp: the second derivative of the square root', () => {
    const first = DERIVATIVE_PASSES.jvp(root, [true, false]).jaxpr;
    const second = DERIVATIVE_PASSES.jvp(first, [true, false, false]).jaxpr;
    verifyJaxpr(second);
    const results = evaluate(second, [scalar(2), scalar(1), scalar(1), scalar(1)]);
    expect(results.at(-1)!.data[0]).toBeCloseTo(-1 / (4 * 2 ** 1.5), 2);
  });

  test('under vmap, with lanes that stop one by one', () => {
    const { jaxpr } = DERIVATIVE_PASSES.jvp(root, [true, false]);
    vmapIsLoop(jaxpr, [vector(1, 2, 9, 100), scalar(1), scalar(1)], [0, null, null], 4, 1e-5);
    const mapped = batchJaxpr(root, 4, [0, null]).jaxpr;
    expectFiniteDifferences(mapped, [vector(1.5, 2, 9, 100), scalar(1)], [vector(1, 1, 1, 1), scalar(0)]);
  });
});

/** The operations of a jaxpr and of those in it, in no order. */
function operationsOf({ equations }: Jaxpr): string[] {
  return equations.flatMap((equation) => [equation.primitive.name, ...subJaxprs(equation).flatMap(operationsOf)]).sort();
}

describe('linearization', () => {
  test('computes before what does not depend on tangents, and the whole loop after', () => {
    const flags = [false, false, false, false, true];
    const { primal, linear } = linearizeJaxpr(recurrence, flags, [false, false, true]);
    expect(primal.equations.map(({ primitive }) => primitive.name)).toContain('while');
    verifyJaxpr(primal);
    verifyJaxpr(linear);
    const outputs = evaluate(primal, point(3));
    expectAllSame(outputs.slice(0, 3), evaluate(recurrence, point(3)), 1e-6);
    expectAllSame(evaluate(linear, [...outputs.slice(3), scalar(2)]), [scalar(2)], 1e-6);
  });

  test('the primal part is the loop itself once dead code is gone', () => {
    const { primal } = linearizeJaxpr(recurrence, [false, true, false, true, true], [false, true, true]);
    const kept = { ...primal, outputs: primal.outputs.slice(0, 3) };
    expect(operationsOf(optimize(kept))).toEqual(operationsOf(optimize(recurrence)));
  });

  test('a condition that depends on a tangent leaves the whole loop unknown', () => {
    const derived = DERIVATIVE_PASSES.jvp(root, [true, true]).jaxpr;
    const { known } = DERIVATIVE_PASSES.split(derived, [false, true, true, true]);
    expect(known.equations).toEqual([]);
  });
});

describe('transposition', () => {
  const error =
    '[DERIVATIVE] while: reverse-mode differentiation needs a number of iterations that is known beforehand: use lax.foriLoop ' +
    'with static bounds, or lax.scan\n  fix: lax.foriLoop(0, 10, (i, x) => body(x), init)';

  function transpose(jaxpr: Jaxpr, flags: readonly boolean[]): void {
    const { linear } = linearizeJaxpr(jaxpr, flags, jaxpr.outputs.map(({ aval }) => isFloat(aval.dtype)));
    const count = flags.filter(Boolean).length;
    const isTangent = linear.inputs.map((_, i) => i >= linear.inputs.length - count);
    DERIVATIVE_PASSES.transpose(linear, isTangent, linear.outputs.map(() => true));
  }

  test('is an error where a carry has a tangent', () => {
    expect(() => transpose(recurrence, [false, false, false, true, false])).toThrow(error);
    expect(() => transpose(root, [true, false])).toThrow(error);
  });

  test('is none where no carry has one', () => {
    const jaxpr = jaxprOf([float32(), float32(), float32()], (o, a, x, y) => {
      const [steps] = o.inline(whileOf({
        types: [float32(), int32()],
        consts: 1,
        condition: (b, limit, i) => b.lt(b.convertElementType(i!, { newDtype: 'float32', weakType: false }), limit!),
        body: (b, _, i) => [b.add(i!, 1)],
      }), [a!, o.literal(0, 'int32')]);
      return [o.mul(o.mul(x!, y!), o.convertElementType(steps!, { newDtype: 'float32', weakType: false }))];
    });
    expectAdjoint(jaxpr, [scalar(2.5), scalar(3), scalar(5)], [scalar(1), scalar(2), scalar(-1)], [scalar(1)]);
  });
});
