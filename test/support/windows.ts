/** Convolutions and windows drawn for tests. */
import fc from 'fast-check';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import type { ConvDimensions, ConvParams, WindowParams } from '../../compiler/primitives/operations.ts';
import { windowsShape } from '../../compiler/primitives/windows/pooling.ts';
import type { Calls } from './laws.ts';

const ONE_AXIS: readonly ConvDimensions[] = [
  [[0, 2, 1], [2, 1, 0], [0, 2, 1]],
  [[0, 1, 2], [0, 1, 2], [0, 1, 2]],
  [[1, 2, 0], [0, 2, 1], [2, 0, 1]],
];

function inSpec(extents: readonly number[], spec: readonly number[]): number[] {
  return spec.map((_, axis) => extents[spec.indexOf(axis)]!);
}

const small = fc.integer({ min: 1, max: 3 });

/** Convolutions of one spatial axis in any layout. */
export const convolutions: Calls = fc
  .record({
    layout: fc.constantFrom(...ONE_AXIS),
    extent: fc.integer({ min: 0, max: 4 }),
    window: small,
    stride: small,
    low: fc.integer({ min: -1, max: 3 }),
    high: fc.integer({ min: -1, max: 2 }),
    dilations: fc.tuple(small, small),
    batch: fc.integer({ min: 1, max: 2 }),
    features: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    groups: fc.constantFrom([1, 1], [2, 1], [1, 2]),
  })
  .map(({ layout, extent, window, stride, low, high, dilations, batch, features, groups }) => {
    const [featureGroupCount, batchGroupCount] = groups as [number, number];
    const params: ConvParams = {
      windowStrides: [stride], padding: [[low, high]], lhsDilation: [dilations[0]], rhsDilation: [dilations[1]],
      dimensionNumbers: layout, featureGroupCount, batchGroupCount,
    };
    const lhs = inSpec([batch * batchGroupCount, features[0] * featureGroupCount, extent], layout[0]);
    const rhs = inSpec([features[1] * featureGroupCount * batchGroupCount, features[0], window], layout[1]);
    return { inputs: [aval('float32', lhs), aval('float32', rhs)], params: params as unknown as Params };
  });

const amount = fc.integer({ min: -1, max: 3 });

/** Windows over two axes. */
export const windows: Calls = fc
  .record({
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 2 }),
    windowDimensions: fc.tuple(small, small),
    windowStrides: fc.tuple(small, small),
    padding: fc.tuple(fc.tuple(amount, amount), fc.tuple(amount, amount)),
    baseDilation: fc.tuple(small, fc.constant(1)),
    windowDilation: fc.tuple(fc.constant(1), small),
  })
  .map(({ shape, ...params }) => ({ inputs: [aval('float32', shape)], params: params as unknown as Params }));

/** Of arrays of three axes. */
export const shears: Calls = fc
  .record({
    shape: fc.array(small, { minLength: 3, maxLength: 3 }),
    axes: fc.shuffledSubarray([0, 1, 2], { minLength: 2, maxLength: 2 }),
    size: fc.nat(5),
    stride: small,
    windowDilation: fc.integer({ min: -3, max: 3 }),
    low: fc.integer({ min: -3, max: 3 }),
    baseDilation: small,
  })
  .map(({ shape, axes: [axis, windowAxis], ...steps }) => ({
    inputs: [aval('float32', shape)],
    params: { axis: axis!, windowAxis: windowAxis!, fill: 0, ...steps },
  }));

/** Of windows over `operand`: what is gathered from has its shape, what is scattered one element a window. */
export function selections(scatters: boolean): Calls {
  return fc.tuple(windows, fc.constantFrom('ge', 'le')).map(([{ inputs: [operand], params }, selectPrim]) => {
    const given = scatters ? windowsShape(operand!.shape, params as unknown as WindowParams) : operand!.shape;
    return { inputs: [aval('float32', given), operand!], params: { ...params, selectPrim } };
  });
}
