/** What attention does beside giving Flax's numbers: groups of heads, masks, decoding, dropout. On `cpu`. */
import { describe, expect, test } from 'vitest';
import { cpu, grad, jit, lax, nn, nnx, np, random, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose, checkGrads } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const normal = (seed: number, ...shape: number[]): Tensor => on(() => random.normal(random.key(seed), shape));

const [q, k, v] = [normal(1, 3, 4, 2), normal(2, 5, 4, 2), normal(3, 5, 4, 2)];
const x = normal(4, 2, 5, 8);
const mask = np.array([true, false, true, true, false]);

const layer = (options: Partial<nnx.MultiHeadAttentionOptions> = {}): nnx.MultiHeadAttention =>
  on(() => new nnx.MultiHeadAttention(4, 8, { rngs: new nnx.Rngs(0), ...options }));

const plain = layer();

/** The tensor on cpu and not merely on the host, so that programs over it run there, also behind an await. */
const resident = (tensor: Tensor): Tensor => on(() => jit((x: Tensor) => x.add(0))(tensor));

/** Compares two results of one computation on cpu. */
async function expectEqual(f: () => readonly [actual: unknown, expected: unknown]): Promise<void> {
  const [actual, expected] = on(f);
  await assertAllClose(actual, expected, { rtol: 1e-5, atol: 2e-6 });
}

describe('dotProductAttention', () => {
  test('has any number of batch axes', async () => {
    const batch = (tensor: Tensor): Tensor => np.broadcastTo(tensor, [2, 1, ...tensor.shape]);
    await expectEqual(() => [nn.dotProductAttention(batch(q), batch(k), batch(v)), batch(nn.dotProductAttention(q, k, v))]);
    const stacks = (): [Tensor, Tensor, Tensor] => [np.stack([q, q]), np.stack([k, k]), np.stack([v, v])];
    const attend = (q: Tensor, k: Tensor, v: Tensor): Tensor => nn.dotProductAttention(q, k, v);
    await expectEqual(() => [vmap(attend)(...stacks()), nn.dotProductAttention(...stacks())]);
  });

  test('heads in groups are heads of keys and values repeated', async () => {
    const [key, value] = [normal(5, 5, 2, 2), normal(6, 5, 2, 2)];
    const repeated = (tensor: Tensor): Tensor => np.repeat(tensor, 2, { axis: 1 });
    await expectEqual(() => [nn.dotProductAttention(q, key, value), nn.dotProductAttention(q, repeated(key), repeated(value))]);
    await expectEqual(() => [nnx.dotProductAttentionWeights(q, key), nnx.dotProductAttentionWeights(q, repeated(key))]);
  });

  test('the values may have a depth of their own', () => {
    expect(on(() => nn.dotProductAttention(q, k, normal(3, 5, 4, 7))).shape).toEqual([3, 4, 7]);
  });

  test('a hidden key has no influence, and neither it nor its value a gradient', async () => {
    const hidden = np.array([1, 4], { dtype: 'int32' });
    const other = on(() => np.where(np.reshape(mask, [5, 1, 1]), v, 1e4));
    await expectEqual(() => [nn.dotProductAttention(q, k, v, { mask }), nn.dotProductAttention(q, k, other, { mask })]);
    const energy = (k: Tensor, v: Tensor): Tensor => np.sum(np.square(nn.dotProductAttention(q, k, v, { mask })));
    const gradients = on(() => grad(energy, { argnums: [0, 1] })(k, v).map((gradient) => np.take(gradient, hidden, { axis: 0 })));
    for (const gradient of gradients) await assertAllClose(gradient, np.zeros([2, 4, 2]), { rtol: 0, atol: 0 });
  });

  test('a query that sees no key gives the mean of the values, and finite derivatives', async () => {
    const nothing = np.zeros([3, 5], { dtype: 'bool' });
    const mean = (): Tensor => np.broadcastTo(np.mean(v, { axis: 0 }), [3, 4, 2]);
    await expectEqual(() => [nn.dotProductAttention(q, k, v, { mask: nothing }), mean()]);
    await expectEqual(() => [nnx.dotProductAttention(q, k, v, { mask: nothing }), mean()]);
    const weights = (q: Tensor, k: Tensor): Tensor => np.sum(np.square(nnx.dotProductAttentionWeights(q, k, { mask: nothing })));
    const finite = on(() => grad(weights, { argnums: [0, 1] })(q, k).map((gradient) => np.all(np.isfinite(gradient))));
    expect(await Promise.all(finite.map((tensor) => tensor.item()))).toEqual([true, true]);
  });

  test('derivatives', async () => {
    const attend = (q: Tensor, k: Tensor, v: Tensor): Tensor => nn.dotProductAttention(q, k, v, { mask, isCausal: true });
    await checkGrads(attend, [resident(q), resident(k), resident(v)]);
  });

  test('of float16 is computed in float32', async () => {
    const half = on(() => [q, k, v].map((tensor) => tensor.astype('float16')) as [Tensor, Tensor, Tensor]);
    const [exact, rounded] = on(() => [nn.dotProductAttention(q, k, v), nn.dotProductAttention(...half)]);
    expect(rounded.dtype).toBe('float16');
    await assertAllClose(on(() => rounded.astype('float32')), exact, { rtol: 5e-3, atol: 1e-3 });
  });

  test('dropout at rate 1 drops all, and without a key is an error', async () => {
    const everything = { dropoutRate: 1, dropoutRng: random.key(0) };
    await expectEqual(() => [nnx.dotProductAttention(q, k, v, everything), np.zeros([3, 4, 2])]);
    expect(codeOf(() => on(() => nnx.dotProductAttention(q, k, v, { dropoutRate: 0.5 })))).toBe('RNG');
    await expectEqual(() => [
      nnx.dotProductAttention(q, k, v, { dropoutRate: 0.5, deterministic: true }),
      nnx.dotProductAttention(q, k, v),
    ]);
  });
});

