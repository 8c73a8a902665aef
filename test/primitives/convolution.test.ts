import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Params } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { CONVOLUTIONS } from '../../compiler/primitives/convolution.ts';
import type { ConvDimensions, ConvParams } from '../../compiler/primitives/operations.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { countWindows } from '../../compiler/primitives/windows/geometry.ts';
import { convolutions } from '../support/windows.ts';
import { arraysOf, expectSame } from '../support/arrays.ts';
import { directions, expectAdjoint, expectFiniteDifferences } from '../support/derivatives.ts';
import { convolveByLoops } from '../support/four-loops.ts';
import type { Sides } from '../support/four-loops.ts';
import { equationJaxpr, testLaws } from '../support/laws.ts';
import { property } from '../support/property.ts';

const convGeneralDilated = CONVOLUTIONS[0]!;

const NHWC: ConvDimensions = [[0, 3, 1, 2], [3, 2, 0, 1], [0, 3, 1, 2]];

const small = fc.integer({ min: 1, max: 3 });
testLaws(convGeneralDilated, convolutions);

const drawn = convolutions.chain(({ inputs, params }) => {
  const jaxpr = equationJaxpr(convGeneralDilated, inputs, params);
  const outputs = jaxpr.outputs.map((output) => output.aval);
  return fc
    .tuple(arraysOf(inputs, convGeneralDilated.domain), directions(inputs), directions(outputs))
    .map(([arrays, tangents, cotangents]) => ({ jaxpr, arrays, tangents, cotangents }));
});

property('conv_general_dilated: derivatives in any layout, of any groups', [drawn], ({ jaxpr, arrays, tangents, cotangents }) => {
  expectFiniteDifferences(jaxpr, arrays, tangents);
  expectAdjoint(jaxpr, arrays, tangents, cotangents);
});

const sides: fc.Arbitrary<Required<Sides>> = fc.record({
  strides: fc.tuple(small, small),
  padding: fc.tuple(fc.tuple(fc.nat(2), fc.nat(2)), fc.tuple(fc.nat(2), fc.integer({ min: -1, max: 1 }))),
  dilation: fc.tuple(small, small),
  inputDilation: fc.tuple(small, small),
  groups: fc.integer({ min: 1, max: 2 }),
});

const images = fc.tuple(sides, small, small, fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 4 })).chain((all) => {
  const [chosen, height, width, rows, columns] = all;
  const { groups } = chosen;
  const inputs = [aval('float32', [2, rows, columns, 2 * groups]), aval('float32', [height, width, 2, groups])];
  return arraysOf(inputs, { low: -4, high: 4 }).map(([x, kernel]) => ({ chosen, x: x!, kernel: kernel! }));
});

property('conv_general_dilated: four loops, over strides, padding, dilations and groups', [images], ({ chosen, x, kernel }) => {
  const { strides, padding, dilation, inputDilation, groups } = chosen;
  const [y] = convGeneralDilated.reference([x, kernel], {
    windowStrides: strides, padding, lhsDilation: inputDilation, rhsDilation: dilation,
    dimensionNumbers: NHWC, featureGroupCount: groups, batchGroupCount: 1,
  }, evaluate);
  expectSame(y!, convolveByLoops(x, kernel, chosen), 1e-6);
});

test('how many windows fit', () => {
  const axis = { extent: 5, window: 3, stride: 2, padding: [0, 0] as const, baseDilation: 1, windowDilation: 1 };
  expect(countWindows(axis)).toBe(2);
  expect(countWindows({ ...axis, padding: [1, 1] })).toBe(3);
  expect(countWindows({ ...axis, windowDilation: 3 })).toBe(0);
  expect(countWindows({ ...axis, baseDilation: 2 })).toBe(4);
  expect(countWindows({ ...axis, extent: 0, padding: [2, 1] })).toBe(1);
});

const PARAMS: ConvParams = {
  windowStrides: [1, 1], padding: [[1, 1], [1, 1]], lhsDilation: [1, 1], rhsDilation: [1, 1],
  dimensionNumbers: NHWC, featureGroupCount: 1, batchGroupCount: 1,
};

test('prints its dimension numbers as JAX does, and reads them back', () => {
  const inputs = [aval('float32', [1, 4, 4, 1]), aval('float32', [3, 3, 1, 2])];
  const text = printJaxpr(equationJaxpr(convGeneralDilated, inputs, PARAMS as unknown as Params));
  expect(text).toBe(`{ lambda ; a:f32[1,4,4,1] b:f32[3,3,1,2]. let
    c:f32[1,4,4,2] = conv_general_dilated[
      batch_group_count=1
      dimension_numbers=ConvDimensionNumbers(lhs_spec=(0, 3, 1, 2), rhs_spec=(3, 2, 0, 1), out_spec=(0, 3, 1, 2))
      feature_group_count=1
      lhs_dilation=(1, 1)
      padding=((1, 1), (1, 1))
      rhs_dilation=(1, 1)
      window_strides=(1, 1)
    ] a b
  in (c,) }`);
  expect(printJaxpr(parseJaxpr(text))).toBe(text);
});

