/** Whole messages of layers: inputs and options that do not fit. */
import { describe, expect, test } from 'vitest';
import { Module, nn, nnx, np } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

const rngs = new nnx.Rngs(0);
const x = np.ones([2, 5]);
const unchecked = (value: unknown): never => value as never;

describe('another number of features', () => {
  test('by a layer of its own', () => {
    expect(messageOf(() => new nnx.Linear(3, 4, { rngs }).forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] Linear: the input float32[2,5] has 5 features on axis -1; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.Linear(5, 4, { rngs })"
    `);
    expect(messageOf(() => new nnx.Linear(3, 4, { rngs }).forward(2))).toMatchInlineSnapshot(`
      "[SHAPE] Linear: the input float32[] has no features on axis -1; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.Linear(1, 4, { rngs })"
    `);
    expect(messageOf(() => new nnx.LinearGeneral([3, 5], 4, { axis: [0, 1], rngs }).forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] LinearGeneral: the input float32[2,5] has [2,5] features on axes [0,1]; the layer takes [3,5]
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.LinearGeneral([2, 5], [4], { axis: [0, 1], rngs })"
    `);
    expect(messageOf(() => new nnx.BatchNorm(3, { axis: 0, rngs }).forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] BatchNorm: the input float32[2,5] has 2 features on axis 0; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.BatchNorm(2, { axis: 0, rngs })"
    `);
    expect(messageOf(() => new nnx.LayerNorm(6, { featureAxes: [0, 1], rngs }).forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] LayerNorm: the input float32[2,5] has [2,5] features on axes [0,1]; the layer takes 6
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.LayerNorm(10, { featureAxes: [0, 1], rngs })"
    `);
    expect(messageOf(() => new nnx.Embed(7, 3, { rngs }).attend(x))).toMatchInlineSnapshot(`
      "[SHAPE] Embed: the input float32[2,5] has 5 features on axis -1; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.Embed(7, 5, { rngs })"
    `);
    expect(messageOf(() => new nnx.LoRA(3, 2, 4, { rngs }).forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] LoRA: the input float32[2,5] has 5 features on axis -1; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.LoRA(5, 2, 4, { rngs })"
    `);
  });

  test('by a layer inside of a model: with its path', () => {
    class Block extends Module {
      readonly layers: nnx.Linear[] = [new nnx.Linear(5, 4, { rngs }), new nnx.Linear(3, 4, { rngs })];

      forward(x: Tensor): Tensor {
        return this.layers.reduce((x, layer) => layer.forward(x), x);
      }
    }
    class Model extends Module {
      readonly block: Block = new Block();

      forward(x: Tensor): Tensor {
        return this.block.forward(x);
      }
    }
    expect(messageOf(() => new Model().forward(x))).toMatchInlineSnapshot(`
      "[SHAPE] Linear at 'block/layers/1': the input float32[2,4] has 4 features on axis -1; the layer takes 3
        at:  test/errors/layers.test.ts:LINE
        fix: new nnx.Linear(4, 4, { rngs })"
    `);
  });
});

test('no rngs', () => {
  expect(messageOf(() => new nnx.Linear(3, 4, unchecked({})))).toMatchInlineSnapshot(`
    "[RNG] new nnx.Linear: its parameters begin with keys from rngs, which is undefined
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Linear(..., { rngs: new nnx.Rngs(0) })"
  `);
  expect(messageOf(() => new nnx.Linear(3, 4, unchecked(undefined)))).toMatchInlineSnapshot(`
    "[RNG] new nnx.Linear: its parameters begin with keys from rngs, which is undefined
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Linear(..., { rngs: new nnx.Rngs(0) })"
  `);
  expect(messageOf(() => new nnx.BatchNorm(3, unchecked({ rngs: 0 })))).toMatchInlineSnapshot(`
    "[RNG] new nnx.BatchNorm: its parameters begin with keys from rngs, which is the number 0
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.BatchNorm(..., { rngs: new nnx.Rngs(0) })"
  `);
  expect(messageOf(() => new nnx.Dropout(0.5).forward(x))).toMatchInlineSnapshot(`
    "[RNG] Dropout draws a mask and has no rngs, neither its own nor from the call
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Dropout(0.5, { rngs })"
  `);
  expect(messageOf(() => new nnx.Dropout(0.5, { rngs: new nnx.Rngs({ params: 0 }) }))).toMatchInlineSnapshot(`
    "[RNG] there is no stream 'dropout' and no default stream; the streams are params
      at:  test/errors/layers.test.ts:LINE
      fix: new Rngs({ default: 0, dropout: 1 })"
  `);
});

test('options that do not exist', () => {
  expect(messageOf(() => new nnx.Linear(3, 4, unchecked({ rngs, use_bias: false })))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.Linear: there is no option use_bias; the options are useBias, kernelInit, biasInit, dtype, paramDtype
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Linear(..., { useBias: false })"
  `);
  expect(messageOf(() => new nnx.BatchNorm(5, { rngs }).forward(x, unchecked({ train: true })))).toMatchInlineSnapshot(`
    "[VALUE] batchNorm.forward: there is no option train; the options are useRunningAverage, mask
      at:  test/errors/layers.test.ts:LINE
      fix: batchNorm.forward(..., { useRunningAverage: false })"
  `);
  expect(messageOf(() => new nnx.Linear(3, 4, { paramDtype: unchecked('bfloat16'), rngs }))).toMatchInlineSnapshot(`
    "[DTYPE] new nnx.Linear: the string bfloat16 is not a dtype; the dtypes are float32, float16, int32, uint32, bool
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Linear(..., { paramDtype: 'float32' })"
  `);
  expect(messageOf(() => new nnx.Linear(5, 4, { dtype: 'int32', rngs }).forward(x))).toMatchInlineSnapshot(`
    "[DTYPE] Linear: computes in floats, not in int32
      at:  test/errors/layers.test.ts:LINE
      fix: { dtype: 'float32' }"
  `);
});

test('rates, groups and steps', () => {
  expect(messageOf(() => new nnx.Dropout(1.5))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.Dropout: the rate is a probability, not the number 1.5
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Dropout(0.1, { rngs })"
  `);
  expect(messageOf(() => new nnx.Dropout(unchecked({ rate: 0.5 })))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.Dropout: the rate is a probability, not an object of class Object
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Dropout(0.1, { rngs })"
  `);
  expect(messageOf(() => new nnx.GroupNorm(6, { numGroups: 4, rngs }))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.GroupNorm: 6 features do not fall into 4 groups
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.GroupNorm(6, { numGroups: 1, rngs })"
  `);
  expect(messageOf(() => new nnx.GroupNorm(6, { numGroups: null, groupSize: 4, rngs }))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.GroupNorm: 6 features do not fall into groups of 4
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.GroupNorm(6, { numGroups: 1, rngs })"
  `);
  expect(messageOf(() => new nnx.GroupNorm(6, { groupSize: 3, rngs }))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.GroupNorm: groups are given by numGroups (32) or by groupSize (3), one of them null
      at:  test/errors/layers.test.ts:LINE
      fix: { numGroups: null, groupSize: 3 }"
  `);
  expect(messageOf(() => new nnx.LoRALinear(2, 2, unchecked({ rngs })))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.LoRA: the rank is a whole number from 1, not the number 0
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.LoRA(3, 1, 4, { rngs })"
  `);
  expect(messageOf(() => new nnx.SpectralNorm(new nnx.Linear(2, 2, { rngs }), { nSteps: 0, rngs }))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.SpectralNorm: 0 steps of power iteration find nothing
      at:  test/errors/layers.test.ts:LINE
      fix: { nSteps: 1 }"
  `);
});

test('axes', () => {
  expect(messageOf(() => new nnx.LinearGeneral([2, 3], 4, { rngs }))).toMatchInlineSnapshot(`
    "[AXIS] new nnx.LinearGeneral: [2,3] are features of 2 axes, and axis is [-1]
      at:  test/errors/layers.test.ts:LINE
      fix: { axis: [-2, -1] }"
  `);
  expect(messageOf(() => new nnx.LinearGeneral(3, 4, { batchAxis: { 1: 2 }, rngs }))).toMatchInlineSnapshot(`
    "[AXIS] new nnx.LinearGeneral: the batch axes 1 are not the first axes of the input
      at:  test/errors/layers.test.ts:LINE
      fix: { batchAxis: { 0: 8 } }"
  `);
  expect(messageOf(() => new nnx.LinearGeneral([5, 2], 4, { axis: [-1, 0], rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS] LinearGeneral: the axes [-1,0] of float32[2,5] do not ascend
      at:  test/errors/layers.test.ts:LINE
      fix: { axis: [0, 1] }"
  `);
  expect(messageOf(() => new nnx.LinearGeneral([5, 2], 4, { axis: [1, 2], rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS] LinearGeneral: axis 2 is outside rank 2; axes go from -2 to 1
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.LinearGeneral([5, 2], [4], { axis: [1, 2], rngs })"
  `);
  expect(messageOf(() => new nnx.InstanceNorm(2, { featureAxes: 0, rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS] InstanceNorm: axis 0 of float32[2,5] is that of the examples, and featureAxes names it
      at:  test/errors/layers.test.ts:LINE
      fix: { featureAxes: -1 }"
  `);
  expect(messageOf(() => new nnx.GroupNorm(5, { numGroups: 1, reductionAxes: [0], rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS] GroupNorm: the groups lie along axis 1 of float32[2,5], which is none of [0]
      at:  test/errors/layers.test.ts:LINE
      fix: { reductionAxes: [0, 1] }"
  `);
  expect(messageOf(() => new nnx.LayerNorm(5, { reductionAxes: 2, rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS] LayerNorm: axis 2 is outside rank 2; axes go from -2 to 1
      at:  test/errors/layers.test.ts:LINE
      fix: { reductionAxes: 1 }"
  `);
  expect(messageOf(() => new nnx.BatchNorm(5, { axisName: 'batch', rngs }).forward(x))).toMatchInlineSnapshot(`
    "[AXIS_NAME] lax.pmean: no mapped axis is called 'batch' here; none has a name
      at:  test/errors/layers.test.ts:LINE
      fix: vmap(f, { axisName: 'batch' })"
  `);
});

test('what a layer is made of', () => {
  expect(messageOf(() => new nnx.Embed(7, 3, { rngs }).forward(x))).toMatchInlineSnapshot(`
    "[DTYPE] Embed: the rows are chosen by integers, not by float32[2,5]
      at:  test/errors/layers.test.ts:LINE
      fix: x.astype('int32')"
  `);
  expect(messageOf(() => new nnx.Einsum('bi,io', [5, 2], [2], { rngs }))).toMatchInlineSnapshot(`
    "[VALUE] nnx.Einsum: 'bi,io' is not of two operands, input and kernel, with an output after '->'
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Einsum('bi,io->bo', [3, 2], [2], { rngs })"
  `);
  expect(messageOf(() => new nnx.Einsum('bi,io->bo', [5, 2], [5], { rngs }).forward(x))).toMatchInlineSnapshot(`
    "[SHAPE] Einsum: in 'bi,io->bo' the kernel float32[5,2] leaves [2] to the output; the bias is float32[5]
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Einsum('bi,io->bo', [5,2], [2], { rngs })"
  `);
  expect(messageOf(() => new nnx.Sequential(nn.relu, unchecked('relu')))).toMatchInlineSnapshot(`
    "[VALUE] new nnx.Sequential: layer 1 is the string relu, neither a module with a forward nor a function
      at:  test/errors/layers.test.ts:LINE
      fix: new nnx.Sequential(new nnx.Linear(2, 3, { rngs }), nn.relu)"
  `);
  const model = new nnx.Sequential(new nnx.Linear(5, 2, { rngs }), nn.relu);
  expect(messageOf(() => model.forward(x, { train: true }))).toMatchInlineSnapshot(`
    "[VALUE] Sequential: no layer takes the option train; they take none
      at:  test/errors/layers.test.ts:LINE
      fix: static readonly callOptions: readonly string[] = ['train']; // in the class of the layer"
  `);
  const general = new nnx.LinearGeneral([2, 3], 4, { axis: [0, 1], rngs });
  expect(messageOf(() => new nnx.SpectralNorm(general, { errorOnNonMatrix: true, rngs }))).toMatchInlineSnapshot(`
    "[SHAPE] nnx.SpectralNorm: 'kernel' has the shape [2,3,4], and is no matrix
      at:  test/errors/layers.test.ts:LINE
      fix: { errorOnNonMatrix: false }"
  `);
});
