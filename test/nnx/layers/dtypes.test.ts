/** Which dtype layers compute in and answer in. */
import { describe, expect, test } from 'vitest';
import { cpu, evalShape, nn, nnx, np, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { agree } from '../../support/agree.ts';

const rngs = (): nnx.Rngs => new nnx.Rngs(0);
const x = np.array([[0.5, -1, 2], [1, 0.25, -0.5]]);
const half = withDevice(cpu, () => x.astype('float16'));
const dtypeOf = (f: () => Tensor): string => evalShape(f).dtype;

type Make = (options: { readonly dtype?: 'float16' | null; readonly paramDtype?: 'float16'; readonly rngs: nnx.Rngs }) => {
  forward(x: Tensor): Tensor;
};

const layers: Record<string, Make> = {
  Linear: (options) => new nnx.Linear(3, 2, options),
  LinearGeneral: (options) => new nnx.LinearGeneral(3, [2, 2], options),
  Einsum: (options) => new nnx.Einsum('bi,io->bo', [3, 2], [2], options),
  LayerNorm: (options) => new nnx.LayerNorm(3, options),
  RMSNorm: (options) => new nnx.RMSNorm(3, options),
  GroupNorm: (options) => new nnx.GroupNorm(3, { numGroups: 1, ...options }),
  LoRA: (options) => new nnx.LoRA(3, 1, 2, options),
};

describe('without dtype input and parameters promote together, with it they are cast', () => {
  for (const [name, make] of Object.entries(layers)) {
    test(name, () => {
      expect(dtypeOf(() => make({ rngs: rngs() }).forward(half))).toBe('float32');
      expect(dtypeOf(() => make({ paramDtype: 'float16', rngs: rngs() }).forward(half))).toBe('float16');
      expect(dtypeOf(() => make({ paramDtype: 'float16', rngs: rngs() }).forward(x))).toBe('float32');
      expect(dtypeOf(() => make({ dtype: 'float16', rngs: rngs() }).forward(x))).toBe('float16');
      expect(dtypeOf(() => make({ dtype: null, rngs: rngs() }).forward(np.ones([2, 3], { dtype: 'int32' })))).toBe('float32');
    });
  }
});

test('the running statistics of BatchNorm are float32, and widen what it answers, as in Flax', () => {
  const layer = withDevice(cpu, () => new nnx.BatchNorm(3, { paramDtype: 'float16', rngs: rngs() }));
  expect(dtypeOf(() => layer.forward(half))).toBe('float32');
  expect([layer.mean.dtype, layer.var.dtype, layer.scale?.dtype]).toEqual(['float32', 'float32', 'float16']);
  expect(dtypeOf(() => new nnx.BatchNorm(3, { dtype: 'float16', rngs: rngs() }).forward(half))).toBe('float16');
});

test('moments of float16 are taken in float32', () =>
  agree(() => {
    const large = np.full([1, 4096], 300, { dtype: 'float16' });
    const layer = new nnx.RMSNorm(4096, { dtype: 'float16', rngs: rngs() });
    return [layer.forward(large), np.ones([1, 4096], { dtype: 'float16' })];
  }));

test('Embed answers in the dtype of its table, PReLU in that of its input, Dropout keeps floats', () => {
  const index = np.zeros([1], { dtype: 'int32' });
  expect(dtypeOf(() => new nnx.Embed(2, 2, { paramDtype: 'float16', rngs: rngs() }).forward(index))).toBe('float16');
  expect(dtypeOf(() => new nnx.Embed(2, 2, { dtype: 'float16', rngs: rngs() }).forward(index))).toBe('float16');
  expect(dtypeOf(() => new nnx.Embed(2, 3, { rngs: rngs() }).attend(half))).toBe('float32');
  expect(dtypeOf(() => new nnx.PReLU().forward(half))).toBe('float16');
  expect(dtypeOf(() => new nnx.PReLU(0.5, { dtype: 'float16' }).forward(x))).toBe('float16');
  expect(dtypeOf(() => new nnx.Dropout(0.5, { rngs: rngs() }).forward(half))).toBe('float16');
  expect(dtypeOf(() => new nnx.Sequential(new nnx.PReLU(), nn.relu).forward(half))).toBe('float16');
});
