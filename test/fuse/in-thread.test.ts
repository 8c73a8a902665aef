/** Scans that one kernel runs, each of its threads all steps: which are, which are not and why, and what they compute. */
import { describe, expect, test } from 'vitest';
import { compile, fuse } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import type { Builder } from '../../compiler/ir/builder.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval, Jaxpr, Var } from '../../compiler/ir/jaxpr.ts';
import { optimize } from '../../compiler/optimize/pipeline.ts';
import { countDispatches } from '../../compiler/program.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { linearizeJaxpr } from '../../compiler/transforms/linearize.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { float32, int32, jaxprOf, matmul } from '../support/jaxprs.ts';
import { expectFromDevice } from '../support/program-laws.ts';
import { property } from '../support/property.ts';
import { SOFTWARE } from '../support/kernels.ts';
import { laneLocal } from '../support/lane-local.ts';

interface Scan {
  readonly consts?: readonly Aval[];
  readonly carries: readonly Aval[];
  readonly xs?: readonly Aval[];
  readonly length?: number;
  readonly reverse?: boolean;
}

/** A program that is one scan, of types without the axis of the steps. */
function scanOf(scan: Scan, step: (o: Builder, ...inputs: Var[]) => Atom | readonly Atom[]): Jaxpr {
  const { consts = [], carries, xs = [], length = 5, reverse = false } = scan;
  const stacked = xs.map(({ dtype, shape }) => aval(dtype, [length, ...shape]));
  const params = { jaxpr: jaxprOf([...consts, ...carries, ...xs], step), length, reverse };
  return jaxprOf([...consts, ...carries, ...stacked], (o, ...inputs) => {
    return o.scan(...inputs, { ...params, numConsts: consts.length, numCarry: carries.length });
  });
}

/** How the loops of the program run, in its order. */
function lowered(jaxpr: Jaxpr, maxStorageBuffersPerShaderStage: number = 8): string[] {
  const { lowerings } = fuse(jaxpr, { ...SOFTWARE, maxStorageBuffersPerShaderStage });
  return lowerings.map(({ primitive, chosen, reason }) => `${primitive} ${chosen}: ${reason}`);
}

const IN_THREAD = 'scan in-thread: each element of [6] depends on the carries at its own index only';

