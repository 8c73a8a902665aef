/** Derivatives as one program: reverse and forward, along one direction or all of them. */
import { Builder } from '../ir/builder.ts';
import { Jaxpr, Var } from '../ir/jaxpr.ts';
import type { Atom, Aval } from '../ir/jaxpr.ts';
import { sizeOf } from '../shape.ts';
import { derivativeJaxpr, linearizeJaxpr } from './linearize.ts';
import type { LinearizedJaxpr } from './linearize.ts';
import { DERIVATIVE_PASSES } from './passes.ts';
import { needed } from './split.ts';
import { batchJaxpr } from './vmap.ts';

/** Residuals, then cotangents of the linearized outputs, to cotangents of the linearized inputs. */
export function pullbackJaxpr({ linear, residuals }: LinearizedJaxpr): Jaxpr {
  const isTangent = linear.inputs.map((_, i) => i >= residuals.length);
  const all = linear.outputs.map(() => true);
  return DERIVATIVE_PASSES.transpose(linear, isTangent, all, linear.inputs.slice(residuals.length).map(() => true)).jaxpr;
}

/**
 * The inputs to the outputs, then the gradient of the first output, a float scalar, with respect to each of the flagged inputs.
 */
export function gradientJaxpr(jaxpr: Jaxpr, moving: readonly boolean[]): Jaxpr {
  const { aval } = jaxpr.outputs[0]!;
  const linearized = linearizeJaxpr(jaxpr, moving, jaxpr.outputs.map((_, i) => i === 0));
  const o = new Builder();
  const { inputs, outputs, residuals } = inlinePrimal(o, jaxpr, linearized);
  const gradients = o.inline(pullbackJaxpr(linearized), [...residuals, o.literal(1, aval.dtype, aval.weak)]);
  return o.build([], inputs, [...outputs, ...gradients]);
}

/**
 * The inputs to the outputs, then for each flagged output and, within it, each flagged input the derivatives, of the output's
 * shape and then the input's: by forward differentiation, mapped over the directions of all flagged inputs.
 */
export function forwardJacobian(jaxpr: Jaxpr, moving: readonly boolean[], smooth: readonly boolean[]): Jaxpr {
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }) => new Var(aval));
  const directions = inputs.filter((_, i) => moving[i] === true).map(({ aval }) => aval);
  const size = directions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { inputs: duals, equations, outputs } = derivativeJaxpr(jaxpr, moving, smooth);
  // The outputs are computed beside the mapped tangents, not among them, where some might come out mapped. What both share is merged.
  const wanted = outputs.slice(jaxpr.outputs.length);
  const tangents = new Jaxpr([], duals, needed(equations, wanted).live, wanted);
  const inAxes = duals.map((_, i) => (i < inputs.length ? null : 0));
  const mapped = batchJaxpr(tangents, size, inAxes, tangents.outputs.map(({ aval }) => aval.shape.length)).jaxpr;
  const results = o.inline(jaxpr, inputs);
  const columns = o.inline(mapped, [...inputs, ...standardBasis(o, directions, size)]);
  const derivatives = columns.flatMap((column) => {
    const outer = column.aval.shape.slice(0, -1);
    return parts(o, column, outer.length, directions).map((part, k) =>
      o.reshape(part, { newSizes: [...outer, ...directions[k]!.shape] }),
    );
  });
  return o.build([], inputs, [...results, ...derivatives]);
}

/** The same by reverse differentiation, mapped over the directions of all flagged outputs. */
export function reverseJacobian(jaxpr: Jaxpr, moving: readonly boolean[], smooth: readonly boolean[]): Jaxpr {
  const o = new Builder();
  const linearized = linearizeJaxpr(jaxpr, moving, smooth);
  const { inputs, outputs, residuals } = inlinePrimal(o, jaxpr, linearized);
  const directions = jaxpr.outputs.filter((_, i) => smooth[i] === true).map(({ aval }) => aval);
  const size = directions.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const pullback = pullbackJaxpr(linearized);
  const inAxes = pullback.inputs.map((_, i) => (i < residuals.length ? null : 0));
  const mapped = batchJaxpr(pullback, size, inAxes, pullback.outputs.map(() => 0)).jaxpr;
  const rows = o.inline(mapped, [...residuals, ...standardBasis(o, directions, size)]);
  const byInput = rows.map((row) =>
    parts(o, row, 0, directions).map((part, j) =>
      o.reshape(part, { newSizes: [...directions[j]!.shape, ...row.aval.shape.slice(1)] }),
    ),
  );
  return o.build([], inputs, [...outputs, ...directions.flatMap((_, j) => byInput.map((ofInput) => ofInput[j]!))]);
}

interface InlinedPrimal {
  readonly inputs: readonly Var[];
  readonly outputs: readonly Atom[];
  readonly residuals: readonly Atom[];
}

function inlinePrimal(o: Builder, { outputs }: Jaxpr, { primal }: LinearizedJaxpr): InlinedPrimal {
  const inputs = primal.inputs.map(({ aval }) => new Var(aval));
  const results = o.inline(primal, inputs);
  return { inputs, outputs: results.slice(0, outputs.length), residuals: results.slice(outputs.length) };
}

/** All directions in which the elements of these tensors can move, one after the other on a new leading axis. */
function standardBasis(o: Builder, avals: readonly Aval[], size: number): Atom[] {
  let offset = 0;
  return avals.map(({ dtype, shape, weak }) => {
    const columns = sizeOf(shape);
    const shapeOfBlock = [size, columns];
    const row = o.iota({ dtype: 'int32', shape: shapeOfBlock, dimension: 0 });
    const column = o.iota({ dtype: 'int32', shape: shapeOfBlock, dimension: 1 });
    const isOne = o.eq(row, o.add(column, offset));
    offset += columns;
    return o.reshape(o.convertElementType(isOne, { newDtype: dtype, weakType: weak }), { newSizes: [size, ...shape] });
  });
}

/** Cuts an axis in pieces of the sizes of these tensors. */
function parts(o: Builder, x: Atom, axis: number, avals: readonly Aval[]): Atom[] {
  if (avals.length === 1) return [x];
  let start = 0;
  return avals.map(({ shape }) => {
    const from = start;
    start += sizeOf(shape);
    const along = (value: number, others: readonly number[]): number[] => others.map((other, i) => (i === axis ? value : other));
    return o.slice(x, {
      startIndices: along(from, x.aval.shape.map(() => 0)),
      limitIndices: along(start, x.aval.shape),
      strides: x.aval.shape.map(() => 1),
    });
  });
}
