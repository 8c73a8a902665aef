/** Convolutions in the schedules of hardware: tiles of windows and kernels in workgroup memory, and loops within workgroups. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compile, fuse } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import type { ConvParams } from '../../compiler/primitives/operations.ts';
import { DERIVATIVE_PASSES } from '../../compiler/transforms/passes.ts';
import { arraysOf } from '../support/arrays.ts';
import { along, float32, jaxprOf } from '../support/jaxprs.ts';
import { HARDWARE, SOFTWARE } from '../support/kernels.ts';
import { profileIsReference } from '../support/program-laws.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

const STRIDED: ConvParams = {
  windowStrides: [1, 2], padding: [[1, 1], [0, 1]], lhsDilation: [1, 1], rhsDilation: [2, 1],
  dimensionNumbers: [[0, 3, 1, 2], [3, 2, 0, 1], [0, 3, 1, 2]], featureGroupCount: 1, batchGroupCount: 1,
};

const TYPES = [float32(2, 9, 13, 9), float32(3, 3, 9, 17)];
const convolution = jaxprOf(TYPES, (o, x, kernel) => o.convGeneralDilated(x!, kernel!, STRIDED));

function drawn(jaxpr: Jaxpr): HostArray[] {
  return fc.sample(arraysOf(jaxpr.inputs.map(({ aval }) => aval), { low: -0.5, high: 0.5 }), { numRuns: 1, seed: 3 })[0]!;
}

async function expectTiles(jaxpr: Jaxpr): Promise<void> {
  const { kernels } = compile(jaxpr, HARDWARE, 'convolution').program;
  expect(kernels.map((kernel) => kernel.wgsl).join()).toContain('var<workgroup>');
  await profileIsReference({ jaxpr, inputs: drawn(jaxpr) }, wgsl.device, HARDWARE);
}

test('with bias and activation', async () => {
  await expectTiles(jaxprOf([...TYPES, float32(17)], (o, x, kernel, bias) => {
    const y = o.convGeneralDilated(x!, kernel!, STRIDED);
    return o.max(o.add(y, along(o, 3, bias!, y)), 0);
  }));
});

test('the gradients', async () => {
  await expectTiles(DERIVATIVE_PASSES.transpose(convolution, [true, false], [true]).jaxpr);
  await expectTiles(DERIVATIVE_PASSES.transpose(convolution, [false, true], [true]).jaxpr);
});

test('a cellular automaton: each image is a workgroup, or every step is encoded', async () => {
  const types = [float32(3, 3, 2, 2), float32(3, 5, 4, 2)];
  const same: ConvParams = { ...STRIDED, windowStrides: [1, 1], rhsDilation: [1, 1], padding: [[1, 1], [1, 1]] };
  const step = jaxprOf(types, (o, kernel, state) => o.tanh(o.convGeneralDilated(state!, kernel!, same)));
  const loop = { jaxpr: step, length: 3, reverse: false, numConsts: 1, numCarry: 1 };
  const jaxpr = jaxprOf(types, (o, ...inputs) => o.scan(...inputs, loop));
  const chosen = [HARDWARE, SOFTWARE].map((profile) => fuse(jaxpr, profile).lowerings.map((lowering) => lowering.chosen));
  expect(chosen).toEqual([['in-workgroup'], ['encoded']]);
  for (const profile of [HARDWARE, SOFTWARE]) await profileIsReference({ jaxpr, inputs: drawn(jaxpr) }, wgsl.device, profile);
});