describe('MultiHeadAttention', () => {
  test('takes queries alone, queries and the rest, or all three, each with options', async () => {
    const y = normal(5, 2, 3, 8);
    await expectEqual(() => [plain.forward(x), plain.forward(x, x, x)]);
    await expectEqual(() => [plain.forward(x, null, null, { mask }), plain.forward(x, { mask })]);
    await expectEqual(() => [plain.forward(y, x, { mask }), plain.forward(y, x, x, { mask })]);
  });

  test('with as many heads for keys as for queries is the one without groups', async () => {
    await expectEqual(() => [layer({ numKvHeads: 4 }).forward(x), plain.forward(x)]);
  });

  test('isCausal is the causal mask', async () => {
    await expectEqual(() => [
      plain.forward(x, { isCausal: true }),
      plain.forward(x, { mask: nnx.makeCausalMask(np.ones([2, 5])) }),
    ]);
  });

  test('its own function for attention', async () => {
    const attentionFn: nnx.AttentionFn = (query, key, value, options) => nnx.dotProductAttention(query, key, value, options);
    await expectEqual(() => [layer({ attentionFn }).forward(x), plain.forward(x)]);
  });

  test('the weights go to capture', async () => {
    const [y, captured] = on(nnx.capture(() => plain.forward(x, { sowWeights: true })));
    const [[path, { value: weights }]] = [...captured] as [[string, nnx.Variable]];
    expect([captured.size, path, weights.shape]).toEqual([1, 'attention_weights/0', [2, 4, 5, 5]]);
    await expectEqual(() => [np.sum(weights, { axis: -1 }), np.ones([2, 4, 5])]);
    await expectEqual(() => [y, plain.forward(x)]);
  });

  test('gradients of all parameters', async () => {
    const attention = layer({ numKvHeads: 2, normalizeQk: true });
    const params = [...attention.split()[0]].map(([, variable]) => variable);
    const values = params.map(({ value }) => resident(value));
    const loss = (values: Tensor[]): Tensor => {
      params.forEach((param, i) => (param.value = values[i]!));
      return attention.forward(x, { isCausal: true });
    };
    await checkGrads(loss, [values]);
  });
});

