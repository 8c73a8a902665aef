/** Attention, its masks and MultiHeadAttention against those of JAX and Flax. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cpu, grad, jit, nn, nnx, np, random, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { loaded, tensorsOf, testGoldenEntries, testInitialParameters } from '../support/golden-entries.ts';
import type { GoldenState, Nested } from '../support/golden-entries.ts';
import { testGoldenLayers } from '../support/golden-layers.ts';
import { useWgsl } from '../support/wgsl.ts';

interface Layer {
  readonly state: GoldenState;
  readonly [result: string]: Nested | GoldenState;
}

const golden = JSON.parse(readFileSync(new URL('nnx-attention.json', import.meta.url), 'utf8')) as {
  readonly 'q,k,v': readonly [Nested, Nested, Nested];
  readonly mask: Nested;
  readonly bias: Nested;
  readonly 'jax.nn.dot_product_attention': Record<string, Nested>;
  readonly 'nnx.dot_product_attention_weights': Record<string, Nested>;
  readonly 'nnx.dot_product_attention': Record<string, Nested>;
  readonly masks: Record<string, Nested>;
  readonly x: Nested;
  readonly kv: Nested;
  readonly MultiHeadAttention: Record<string, Layer>;
};

interface Decoding {
  readonly state: GoldenState;
  readonly ys: readonly number[][][][];
  readonly cache: { readonly cached_key: number; readonly cached_value: number; readonly cache_index: number };
}

const wgsl = useWgsl();

testGoldenLayers(wgsl, [
  {
    name: 'MultiHeadAttention(2 heads,in 4,qkv 4,out 4)',
    make: (rngs) => new nnx.MultiHeadAttention(2, 4, { qkvFeatures: 4, outFeatures: 4, rngs }),
    call: (layer: nnx.MultiHeadAttention, x: Tensor) => layer.forward(x),
  },
]);

testGoldenEntries(wgsl, {
  name: 'jax.nn.dot_product_attention',
  inputs: () => ({
    ...tensorsOf({ q: golden['q,k,v'][0], k: golden['q,k,v'][1], v: golden['q,k,v'][2], mask: golden.mask, bias: golden.bias }),
    ...lengths(),
  }),
  program: ({ q, k, v, mask, bias, querySeqLengths, keyValueSeqLengths }) => {
    const energy = (q: Tensor, k: Tensor, v: Tensor): Tensor => np.sum(np.square(nn.dotProductAttention(q, k, v, { mask })));
    return {
      'q,k,v (4 heads, 2 of keys)': nn.dotProductAttention(q, k, v),
      bias: nn.dotProductAttention(q, k, v, { bias }),
      'mask, its row [0,0,1] all False': nn.dotProductAttention(q, k, v, { mask }),
      is_causal: nn.dotProductAttention(q, k, v, { isCausal: true }),
      'scale=0.25, local_window_size=(1, 0)': nn.dotProductAttention(q, k, v, { scale: 0.25, localWindowSize: [1, 0] }),
      'query_seq_lengths=[3, 1], key_value_seq_lengths=[2, 4]':
        nn.dotProductAttention(q, k, v, { querySeqLengths, keyValueSeqLengths }),
      'grad of sum of squares by q,k,v with mask': grad(energy, { argnums: [0, 1, 2] })(q, k, v),
    };
  },
  entries: golden['jax.nn.dot_product_attention'],
  inWgsl: ['grad of sum of squares by q,k,v with mask'],
});

testGoldenEntries(wgsl, {
  name: 'flax attention',
  inputs: () => ({
    ...tensorsOf({ q: golden['q,k,v'][0], k: golden['q,k,v'][1], v: golden['q,k,v'][2], mask: golden.mask, bias: golden.bias }),
    dropoutRng: random.key(9),
  }),
  program: ({ q, k, v, mask, bias, dropoutRng }) => ({
    'bias, mask, is_causal': nnx.dotProductAttentionWeights(q, k, { bias, mask, isCausal: true }),
    'dropout_rate=0.4, dropout_rng=key(9)': nnx.dotProductAttentionWeights(q, k, { dropoutRate: 0.4, dropoutRng }),
    'dropout_rate=0.4, dropout_rng=key(9), broadcast_dropout=False':
      nnx.dotProductAttentionWeights(q, k, { dropoutRate: 0.4, dropoutRng, broadcastDropout: false }),
    'mask, dropout_rate=0.4, dropout_rng=key(9)': nnx.dotProductAttention(q, k, v, { mask, dropoutRate: 0.4, dropoutRng }),
  }),
  entries: { ...golden['nnx.dot_product_attention_weights'], ...golden['nnx.dot_product_attention'] },
  inWgsl: ['mask, dropout_rate=0.4, dropout_rng=key(9)'],
});

test('masks', async () => {
  const computed = withDevice(cpu, (): Record<string, Tensor | null> => {
    const ids = np.array([[1, 1, 0], [2, 2, 2]], { dtype: 'int32' });
    const others = np.array([[1, 0], [2, 2]], { dtype: 'int32' });
    const causal = nnx.makeCausalMask(ids);
    return {
      'make_attention_mask([[1,1,0],[2,2,2]], [[1,0],[2,2]])': nnx.makeAttentionMask(ids, others),
      'make_attention_mask(ids, ids, jnp.equal, extra_batch_dims=1, dtype=bool)':
        nnx.makeAttentionMask(ids, ids, { pairwiseFn: np.equal, extraBatchDims: 1, dtype: 'bool' }),
      'make_causal_mask(ids)': causal,
      'combine_masks(causal, None, attention)': nnx.combineMasks(causal, null, nnx.makeAttentionMask(ids, ids)),
    };
  });
  expect(Object.keys(computed)).toEqual(Object.keys(golden.masks));
  for (const [name, mask] of Object.entries(computed)) await assertAllClose(mask, golden.masks[name] as number);
  expect(nnx.combineMasks(null)).toBe(null);
});

const layers = {
  '4 heads of 2, 2 for keys, is_causal': (rngs: nnx.Rngs) =>
    new nnx.MultiHeadAttention(4, 4, { qkvFeatures: 8, outFeatures: 3, numKvHeads: 2, rngs }),
  'normalize_qk, no bias, in_kv_features=3': (rngs: nnx.Rngs) =>
    new nnx.MultiHeadAttention(2, 4, { inKvFeatures: 3, useBias: false, normalizeQk: true, rngs }),
  'dropout_rate=0.5': (rngs: nnx.Rngs) => new nnx.MultiHeadAttention(2, 4, { dropoutRate: 0.5, deterministic: false, rngs }),
  decode: (rngs: nnx.Rngs) =>
    new nnx.MultiHeadAttention(2, 4, { decode: true, biasInit: nnx.initializers.normal({ stddev: 0.5 }), rngs }),
};

const states = Object.fromEntries(Object.entries(golden.MultiHeadAttention).map(([name, { state }]) => [name, state]));

testInitialParameters(layers, states);

testGoldenEntries(wgsl, {
  name: 'MultiHeadAttention',
  inputs: () => ({
    ...tensorsOf({ x: golden.x, kv: golden.kv }),
    states: Object.fromEntries(Object.entries(states).map(([name, state]) => [name, tensorsOf(state)])),
  }),
  program: ({ x, kv, states }) => {
    const layer = (name: keyof typeof layers): nnx.MultiHeadAttention => loaded(layers[name](new nnx.Rngs(0)), states[name]!);
    const dropout = layer('dropout_rate=0.5');
    return {
      grouped: layer('4 heads of 2, 2 for keys, is_causal').forward(x, { isCausal: true }),
      normalized: layer('normalize_qk, no bias, in_kv_features=3').forward(x, kv),
      dropout: [dropout.rngs!.key.value, dropout.forward(x), dropout.forward(x), dropout.forward(x, { deterministic: true })],
    };
  },
  entries: mhaEntries(),
  inWgsl: [],
});

test.each([['cpu', () => cpu], ['WGSL', () => wgsl.device]] as const)('decoding in jit on %s', async (_, device) => {
  const { state, ys, cache } = golden.MultiHeadAttention['decode'] as unknown as Decoding;
  const step = jit((decoder: nnx.MultiHeadAttention, x: Tensor) => decoder.forward(x));
  // Made on cpu, where the numbers that are replaced anyway cost no pipelines.
  const decoder = withDevice(cpu, () => layers.decode(new nnx.Rngs(0)));
  const outputs = withDevice(device(), () => {
    loaded(decoder, tensorsOf(state)).initCache([2, 3, 4]);
    return [0, 1, 2].map((i) => step(decoder, np.array((golden.x as number[][][]).map((sequence) => [sequence[i]!]))));
  });
  for (const [i, y] of outputs.entries()) await assertAllClose(y, ys[i]!, { rtol: 1e-5, atol: 2e-6 });
  for (const [name, values] of Object.entries(cache)) {
    await assertAllClose(decoder[name as keyof Decoding['cache']]!.value, values, { rtol: 1e-5, atol: 2e-6 });
  }
  expect(step.stats().traces).toBe(1);
});

function mhaEntries(): Record<string, Nested> {
  const entry = (name: string): Record<string, Nested> => golden.MultiHeadAttention[name] as unknown as Record<string, Nested>;
  const dropout = entry('dropout_rate=0.5');
  return {
    grouped: entry('4 heads of 2, 2 for keys, is_causal')['y']!,
    normalized: entry('normalize_qk, no bias, in_kv_features=3')['y']!,
    dropout: [dropout['stream key']!, dropout['y']!, dropout['second y']!, dropout['deterministic']!],
  };
}

function lengths(): { readonly querySeqLengths: Tensor; readonly keyValueSeqLengths: Tensor } {
  const int32 = (values: number[]): Tensor => np.array(values, { dtype: 'int32' });
  return { querySeqLengths: int32([3, 1]), keyValueSeqLengths: int32([2, 4]) };
}
