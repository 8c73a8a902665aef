/** Every layer can be repeated: the stack holds what the constructor gives for each key. */
import { expect, test } from 'vitest';
import { Rngs, cpu, jit, nnx, np, withDevice } from '../../src/index.ts';
import type { Module } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

const layers: Readonly<Record<string, (rngs: Rngs) => Module>> = {
  Linear: (rngs) => new nnx.Linear(2, 3, { rngs }),
  LinearGeneral: (rngs) => new nnx.LinearGeneral([2, 3], [4], { axis: [-2, -1], rngs }),
  Einsum: (rngs) => new nnx.Einsum('ab,bc->ac', [2, 3], [3], { rngs }),
  Conv: (rngs) => new nnx.Conv(2, 3, [3, 3], { rngs }),
  ConvTranspose: (rngs) => new nnx.ConvTranspose(2, 3, [3], { rngs }),
  Embed: (rngs) => new nnx.Embed(4, 3, { rngs }),
  BatchNorm: (rngs) => new nnx.BatchNorm(3, { rngs }),
  LayerNorm: (rngs) => new nnx.LayerNorm(3, { rngs }),
  RMSNorm: (rngs) => new nnx.RMSNorm(3, { rngs }),
  GroupNorm: (rngs) => new nnx.GroupNorm(4, { numGroups: 2, rngs }),
  InstanceNorm: (rngs) => new nnx.InstanceNorm(3, { rngs }),
  Dropout: (rngs) => new nnx.Dropout(0.5, { rngs }),
  MultiHeadAttention: (rngs) => new nnx.MultiHeadAttention(2, 4, { dropoutRate: 0.1, rngs }),
  LoRA: (rngs) => new nnx.LoRA(3, 2, 3, { rngs }),
  SimpleCell: (rngs) => new nnx.SimpleCell(2, 3, { rngs }),
  GRUCell: (rngs) => new nnx.GRUCell(2, 3, { rngs }),
  LSTMCell: (rngs) => new nnx.LSTMCell(2, 3, { rngs }),
  OptimizedLSTMCell: (rngs) => new nnx.OptimizedLSTMCell(2, 3, { rngs }),
};

test.each(Object.entries(layers))('%s', async (_, make) => {
  const stack = jit(() => nnx.repeat(2, make, { rngs: new Rngs(3) }), { device: cpu })();
  const streams = on(() => new Rngs(3).split(2).stream().key.value);
  for (const i of [0, 1]) {
    const alone = jit((key: typeof streams) => make(new Rngs(key)), { device: cpu })(on(() => np.slice(streams, i)));
    const [[state], [expected]] = [stack.split(), alone.split()];
    expect([...state.keys()]).toEqual([...expected.keys()]);
    for (const [path, variable] of state) {
      expect(variable.constructor).toBe(expected.get(path).constructor);
      await assertAllClose(on(() => np.slice(variable.value, i)), expected.get(path).value, { rtol: 1e-5, atol: 1e-6 });
    }
  }
});
