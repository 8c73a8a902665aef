/** How many kernels well-known programs become, and which. */
import { describe, expect, test } from 'vitest';
import { compile, fuse } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE, countDispatches } from '../../compiler/program.ts';
import { along, float32, int32, layerNorm, linear, matmul, moments, scanMlp, softmax, jaxprOf } from '../support/jaxprs.ts';

function labels(jaxpr: Jaxpr, maxStorageBuffersPerShaderStage: number = 8): string[] {
  return kernelsOf(fuse(jaxpr, { ...DEFAULT_PROFILE, maxStorageBuffersPerShaderStage }).steps).map(({ label }) => label);
}

describe('one kernel', () => {
  test('softmax', () => {
    expect(labels(jaxprOf([float32(8, 100)], (o, x) => softmax(o, x!)))).toEqual(['reduce_max_sub_exp_reduce_sum_div']);
  });

  test('relu(x @ w + b)', () => {
    const jaxpr = jaxprOf([float32(8, 16), float32(16, 4), float32(4)], (o, x, w, b) => o.max(linear(o, x!, w!, b!), 0));
    expect(labels(jaxpr)).toEqual(['dot_general_add_max']);
  });

  test('layer norm', () => {
    const jaxpr = jaxprOf([float32(8, 32), float32(32), float32(32)], (o, x, scale, bias) => layerNorm(o, x!, scale!, bias!));
    expect(labels(jaxpr)).toEqual(['reduce_sum_div_sub_square_add_rsqrt_mul']);
  });

  test('batch statistics and the tensor they normalise, over strided rows', () => {
    const jaxpr = jaxprOf([float32(64, 48)], (o, x) => {
      const [mean, variance] = moments(o, x!, 0);
      return [o.div(o.sub(x!, along(o, 1, mean, x!)), along(o, 1, o.sqrt(variance), x!)), mean, variance];
    });
    expect(labels(jaxpr).length).toBe(1);
  });

  test('a residual sum before a layer norm, itself a result', () => {
    const jaxpr = jaxprOf([float32(8, 32), float32(8, 32), float32(32)], (o, x, y, scale) => {
      const sum = o.add(x!, y!);
      return [sum, layerNorm(o, sum, scale!, scale!)];
    });
    expect(labels(jaxpr).length).toBe(1);
  });

  test('(a + b, a * b)', () => {
    expect(labels(jaxprOf([float32(5), float32(5)], (o, a, b) => [o.add(a!, b!), o.mul(a!, b!)]))).toEqual(['add_mul']);
  });

  test('sums of one tensor over the same axes', () => {
    const jaxpr = jaxprOf([float32(8, 9)], (o, x) => [
      o.reduceSum(x!, { axes: [1] }), o.reduceSum(o.square(x!), { axes: [1] }), o.argmax(x!, { axes: [1] }),
    ]);
    expect(labels(jaxpr).length).toBe(1);
  });

  test('small maps of one size that share nothing', () => {
    expect(labels(jaxprOf([float32(5), float32(5)], (o, a, b) => [o.exp(a!), o.sin(b!)]))).toEqual(['exp_sin']);
  });

  test('a contraction whose result is stored transposed', () => {
    const jaxpr = jaxprOf([float32(8, 16), float32(16, 4)], (o, x, w) => o.transpose(matmul(o, x!, w!), { permutation: [1, 0] }));
    expect(labels(jaxpr)).toEqual(['dot_general']);
  });

  test('views of an input', () => {
    const jaxpr = jaxprOf([float32(4, 6)], (o, x) => {
      const turned = o.reshape(o.transpose(x!, { permutation: [1, 0] }), { newSizes: [3, 8] });
      return o.slice(o.rev(turned, { dimensions: [1] }), { startIndices: [0, 1], limitIndices: [3, 8], strides: [1, 2] });
    });
    expect(labels(jaxpr)).toEqual(['copy']);
  });
});

