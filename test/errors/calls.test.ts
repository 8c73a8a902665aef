/** Calls that types forbid, from JavaScript: misspelt options, unknown dtypes, things in each other's place. */
import { expect, test } from 'vitest';
import { Rngs, init, jit, lax, nnx, np, random, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf, messageOfAsync } from '../support/messages.ts';

const a = (): Tensor => np.ones([2, 3]);
const unchecked = (options: unknown): never => options as never;

test('options', () => {
  expect(messageOf(() => np.sum(a(), unchecked({ axis: 0, keepDims: true })))).toMatchInlineSnapshot(`
    "[VALUE] np.sum: there is no option keepDims; the options are axis, keepdims, dtype
      at:  test/errors/calls.test.ts:LINE
      fix: np.sum(..., { keepdims: true })"
  `);
  expect(messageOf(() => np.zeros([2], unchecked('int32')))).toMatchInlineSnapshot(`
    "[VALUE] np.zeros: options are an object of dtype, not the string int32
      at:  test/errors/calls.test.ts:LINE
      fix: np.zeros(..., { dtype: 'int32' })"
  `);
  expect(messageOf(() => np.roll(a(), 1, unchecked(0)))).toMatchInlineSnapshot(`
    "[VALUE] np.roll: options are an object of axis, not the number 0
      at:  test/errors/calls.test.ts:LINE
      fix: np.roll(..., { axis: 0 })"
  `);
  expect(messageOf(() => vmap((x: Tensor) => x, unchecked({ in_axes: 1 })))).toMatchInlineSnapshot(`
    "[VALUE] vmap: there is no option in_axes; the options are inAxes, outAxes, axisSize, axisName
      at:  test/errors/calls.test.ts:LINE
      fix: vmap(..., { inAxes: 1 })"
  `);
});

test('dtypes that do not exist', () => {
  expect(messageOf(() => np.zeros([2], unchecked({ dtype: 'int64' })))).toMatchInlineSnapshot(`
    "[DTYPE] np.zeros: the string int64 is not a dtype; the dtypes are float32, float16, int32, uint32, bool
      at:  test/errors/calls.test.ts:LINE
      fix: np.zeros(..., { dtype: 'int32' })"
  `);
  expect(messageOf(() => a().astype(unchecked('float64')))).toMatchInlineSnapshot(`
    "[DTYPE] np.astype: the string float64 is not a dtype; the dtypes are float32, float16, int32, uint32, bool
      at:  test/errors/calls.test.ts:LINE
      fix: x.astype('float32')"
  `);
});

test('what is no function', () => {
  const model = new nnx.Linear(2, 3, { rngs: new Rngs(0) });
  expect(messageOf(() => jit(unchecked(model)))).toMatchInlineSnapshot(`
    "[VALUE] jit: an object of class Linear is not a function
      at:  test/errors/calls.test.ts:LINE
      fix: jit((model, x) => model.forward(x))"
  `);
  expect(messageOf(() => lax.cond(true, unchecked(a()), unchecked(a())))).toMatchInlineSnapshot(`
    "[VALUE] lax.cond: an object of class Tensor is not a function
      at:  test/errors/calls.test.ts:LINE
      fix: lax.cond(p, (x) => x, (x) => x.neg(), x)"
  `);
});

test('what is no list, and what is no key', () => {
  expect(messageOf(() => np.concatenate(unchecked(a())))).toMatchInlineSnapshot(`
    "[VALUE] np.concatenate: tensors to join come in a list, not as an object of class Tensor
      at:  test/errors/calls.test.ts:LINE
      fix: np.concatenate([x, y])"
  `);
  expect(messageOf(() => random.normal(unchecked([2, 3])))).toMatchInlineSnapshot(`
    "[DTYPE] random.bits: an object of class Array is not a key, which is uint32[2]
      at:  test/errors/calls.test.ts:LINE
      fix: random.key(0)"
  `);
});

test('options of init', async () => {
  expect(await messageOfAsync(() => init(unchecked({ host: 'always' })))).toMatchInlineSnapshot(`
    "[VALUE] init: host is the string always, not small or never
      at:  test/errors/calls.test.ts:LINE
      fix: await init({ host: 'never' })"
  `);
  expect(await messageOfAsync(() => init(unchecked({ device: 'gpu' })))).toMatchInlineSnapshot(`
    "[VALUE] init: device is the string gpu, not a GPUDevice
      at:  test/errors/calls.test.ts:LINE
      fix: await init()"
  `);
  expect(await messageOfAsync(() => init(unchecked({ gpu: true })))).toMatchInlineSnapshot(`
    "[VALUE] init: there is no option gpu; the options are host, requireGpu, powerPreference, memoryBudget, onError, dispatchesPerSubmit, adapter, device
      at:  test/errors/calls.test.ts:LINE
      fix: init(..., { host: 'small' })"
  `);
});
