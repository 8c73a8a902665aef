/** How many kernels well-known programs become. */
import { describe, expect, test } from 'vitest';
import { fuse } from '../../compiler/compile.ts';
import { kernelsOf } from '../../compiler/fuse/graph.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var, aval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';

/** The jaxpr of a function of float32 tensors. */
function trace(shapes: readonly (readonly number[])[], f: (o: Builder, ...inputs: Atom[]) => Atom | readonly Atom[]): Jaxpr {
  const o = new Builder();
  const inputs = shapes.map((shape) => new Var(aval('float32', shape)));
  const result = f(o, ...inputs);
  return o.build([], inputs, Array.isArray(result) ? result : [result as Atom]);
}

function labels(jaxpr: Jaxpr): string[] {
  return kernelsOf(fuse(jaxpr, DEFAULT_PROFILE).steps).map(({ label }) => label);
}

function rows(o: Builder, x: Atom, like: Atom): Atom {
  return o.broadcastInDim(x, { shape: like.aval.shape, broadcastDimensions: [0] });
}

function columns(o: Builder, x: Atom, like: Atom): Atom {
  return o.broadcastInDim(x, { shape: like.aval.shape, broadcastDimensions: [1] });
}

describe('kernel counts', () => {
  test('softmax is one', () => {
    const jaxpr = trace([[8, 100]], (o, x) => {
      const shifted = o.sub(x!, rows(o, o.reduceMax(x!, { axes: [1] }), x!));
      const e = o.exp(shifted);
      return o.div(e, rows(o, o.reduceSum(e, { axes: [1] }), e));
    });
    expect(labels(jaxpr)).toEqual(['reduce_max_sub_exp_reduce_sum_div']);
  });

  test('relu(x @ w + b) is one', () => {
    const jaxpr = trace([[8, 16], [16, 4], [4]], (o, x, w, b) => {
      const y = o.dotGeneral(x!, w!, { dimensionNumbers: [[[1], [0]], [[], []]] });
      return o.max(o.add(y, columns(o, b!, y)), 0);
    });
    expect(labels(jaxpr)).toEqual(['dot_general_add_max']);
  });

  test('layer norm is one', () => {
    const jaxpr = trace([[8, 32], [32], [32]], (o, x, scale, bias) => {
      const mean = o.div(o.reduceSum(x!, { axes: [1] }), 32);
      const centred = o.sub(x!, rows(o, mean, x!));
      const variance = o.div(o.reduceSum(o.square(centred), { axes: [1] }), 32);
      const normal = o.mul(centred, rows(o, o.rsqrt(o.add(variance, 1e-5)), x!));
      return o.add(o.mul(normal, columns(o, scale!, x!)), columns(o, bias!, x!));
    });
    expect(labels(jaxpr).length).toBe(1);
  });

  test('(a + b, a * b) is one', () => {
    expect(labels(trace([[5], [5]], (o, a, b) => [o.add(a!, b!), o.mul(a!, b!)]))).toEqual(['add_mul']);
  });

  test('sums of one operand over the same axes are one', () => {
    const jaxpr = trace([[8, 9]], (o, x) => [o.reduceSum(x!, { axes: [1] }), o.reduceSum(o.square(x!), { axes: [1] }), o.reduceMax(x!, { axes: [1] })]);
    expect(labels(jaxpr).length).toBe(1);
  });
});