describe('errors', () => {
  const type = (lhs: readonly number[], rhs: readonly number[], params: Partial<ConvParams> = {}): (() => unknown) =>
    () => convGeneralDilated.type([aval('float32', lhs), aval('float32', rhs)], { ...PARAMS, ...params } as unknown as Params);

  test('features', () => {
    expect(type([1, 4, 4, 3], [3, 3, 2, 8])).toThrow(
      '[SHAPE] conv_general_dilated: f32[1,4,4,3] and f32[3,3,2,8] do not fit: ' +
        'axis 3 of the first has 3 features, axis 2 of the second takes 2\n' +
        '  fix: np.zeros([3,3,3,8]) // a kernel for 3 features',
    );
    expect(type([1, 4, 4, 6], [3, 3, 2, 6])).toThrow(
      'axis 3 of the first has 6 features, axis 2 of the second takes 2\n  fix: featureGroupCount: 3',
    );
    expect(type([1, 4, 4, 6], [3, 3, 2, 6], { featureGroupCount: 2 })).toThrow(
      'axis 3 of the first has 6 features, axis 2 of the second takes 2 for each of 2 groups\n' +
        '  fix: np.zeros([3,3,3,6]) // a kernel for 6 features',
    );
  });

  test('groups', () => {
    expect(type([1, 4, 4, 6], [3, 3, 2, 6], { featureGroupCount: 4 })).toThrow(
      '[SHAPE] conv_general_dilated: the features of the input f32[1,4,4,6], 6, cannot be divided in 4 groups\n' +
        '  fix: featureGroupCount: 3',
    );
    expect(type([1, 4, 4, 6], [3, 3, 2, 5], { featureGroupCount: 3 })).toThrow(
      'the output features of the kernel f32[3,3,2,5], 5, cannot be divided in 3 groups\n  fix: featureGroupCount: 1',
    );
    expect(type([3, 4, 4, 6], [3, 3, 6, 4], { batchGroupCount: 2 })).toThrow(
      'the batch of f32[3,4,4,6], 3, cannot be divided in 2 groups\n  fix: batchGroupCount: 1',
    );
    expect(type([2, 4, 4, 6], [3, 3, 3, 4], { batchGroupCount: 2, featureGroupCount: 2 })).toThrow(
      '[VALUE] conv_general_dilated: groups of features (2) and of the batch (2) exclude each other\n  fix: batchGroupCount: 1',
    );
    expect(type([2, 4, 4, 6], [3, 3, 6, 4], { featureGroupCount: 0 })).toThrow(
      '[VALUE] conv_general_dilated: featureGroupCount 0 must be a whole number from 1\n  fix: featureGroupCount: 1',
    );
  });

  test('ranks', () => {
    expect(type([4, 4, 3], [3, 3, 3, 8])).toThrow(
      '[SHAPE] conv_general_dilated: f32[4,4,3] and f32[3,3,3,8] have ranks 3 and 4; ' +
        'both have two axes besides the same spatial ones\n  fix: x.reshape([1,4,4,3])',
    );
    expect(type([1, 4, 4, 3], [3, 3, 8])).toThrow('fix: kernel.reshape([1,3,3,8])');
  });

  test('steps, padding and layout', () => {
    expect(type([1, 4, 4, 3], [3, 3, 3, 8], { windowStrides: [2] })).toThrow(
      '[SHAPE] conv_general_dilated: windowStrides has 1 entries, and windows move along 2 axes, of [4,4]\n' +
        '  fix: windowStrides: one entry per axis of [4,4]',
    );
    expect(type([1, 4, 4, 3], [3, 3, 3, 8], { rhsDilation: [0, 1] })).toThrow(
      '[VALUE] conv_general_dilated: rhsDilation [0,1] must be whole numbers from 1\n  fix: rhsDilation: [1,1]',
    );
    expect(type([1, 4, 4, 3], [3, 3, 3, 8], { padding: [[0.5, 1], [0, 0]] })).toThrow(
      '[VALUE] conv_general_dilated: padding [[0.5,1],[0,0]] must be pairs of whole numbers\n  fix: padding: [[0,0],[0,0]]',
    );
    expect(type([1, 4, 4, 3], [3, 3, 3, 8], { dimensionNumbers: [[0, 3, 1, 1], NHWC[1], NHWC[2]] })).toThrow(
      '[AXIS] conv_general_dilated: the lhs spec [0,3,1,1] does not name each of 4 axes once\n' +
        '  fix: dimensionNumbers: [[0,1,2,3],[0,1,2,3],[0,1,2,3]]',
    );
    expect(type([1, 4, 4, 3], [0, 3, 3, 8])).toThrow(
      '[SHAPE] conv_general_dilated: the kernel f32[0,3,3,8] covers nothing: its spatial extents are [0,3]\n' +
        '  fix: np.zeros([1,3,3,8])',
    );
  });

  test('dtypes', () => {
    const types = [aval('bool', [1, 4, 4, 3]), aval('bool', [3, 3, 3, 8])];
    expect(() => convGeneralDilated.type(types, PARAMS as unknown as Params)).toThrow(
      "[DTYPE] conv_general_dilated: takes numbers, was given bool\n  fix: x.astype('float32')",
    );
    expect(() => convGeneralDilated.type([aval('float32', [1, 4, 4, 3]), types[1]!], PARAMS as unknown as Params)).toThrow(
      '[DTYPE] conv_general_dilated: operands f32[1,4,4,3] and bool[3,3,3,8] have different dtypes',
    );
  });
});
