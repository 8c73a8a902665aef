/** Convolutions and pooling are one kernel each, with what comes after them, and store no windows. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, fuse } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Builder } from '../../compiler/ir/builder.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { ConvDimensions, ConvParams, WindowParams } from '../../compiler/primitives/operations.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { arraysOf, expectAllSame } from '../support/arrays.ts';
import { executeGraph } from '../support/execute-graph.ts';
import { along, float32, jaxprOf } from '../support/jaxprs.ts';
import { property } from '../support/property.ts';
import { convolutions, selections, windows } from '../support/windows.ts';

interface Fused {
  readonly labels: readonly string[];
  readonly temporaries: number;
}

function fused(jaxpr: Jaxpr): Fused {
  const { program: { kernels, buffers } } = compile(jaxpr, DEFAULT_PROFILE, 'convolution');
  return { labels: kernels.map(({ label }) => label), temporaries: buffers.filter(({ role }) => role === 'temporary').length };
}

const NHWC: ConvDimensions = [[0, 3, 1, 2], [3, 2, 0, 1], [0, 3, 1, 2]];
const NCHW: ConvDimensions = [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]];
const SAME: ConvParams = {
  windowStrides: [1, 1], padding: [[1, 1], [1, 1]], lhsDilation: [1, 1], rhsDilation: [1, 1],
  dimensionNumbers: NHWC, featureGroupCount: 1, batchGroupCount: 1,
};

function layer(o: Builder, [x, kernel, bias]: readonly Atom[], params: ConvParams): Atom {
  const y = o.convGeneralDilated(x!, kernel!, params);
  return o.max(o.add(y, along(o, params.dimensionNumbers[2][1]!, bias!, y)), 0);
}

describe('a convolution', () => {
  const shapes = [float32(8, 16, 16, 4), float32(3, 3, 4, 8), float32(8)];

  test('with bias and activation', () => {
    const jaxpr = jaxprOf(shapes, (o, ...operands) => layer(o, operands as Atom[], SAME));
    expect(fused(jaxpr)).toEqual({ labels: ['dot_general_add_max'], temporaries: 0 });
  });

  test('with strides and dilation', () => {
    const params = { ...SAME, windowStrides: [2, 2], rhsDilation: [2, 2] };
    const jaxpr = jaxprOf(shapes, (o, ...operands) => layer(o, operands as Atom[], params));
    expect(fused(jaxpr)).toEqual({ labels: ['dot_general_add_max'], temporaries: 0 });
  });

  test('with features before the spatial axes', () => {
    const planes = [float32(8, 4, 16, 16), float32(8, 4, 3, 3), float32(8)];
    const jaxpr = jaxprOf(planes, (o, ...operands) => layer(o, operands as Atom[], { ...SAME, dimensionNumbers: NCHW }));
    expect(fused(jaxpr)).toEqual({ labels: ['dot_general_add_max'], temporaries: 0 });
  });

  test('of groups', () => {
    const jaxpr = jaxprOf([shapes[0]!, float32(3, 3, 1, 8), shapes[2]!], (o, ...operands) =>
      layer(o, operands as Atom[], { ...SAME, featureGroupCount: 4 }),
    );
    expect(fused(jaxpr)).toEqual({ labels: ['dot_general_add_max'], temporaries: 0 });
  });

  test('and the gradient with respect to each operand', () => {
    const jaxpr = jaxprOf(shapes.slice(0, 2), (o, x, kernel) => o.convGeneralDilated(x!, kernel!, SAME));
    const pulled = (linear: readonly boolean[]): Jaxpr => DERIVATIVE_PASSES.transpose(jaxpr, linear, [true]).jaxpr;
    expect(fused(pulled([true, false]))).toEqual({ labels: ['dot_general'], temporaries: 0 });
    expect(fused(pulled([false, true]))).toEqual({ labels: ['dot_general'], temporaries: 0 });
  });
});

describe('pooling', () => {
  const PAIRS: WindowParams = {
    windowDimensions: [1, 2, 2, 1], windowStrides: [1, 2, 2, 1], padding: [[0, 0], [0, 0], [0, 0], [0, 0]],
    baseDilation: [1, 1, 1, 1], windowDilation: [1, 1, 1, 1],
  };

  test('is one kernel, with what comes before and after', () => {
    const jaxpr = jaxprOf([float32(8, 16, 16, 4)], (o, x) => o.tanh(o.reduceWindowMax(o.mul(x!, 2), PAIRS)));
    expect(fused(jaxpr)).toEqual({ labels: ['mul_reduce_max_tanh'], temporaries: 0 });
  });

  test('derivatives of maxima: which element is selected, then the sum over the windows that select it', () => {
    const jaxpr = jaxprOf([float32(8, 8, 8, 4), float32(8, 16, 16, 4)], (o, ct, x) =>
      o.selectAndScatterAdd(ct!, x!, { ...PAIRS, selectPrim: 'ge' }),
    );
    expect(fused(jaxpr)).toEqual({ labels: ['argmax', 'eq_select_n_reduce_sum'], temporaries: 1 });
  });
});

describe('kernels compute what the reference computes', () => {
  const inputsOf = (jaxpr: Jaxpr): fc.Arbitrary<HostArray[]> => {
    return arraysOf(jaxpr.inputs.map(({ aval: type }) => type), { low: -4, high: 4 });
  };
  const computed = (jaxpr: Jaxpr, inputs: readonly HostArray[]): void => {
    for (const software of [false, true]) {
      const graph = fuse(jaxpr, { ...DEFAULT_PROFILE, software });
      expectAllSame(executeGraph(graph, inputs), evaluate(jaxpr, inputs), 1e-5);
    }
  };

  const layers = convolutions.chain(({ inputs, params }) => {
    const conv = params as unknown as ConvParams;
    const features = inputs[1]!.shape[conv.dimensionNumbers[1][0]!]!;
    const jaxpr = jaxprOf([...inputs, float32(features)], (o, ...operands) => layer(o, operands, conv));
    return inputsOf(jaxpr).map((arrays) => ({ jaxpr, arrays }));
  });
  property('convolutions with bias and activation', [layers], ({ jaxpr, arrays }) => computed(jaxpr, arrays), 40);

  const pools = fc.tuple(windows, selections(true)).chain(([pool, selection]) => {
    const jaxpr = jaxprOf([...pool.inputs, ...selection.inputs], (o, x, ct, operand) => [
      o.mul(o.reduceWindowMax(o.neg(x!), pool.params as unknown as WindowParams), 2),
      o.selectAndScatterAdd(ct!, o.neg(operand!), selection.params as unknown as WindowParams & { selectPrim: 'ge' }),
    ]);
    return inputsOf(jaxpr).map((arrays) => ({ jaxpr, arrays }));
  });
  property('pooling with what comes before and after', [pools], ({ jaxpr, arrays }) => computed(jaxpr, arrays), 40);
});