describe('several kernels', () => {
  test('a contraction of a contraction', () => {
    const jaxpr = jaxprOf([float32(8, 8), float32(8, 8)], (o, x, w) => matmul(o, o.tanh(matmul(o, x!, w!)), w!));
    expect(labels(jaxpr)).toEqual(['dot_general_tanh', 'dot_general']);
  });

  test('a bias and an activation are stored by the contraction, whoever reads them', () => {
    const jaxpr = jaxprOf([float32(64, 64), float32(64, 64), float32(64)], (o, x, w, b) => {
      const h = o.tanh(linear(o, x!, w!, b!));
      return [matmul(o, h, w!), o.reduceSum(h, { axes: [0] }), o.reduceMax(h, { axes: [1] })];
    });
    expect(labels(jaxpr)).toEqual(['dot_general_add_tanh', 'dot_general', 'reduce_sum', 'reduce_max']);
  });

  test('a heavy value is stored for many readers, and computed in place for few', () => {
    const read = (columns: number): Jaxpr =>
      jaxprOf([float32(512), float32(512, columns)], (o, x, y) => o.mul(y!, along(o, 0, o.lgamma(o.digamma(o.erfInv(x!))), y!)));
    expect(labels(read(4))).toEqual(['erf_inv_digamma_lgamma_mul']);
    expect(labels(read(8192))).toEqual(['erf_inv_digamma_lgamma', 'mul']);
  });

  test('a long sum is taken in two levels', () => {
    expect(labels(jaxprOf([float32(1 << 20)], (o, x) => o.reduceSum(x!, { axes: [0] })))).toEqual(['reduce_sum', 'reduce_sum']);
  });
});

describe('loops', () => {
  test('the tiny NNX: two kernels a layer, three with eight buffers a kernel', () => {
    expect(labels(scanMlp(2, 10, 4), 10).length).toBe(3);
    expect(labels(scanMlp(2, 10, 4)).length).toBe(4);
    expect(labels(scanMlp(256, 64, 4), 10).length).toBe(3);
  });

  test('the kernels do not depend on the trip count', () => {
    const [short, long] = [4, 49].map((layers) => compile(scanMlp(2, 10, layers), DEFAULT_PROFILE, 'f').program);
    expect(long!.kernels.length).toBe(short!.kernels.length);
    expect(countDispatches(long!.steps) - 1).toBe(((countDispatches(short!.steps) - 1) / 4) * 49);
  });

  test('what does not change in a loop stands before it', () => {
    const body = jaxprOf([float32(64, 64), float32(64, 64)], (o, w, x) => matmul(o, x!, matmul(o, w!, w!)));
    const jaxpr = jaxprOf([float32(64, 64), float32(64, 64)], (o, w, x) =>
      o.scan(w!, x!, { jaxpr: body, length: 5, reverse: false, numConsts: 1, numCarry: 1 }),
    );
    const { steps } = fuse(jaxpr, { ...DEFAULT_PROFILE, software: true });
    expect(steps.map(({ kind }) => kind)).toEqual(['kernel', 'loop']);
  });

  test('carries handed on, slices handed on and constants stacked cost no kernel in the loop', () => {
    const body = jaxprOf([float32(3), float32(3), float32(3)], (o, w, x, slice) => [o.add(x!, slice!), slice!, w!]);
    const jaxpr = jaxprOf([float32(3), float32(3), float32(5, 3)], (o, w, x, xs) =>
      o.scan(w!, x!, xs!, { jaxpr: body, length: 5, reverse: true, numConsts: 1, numCarry: 1 }),
    );
    const graph = fuse(jaxpr, DEFAULT_PROFILE);
    expect(kernelsOf(graph.steps).map(({ label }) => label).sort()).toEqual(['copy', 'scan_add']);
    expect(graph.outputs[1]).toBe(graph.inputs[2]);
  });
});

describe('branches', () => {
  const types = [int32(), float32(64, 64)];

  test('cheap ones are computed and selected', () => {
    const branches = [jaxprOf([types[1]!], (o, x) => o.neg(x!)), jaxprOf([types[1]!], (o, x) => o.exp(x!))];
    expect(labels(jaxprOf(types, (o, i, x) => o.cond(i!, x!, { branches })))).toEqual(['ge_neg_exp_select_n']);
  });

  test('others are guarded, and write the same buffer', () => {
    const branches = [jaxprOf([types[1]!], (o, x) => matmul(o, x!, x!)), jaxprOf([types[1]!], (o, x) => o.exp(x!))];
    const { steps } = fuse(jaxprOf(types, (o, i, x) => o.cond(i!, x!, { branches })), DEFAULT_PROFILE);
    const kernels = kernelsOf(steps);
    const guards = kernels.map(({ label, guard }) => [label, guard?.branch]);
    expect(guards).toEqual([['clamp', undefined], ['dot_general', 0], ['exp', 1]]);
    const written = kernels.slice(1).map((kernel) => ('stores' in kernel ? kernel.stores.map(({ buffer }) => buffer) : []));
    expect(written[0]).toEqual(written[1]);
  });
});
