/** The reference of conv_general_dilated: every element of the result by itself. */
import { allocate, isFloat, roundTo } from '../../dtype.ts';
import type { HostArray } from '../../dtype.ts';
import { hostArray, offsets } from '../../reference/arrays.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import type { ConvParams } from '../operations.ts';
import { coverage } from '../windows/reference.ts';
import { convShape, inOrder, spatialAxes } from './dimensions.ts';

/** Floats are summed in double precision and rounded once, integers modulo 2^32. */
export function convolve(lhs: HostArray, rhs: HostArray, params: ConvParams): HostArray {
  const { dimensionNumbers: [lhsSpec, rhsSpec, outSpec], featureGroupCount, batchGroupCount } = params;
  const shape = convShape(lhs.shape, rhs.shape, params);
  const [batch, features, ...spatial] = inOrder(shape, outSpec);
  const [, inFeatures] = inOrder(rhs.shape, rhsSpec);
  const from = inOrder(stridesOf(lhs.shape), lhsSpec);
  const by = inOrder(stridesOf(rhs.shape), rhsSpec);
  const to = inOrder(stridesOf(shape), outSpec);
  const groups = featureGroupCount * batchGroupCount;
  const data = allocate(lhs.dtype, sizeOf(shape));
  const accumulate = isFloat(lhs.dtype) ? (sum: number, a: number, b: number) => sum + a * b : wrapping;
  const windows = coverage(spatialAxes(lhs.shape, rhs.shape, params), from.slice(2), by.slice(2));
  const places = offsets(spatial, to.slice(2));
  for (let n = 0; n < batch!; n++) {
    for (let feature = 0; feature < features!; feature++) {
      const group = Math.floor((feature * groups) / features!);
      const lhsBatch = n + (batchGroupCount > 1 ? group * batch! : 0);
      const lhsFeature = featureGroupCount > 1 ? group * inFeatures! : 0;
      const first = lhsBatch * from[0]! + lhsFeature * from[1]!;
      windows.forEach((covered, window) => {
        let sum = 0;
        for (const [offset, place] of covered) {
          for (let c = 0; c < inFeatures!; c++) {
            const x = lhs.data[first + offset + c * from[1]!]!;
            sum = accumulate(sum, x, rhs.data[feature * by[0]! + place + c * by[1]!]!);
          }
        }
        data[n * to[0]! + feature * to[1]! + places[window]!] = roundTo(lhs.dtype, sum);
      });
    }
  }
  return hostArray(lhs.dtype, shape, data);
}

function wrapping(sum: number, a: number, b: number): number {
  return (sum + Math.imul(a, b)) | 0;
}
