/**
 * shear: the view of which windows are made. Position `k` within a window moves what is read along another axis, so that a
 * convolution is a contraction, and a reduction of windows a reduction, of operands that are never stored.
 */
import type { HostArray } from '../../dtype.ts';
import { HeddleError } from '../../errors.ts';
import { aval } from '../../ir/jaxpr.ts';
import { filled, offsets } from '../../reference/arrays.ts';
import { constantExpr, selectExpr } from '../../scalar/expression.ts';
import type { Expr, Value } from '../../scalar/expression.ts';
import { add, constant, divide, modulo, scale, sum } from '../../scalar/indices.ts';
import type { Index } from '../../scalar/indices.ts';
import { both, masked, within } from '../../scalar/predicates.ts';
import type { Shape } from '../../shape.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import { batchSole, batched, besideMapped } from '../batching.ts';
import { expectAxes, expectExtents, soleOperand } from '../checks.ts';
import { transposeFirst } from '../linear.ts';
import type { Shear } from '../operations.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';

function replaced(shape: Shape, axis: number, extent: number): number[] {
  return shape.map((own, other) => (other === axis ? extent : own));
}

function shear(x: HostArray, { axis, windowAxis, size, stride, windowDilation, low, baseDilation, fill }: Shear): HostArray {
  const result = filled(x.dtype, replaced(x.shape, axis, size), fill);
  const [from, to] = [stridesOf(x.shape), stridesOf(result.shape)];
  const others = replaced(replaced(x.shape, axis, 1), windowAxis, 1);
  const [sources, targets] = [offsets(others, from), offsets(others, to)];
  for (let k = 0; k < x.shape[windowAxis]!; k++) {
    for (let i = 0; i < size; i++) {
      const source = (i * stride + k * windowDilation - low) / baseDilation;
      if (!Number.isInteger(source) || source < 0 || source >= x.shape[axis]!) continue;
      const [read, written] = [source * from[axis]! + k * from[windowAxis]!, i * to[axis]! + k * to[windowAxis]!];
      for (let j = 0; j < sources.length; j++) result.data[targets[j]! + written] = x.data[sources[j]! + read]!;
    }
  }
  return result;
}

function shearElement(x: Value, params: Shear, indices: readonly Index[]): Expr {
  const { axis, windowAxis, stride, windowDilation, low, baseDilation, fill } = params;
  const { dtype, shape } = x.aval;
  const filling = constantExpr(dtype, fill);
  if (sizeOf(shape) === 0) return filling;
  const position = sum([scale(indices[axis]!, stride), scale(indices[windowAxis]!, windowDilation)]);
  const spread = add(position, constant(-low));
  const source = divide(spread, baseDilation);
  const extent = shape[axis]!;
  const inside = both(within(source, extent), within(modulo(spread, baseDilation), 1));
  const safe = masked(source, inside, extent);
  return selectExpr(inside, x.at(indices.map((index, other) => (other === axis ? safe : index))), filling);
}

function expectShear(shape: Shape, { axis, windowAxis, size, stride, baseDilation, windowDilation, low }: Shear): void {
  expectAxes('shear', [axis, windowAxis].sort((a, b) => a - b), shape.length);
  expectExtents('shear', 'size', [size]);
  const steps = [stride, baseDilation, windowDilation, low];
  if (steps.every(Number.isInteger) && stride >= 1 && baseDilation >= 1) return;
  throw new HeddleError('IR_TYPE', `shear: ${steps.join(', ')} are no steps: whole numbers, stride and base dilation from 1`);
}

export const shearPrimitive: Primitive = definePrimitive<Shear>({
  name: 'shear',
  doc: 'Element (i, k) along axis and windowAxis is (i * stride + k * windowDilation - low) / baseDilation, k; else fill.',
  type(inputs, params) {
    const operand = soleOperand('shear', inputs);
    expectShear(operand.shape, params);
    return [{ ...operand, shape: replaced(operand.shape, params.axis, params.size) }];
  },
  reference: ([x], params) => [shear(x!, params)],
  lowering: { kind: 'element', view: true, at: ([x], params) => [(indices) => shearElement(x!, params, indices)] },
  jvp: { kind: 'partials', partials: [(o, tangent, { params }) => o.shear(tangent, { ...params, fill: 0 })] },
  transpose: transposeFirst((o, cotangent, { shape }, { stride, windowDilation, low, baseDilation, ...axes }) =>
    o.shear(cotangent, {
      ...axes,
      size: shape[axes.axis]!,
      stride: baseDilation,
      // 0 - x, because -x of 0 is -0, which prints otherwise.
      windowDilation: 0 - windowDilation,
      low: 0 - low,
      baseDilation: stride,
    }),
  ),
  batch: batchSole((o, x, mapped, { axis, windowAxis, ...steps }) => {
    const axes = { axis: besideMapped(axis, mapped), windowAxis: besideMapped(windowAxis, mapped) };
    return batched(o.shear(x, { ...axes, ...steps }), mapped);
  }),
  samples: [
    {
      inputs: [aval('float32', [5, 2])],
      params: { axis: 0, windowAxis: 1, size: 4, stride: 1, windowDilation: 1, low: 0, baseDilation: 1, fill: 0 },
    },
    {
      inputs: [aval('float32', [2, 3, 4])],
      params: { axis: 2, windowAxis: 1, size: 5, stride: 2, windowDilation: -3, low: -1, baseDilation: 2, fill: 0 },
    },
    {
      inputs: [aval('int32', [3, 4])],
      params: { axis: 1, windowAxis: 0, size: 4, stride: 3, windowDilation: 2, low: 2, baseDilation: 1, fill: -7 },
    },
  ],
  domain: { low: -8, high: 8 },
  tolerance: 0,
});