describe('a thread takes all steps', () => {
  test('of a leaky integrator, in one kernel and one dispatch', () => {
    const jaxpr = scanOf({ carries: [float32(6)], xs: [float32(6)] }, (o, h, x) => {
      const next = o.add(o.mul(h!, 0.9), x!);
      return [next, o.tanh(next)];
    });
    expect(lowered(jaxpr)).toEqual([IN_THREAD]);
    const { program, graph } = compile(jaxpr, SOFTWARE, 'f');
    expect(kernelsOf(graph.steps).map(({ kind, label }) => [kind, label])).toEqual([['scan', 'scan_mul_add_tanh']]);
    expect(countDispatches(program.steps)).toBe(1);
    expect(program.buffers.map(({ role }) => role)).toEqual(['input', 'input', 'output', 'output']);
  });

  test('with several carries, a counter, consts that are gathered from, and slices that nothing stores', () => {
    const carries = [float32(6), int32(), aval('bool', [6]), float32(2, 3)];
    const jaxpr = scanOf({ consts: [float32(9)], carries, xs: [float32(6)], reverse: true }, (o, table, h, i, on, g, x) => {
      const looked = o.dynamicSlice(table!, i!, { sliceSizes: [1] });
      const next = o.selectN(on!, x!, o.add(h!, o.reshape(g!, { newSizes: [6] })));
      const wide = o.broadcastInDim(o.reshape(looked, { newSizes: [] }), { shape: [2, 3], broadcastDimensions: [] });
      return [next, o.add(i!, 1), o.gt(next, h!), o.mul(g!, wide), next, i!];
    });
    expect(lowered(jaxpr, 20)).toEqual([IN_THREAD]);
  });

  test('with initial values and slices that are computed where they are read', () => {
    const body = jaxprOf([float32(6), float32(6)], (o, h, x) => [o.add(h!, x!), h!]);
    const jaxpr = jaxprOf([float32(6, 5)], (o, x) => {
      const xs = o.exp(o.transpose(x!, { permutation: [1, 0] }));
      return o.scan(o.full(0, float32(6)), xs, { jaxpr: body, length: 5, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expect(kernelsOf(fuse(jaxpr, SOFTWARE).steps).map(({ label }) => label)).toEqual(['scan_exp_add']);
  });

  test('of a scan within a scan, whose own kernel is dispatched in every step', () => {
    const inner = jaxprOf([float32(6)], (o, h) => o.sin(h!));
    const jaxpr = scanOf({ carries: [float32(6)], xs: [float32(6)] }, (o, h, x) => {
      return o.scan(o.add(h!, x!), { jaxpr: inner, length: 3, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expect(lowered(jaxpr)).toEqual(['scan encoded: a step holds a scan', IN_THREAD]);
    expect(countDispatches(compile(jaxpr, SOFTWARE, 'f').program.steps)).toBe(5);
  });

  test('of a scan in a branch, under the guard of the branch', () => {
    const body = jaxprOf([float32(6)], (o, h) => o.sin(h!));
    const params = { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 1 };
    const looping = jaxprOf([float32(6)], (o, h) => o.scan(h!, params));
    const branches = [looping, jaxprOf([float32(6)], (o, h) => o.neg(h!))];
    const jaxpr = jaxprOf([int32(), float32(6)], (o, i, h) => o.cond(i!, h!, { branches }));
    expect(lowered(jaxpr)).toEqual([IN_THREAD]);
    const guards = kernelsOf(fuse(jaxpr, SOFTWARE).steps).map(({ label, guard }) => [label, guard?.branch]);
    expect(guards).toEqual([['clamp', undefined], ['scan_sin', 0], ['neg', 1]]);
  });
});

test('the derivative of a leaky integrator is one kernel of all steps forwards, and one backwards', () => {
  const body = jaxprOf([float32(), float32(6), float32(6)], (o, decay, h, x) => {
    const next = o.tanh(o.add(o.mul(h!, decay!), x!));
    return [next, next];
  });
  const jaxpr = jaxprOf([float32(), float32(5, 6)], (o, decay, xs) => {
    const params = { jaxpr: body, length: 5, reverse: false, numConsts: 1, numCarry: 1 };
    return (o.scan(decay!, o.full(0, float32(6)), xs!, params) as readonly Atom[])[1]!;
  });
  const { primal, linear } = linearizeJaxpr(jaxpr, [true, true], [true]);
  const tangents = linear.inputs.map((_, i) => i >= linear.inputs.length - 2);
  const backwards = DERIVATIVE_PASSES.transpose(linear, tangents, [true], [true, true]).jaxpr;
  for (const half of [primal, backwards]) {
    const graph = fuse(optimize(half), SOFTWARE);
    expect(graph.lowerings.map(({ chosen }) => chosen)).toEqual(['in-thread']);
    expect(kernelsOf(graph.steps).filter(({ kind }) => kind === 'scan').length).toBe(1);
  }
});

test('steps without carries have a thread each', () => {
  const jaxpr = scanOf({ carries: [], xs: [float32(6)] }, (o, x) => o.exp(x!));
  expect(lowered(jaxpr)).toEqual(['scan parallel: no step reads what another one computes']);
  expect(kernelsOf(fuse(jaxpr, SOFTWARE).steps).map(({ kind, label }) => [kind, label])).toEqual([['map', 'exp']]);
});

test('a loop whose results nobody reads is no kernel', () => {
  const body = jaxprOf([float32(6)], (o, h) => o.sin(h!));
  const jaxpr = jaxprOf([float32(6)], (o, h) => {
    o.scan(h!, { jaxpr: body, length: 3, reverse: false, numConsts: 0, numCarry: 1 });
    return h!;
  });
  expect(fuse(jaxpr, SOFTWARE).steps).toEqual([]);
});

describe('the kernels of the body are dispatched in every step', () => {
  test('when a carry goes through a reduction or a contraction', () => {
    const types = { consts: [float32(6, 6)], carries: [int32(), float32(1, 6)] };
    const dense = scanOf(types, (o, w, i, h) => [o.add(i!, 1), matmul(o, h!, w!)]);
    expect(lowered(dense)).toEqual(['scan encoded: carry 1 goes through dot_general']);
    const summed = scanOf({ carries: [float32()], xs: [float32(6)] }, (o, h, x) => o.add(h!, o.reduceSum(x!, { axes: [0] })));
    expect(lowered(summed)).toEqual(['scan encoded: a step computes reduce_sum']);
  });

  test('when an element of a carry needs its neighbour, or all of them the first', () => {
    const turned = scanOf({ carries: [float32(6)] }, (o, h) => o.rev(h!, { dimensions: [0] }));
    expect(lowered(turned)).toEqual(['scan encoded: an element of carry 0 is read for another element']);
    const first = scanOf({ carries: [float32(6), float32()] }, (o, h, s) => {
      const head = o.slice(h!, { startIndices: [0], limitIndices: [1], strides: [1] });
      return [o.neg(h!), o.add(s!, o.reshape(head, { newSizes: [] }))];
    });
    expect(lowered(first)).toEqual(['scan encoded: an element of carry 0 is read for another element']);
  });

  test('when carries have different sizes', () => {
    const jaxpr = scanOf({ carries: [float32(6), float32(3)] }, (o, h, g) => [o.neg(h!), o.neg(g!)]);
    expect(lowered(jaxpr)).toEqual(['scan encoded: a step computes both [6] and [3]']);
  });

  test('when one kernel cannot have all buffers', () => {
    const carries = Array.from({ length: 5 }, () => float32(6));
    const jaxpr = scanOf({ carries }, (o, ...hs) => hs.map((h) => o.sin(h)));
    expect(lowered(jaxpr)).toEqual(['scan encoded: one kernel would need more than 8 buffers']);
    expect(lowered(jaxpr, 10)).toEqual([IN_THREAD]);
  });

  test('but first slices are stored that many buffers are read for', () => {
    const body = jaxprOf([float32(6), float32(6)], (o, h, x) => o.add(h!, x!));
    const jaxpr = jaxprOf([float32(6), ...Array.from({ length: 7 }, () => float32(5, 6))], (o, h, ...xs) => {
      const sum = xs.reduce<Atom>((total, x) => o.add(total, x), xs[0]!);
      return o.scan(h!, sum, { jaxpr: body, length: 5, reverse: false, numConsts: 0, numCarry: 1 });
    });
    expect(lowered(jaxpr)).toEqual([IN_THREAD]);
    expect(kernelsOf(fuse(jaxpr, SOFTWARE).steps).length).toBe(2);
  });
});

property('scans of elementwise bodies compute what the reference computes', [laneLocal], ({ jaxpr, inputs }) => {
  expectFromDevice(executeGraph(fuse(jaxpr, SOFTWARE), inputs), evaluate(jaxpr, inputs));
}, 200);