describe('decoding', () => {
  /** Position by position. */
  const decoded = (attention: nnx.MultiHeadAttention, input: Tensor): Tensor => {
    const step = jit((attention: nnx.MultiHeadAttention, x: Tensor) => attention.forward(x, { decode: true }));
    attention.initCache(input.shape);
    return np.concatenate(np.split(input, 5, { axis: 1 }).map((x) => step(attention, x)), { axis: 1 });
  };

  test.each([4, 2, 1])('gives what causal attention gives, with %i heads of keys', async (numKvHeads) => {
    const attention = layer({ numKvHeads, normalizeQk: true });
    await expectEqual(() => [decoded(attention, x), attention.forward(x, { isCausal: true })]);
    expect(await attention.cache_index!.value.item()).toBe(5);
  });

  test('begins anew after initCache, and without a batch axis', async () => {
    await expectEqual(() => [decoded(plain, x), decoded(plain, x)]);
    const one = on(() => np.take(x, 0, { axis: 0 }));
    on(() => plain.initCache([5, 8]));
    const steps = on(() => [0, 1].map((i) => plain.forward(one.slice([i, i + 1]), { decode: true })));
    await expectEqual(() => [np.concatenate(steps), plain.forward(one, { isCausal: true }).slice([0, 2])]);
  });

  test('through a view, which shares the cache', async () => {
    on(() => plain.initCache(x.shape));
    const decoder = nnx.view(plain, { decode: true });
    const first = (sequence: Tensor): Tensor => sequence.slice('...', [0, 1], [0, 8]);
    await expectEqual(() => [decoder.forward(first(x)), first(plain.forward(x, { isCausal: true }))]);
    expect(await plain.cache_index!.value.item()).toBe(1);
  });

  test('is a loop inside of scan', async () => {
    const steps = on(() => np.moveaxis(x, 1, 0));
    const [, ys] = on(() => {
      plain.initCache(x.shape);
      return lax.scan((carry, x: Tensor) => [carry, plain.forward(np.expandDims(x, 1), { decode: true })], null, steps);
    });
    await expectEqual(() => [np.moveaxis(ys, 0, 1).reshape([2, 5, 8]), plain.forward(x, { isCausal: true })]);
  });

  test('hides what the mask hides, and needs no isCausal', async () => {
    const masked = (input: Tensor): Tensor => {
      plain.initCache(input.shape);
      const steps = np.split(input, 5, { axis: 1 });
      return np.concatenate(steps.map((x) => plain.forward(x, { decode: true, mask, isCausal: true })), { axis: 1 });
    };
    await expectEqual(() => [masked(x), plain.forward(x, { mask, isCausal: true })]);
  });

  test('behind the end of the cache fails, in jit as well', async () => {
    const attention = layer({ decode: true });
    const one = on(() => x.slice('...', [0, 1], [0, 8]));
    on(() => attention.initCache([2, 1, 8]));
    const step = jit((attention: nnx.MultiHeadAttention, x: Tensor) => attention.forward(x));
    await on(() => step(attention, one)).ready();
    await expect(on(() => step(attention, one)).data()).rejects.toThrow('the cache of 1 positions is full');
    on(() => attention.initCache([2, 1, 8]));
    on(() => attention.forward(one));
    expect(codeOf(() => on(() => attention.forward(one)))).toBe('CHECK');
  });
});

describe('dropout', () => {
  const make = (options: Partial<nnx.MultiHeadAttentionOptions> = {}): nnx.MultiHeadAttention =>
    layer({ dropoutRate: 0.5, ...options });

  test('draws from its own stream, or from that of the call', async () => {
    const attention = make({ deterministic: false });
    const [first, second] = on(() => [attention.forward(x), attention.forward(x)]);
    expect(await on(() => np.allclose(first, second)).item()).toBe(false);
    expect(await attention.rngs!.count.value.item()).toBe(2);
    const given = (): Tensor => attention.forward(x, { rngs: new nnx.Rngs(3) });
    await expectEqual(() => [given(), given()]);
  });

  test('needs to know, and needs a key', () => {
    expect(codeOf(() => on(() => make().forward(x)))).toBe('VALUE');
    expect(codeOf(() => on(() => make({ keepRngs: false }).forward(x, { deterministic: false })))).toBe('RNG');
    expect(make({ keepRngs: false }).rngs).toBe(null);
    expect(plain.rngs).toBe(null);
  });

  test('is off where the call or a view says so', async () => {
    const attention = make({ deterministic: false });
    await expectEqual(() => [attention.forward(x, { deterministic: true }), plain.forward(x)]);
    await expectEqual(() => [nnx.view(attention, { deterministic: true }).forward(x), plain.forward(x)]);
  });
});
