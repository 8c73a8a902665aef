/** Recurrent networks: what is left in the loop, forward and backward. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Jaxpr, subJaxprs } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Equation } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { expectClose } from '../support/close.ts';
import { float32, jaxprOf, linear, matmul } from '../support/jaxprs.ts';

interface Sizes {
  readonly steps: number;
  readonly rows: number;
  readonly inputs: number;
  readonly width: number;
}

/** The new state, from weights, the state and an input. */
type Cell = (o: Builder, weights: readonly Atom[], state: Atom, input: Atom) => Atom;

const simple: Cell = (o, [wx, wh, b], h, x) => o.tanh(o.add(linear(o, x, wx!, b!), matmul(o, h, wh!)));

/** As Flax's GRUCell, the weights of its gates side by side. */
const gated: Cell = (o, [wx, wh, b], h, x) => {
  const [rows, width] = h.aval.shape as [number, number];
  const [ofInput, ofState] = [linear(o, x, wx!, b!), matmul(o, h, wh!)];
  const gate = (values: Atom, i: number): Atom =>
    o.slice(values, { startIndices: [0, i * width], limitIndices: [rows, (i + 1) * width], strides: [1, 1] });
  const reset = o.logistic(o.add(gate(ofInput, 0), gate(ofState, 0)));
  const update = o.logistic(o.add(gate(ofInput, 1), gate(ofState, 1)));
  const candidate = o.tanh(o.add(gate(ofInput, 2), o.mul(reset, gate(ofState, 2))));
  return o.add(o.mul(o.sub(1, update), candidate), o.mul(update, h));
};

/** The squared distance of all states from targets; its inputs are the weights of the cell, the first state, the inputs, the targets. */
function lossOf(cell: Cell, gates: number, { steps, rows, inputs, width }: Sizes): Jaxpr {
  const weights = [float32(inputs, gates * width), float32(width, gates * width), float32(gates * width)];
  const step = (o: Builder, ...args: readonly Atom[]): Atom[] => {
    const next = cell(o, args.slice(0, 3), args[3]!, args[4]!);
    return [next, next];
  };
  const jaxpr = jaxprOf([...weights, float32(rows, width), float32(rows, inputs)], step);
  const types = [...weights, float32(rows, width), float32(steps, rows, inputs), float32(steps, rows, width)];
  return jaxprOf(types, (o, ...args) => {
    const params = { jaxpr, length: steps, reverse: false, numConsts: 3, numCarry: 1 };
    const [, states] = o.scan(...args.slice(0, 5), params) as readonly Atom[];
    return o.reduceSum(o.square(o.sub(states!, args[5]!)), { axes: [0, 1, 2] });
  });
}

/** The value and the gradients in the first inputs. */
function withGradients(jaxpr: Jaxpr, count: number): Jaxpr {
  const { primal, linear, residuals } = linearizeJaxpr(jaxpr, jaxpr.inputs.map((_, i) => i < count), [true]);
  const isTangent = linear.inputs.map((_, i) => i >= residuals.length);
  const transposed = DERIVATIVE_PASSES.transpose(linear, isTangent, [true], isTangent.filter(Boolean));
  const o = new Builder();
  const [value, ...known] = o.inline(primal, primal.inputs);
  const gradients = o.inline(transposed.jaxpr, [...known, o.literal(1, 'float32')]);
  return o.build([], primal.inputs, [value!, ...gradients]);
}

function contractionsIn({ equations }: Jaxpr): Equation[] {
  return equations.filter(({ primitive }) => primitive.name === 'dot_general');
}

/** The bodies of the scans, in order. */
function bodiesOf({ equations }: Jaxpr): Jaxpr[] {
  return equations.filter(({ primitive }) => primitive.name === 'scan').flatMap(subJaxprs);
}

const SIZES = { rows: 32, inputs: 64, width: 128 };

describe.each([['a simple network', simple, 1], ['a GRU', gated, 3]] as const)('%s', (_, cell, gates) => {
  const gradients = (steps: number): Jaxpr => optimize(withGradients(lossOf(cell, gates, { ...SIZES, steps }), 4));

  test('forward, only the state is multiplied in the loop, and all inputs by one contraction before it', () => {
    const optimized = optimize(lossOf(cell, gates, { ...SIZES, steps: 16 }));
    expect(bodiesOf(optimized).map((body) => contractionsIn(body).length)).toEqual([1]);
    expect(contractionsIn(optimized).map(({ outputs }) => outputs[0]!.aval.shape)).toEqual([[16, 32, gates * 128]]);
  });

  test('backward, only the cotangent of the state is, and no weight has its gradient summed there', () => {
    const optimized = gradients(16);
    expect(bodiesOf(optimized).map((body) => contractionsIn(body).length)).toEqual([1, 1]);
    const scans = optimized.equations.filter(({ primitive }) => primitive.name === 'scan');
    expect(scans.map(({ params }) => params['numCarry'])).toEqual([1, 1]);
    const sums = contractionsIn(optimized).map(({ outputs }) => sizeOf(outputs[0]!.aval.shape)).slice(1);
    expect(sums.sort((a, b) => a - b)).toEqual([64 * gates * 128, 128 * gates * 128]);
  });

  test('of gradients that nobody reads nothing is left', () => {
    const { consts, inputs, equations, outputs } = withGradients(lossOf(cell, gates, { ...SIZES, steps: 16 }), 4);
    const optimized = optimize(new Jaxpr(consts, inputs, equations, [outputs[0]!, outputs[2]!]));
    expect(contractionsIn(optimized).slice(1).map(({ outputs }) => sizeOf(outputs[0]!.aval.shape))).toEqual([128 * gates * 128]);
    expect(optimized.equations.filter(({ primitive }) => primitive.name === 'reduce_sum').length).toBe(1);
  });

  test('the kernels do not depend on the number of steps', () => {
    const kernels = [16, 256].map((steps) => compile(gradients(steps), DEFAULT_PROFILE, 'f').program.kernels.length);
    expect(kernels[1]).toBe(kernels[0]);
  });

  test('the gradients are those of the program as it was', () => {
    const program = withGradients(lossOf(cell, gates, { steps: 4, rows: 2, inputs: 3, width: 5 }), 4);
    verifyJaxpr(program);
    const inputs = program.inputs.map(({ aval: { dtype, shape } }: { readonly aval: Aval }, k) =>
      fromNumbers(dtype, shape, Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + 10 * k))),
    );
    const wanted = evaluate(program, inputs);
    evaluate(optimize(program), inputs).forEach((array, i) => expectClose(array, wanted[i]!, 1e-5));
  });
});
