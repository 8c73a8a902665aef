/** Flax's tests of random streams as behaviours, under their names. */
import { expect, it } from 'vitest';
import { Module, Param, Rngs, cpu, jit, nnx, np, random, vmap, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const exact = { rtol: 0, atol: 0 };
const countOf = (stream: nnx.RngStream): Promise<unknown> => stream.count.value.array();

class Model extends Module {
  readonly linear: nnx.Linear;
  readonly dropout: nnx.Dropout;

  constructor(rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(2, 3, { rngs });
    this.dropout = new nnx.Dropout(0.5, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.linear.forward(x));
  }
}

it('test_fallback: a name without a stream draws from the default one', async () => {
  const rngs = on(() => new Rngs(0));
  await assertAllClose(on(() => rngs.dropout()), on(() => random.foldIn(random.key(0), 0)), exact);
  expect([rngs.has('dropout'), rngs.stream('dropout') === rngs.stream()]).toEqual([false, true]);
});

it('test_fallback_error_no_default: without one there is an error with the names that there are', () => {
  const rngs = on(() => new Rngs({ some: 0, other: 1 }));
  expect(() => rngs.dropout()).toThrow(/\[RNG\] there is no stream 'dropout' and no default stream; the streams are some, other/);
});

it('test_rng_trace_level_constraints: captured streams advance, leaked ones are an error', async () => {
  const rngs = on(() => new Rngs(0));
  const draw = jit(() => rngs.params(), { device: cpu });
  const [first, second] = [draw(), draw()];
  await assertAllClose([first, second], on(() => [0, 1].map((count) => random.foldIn(random.key(0), count))), exact);
  expect(await countOf(rngs.stream())).toBe(2);
  let leaked!: Rngs;
  jit(() => {
    leaked = new Rngs(1);
  }, { device: cpu })();
  expect(codeOf(() => on(() => leaked.params()))).toBe('LEAKED_TRACER');
});

it('test_jit_updates: counts go on through jit', async () => {
  class Foo extends Module {
    readonly linear: nnx.Linear;
    readonly dropout: nnx.Dropout = new nnx.Dropout(0.5);

    constructor(rngs: Rngs) {
      super();
      this.linear = new nnx.Linear(2, 2, { rngs });
    }

    forward(x: Tensor, rngs: Rngs): Tensor {
      return this.dropout.forward(this.linear.forward(x), { rngs });
    }
  }
  const rngs = on(() => new Rngs(0));
  const foo = on(() => new Foo(rngs));
  expect(await countOf(rngs.stream())).toBe(2);
  const twice = jit((m: Foo, x: Tensor, rngs: Rngs) => m.forward(m.forward(x, rngs), rngs), { device: cpu });
  twice(foo, np.ones([2, 2]), rngs);
  expect(await countOf(rngs.stream())).toBe(4);
});

it('test_lifting_rng_state: the keys of one stream split, the rest mapped by hand', async () => {
  class Foo extends Module {
    readonly rngs: Rngs;
    readonly linear: nnx.Linear;
    readonly dropout: nnx.Dropout = new nnx.Dropout(0.5);

    constructor(rngs: Rngs) {
      super();
      this.rngs = rngs;
      this.linear = new nnx.Linear(2, 3, { rngs });
    }

    forward(x: Tensor): Tensor {
      return this.dropout.forward(this.linear.forward(x), { rngs: this.rngs });
    }
  }
  const foo = on(() => new Foo(new Rngs({ params: 0, dropout: 1 })));
  const [graphdef, params, counts, dropoutKeys, paramKeys] = nnx.split(foo, Param, nnx.RngCount, 'dropout', 'params');
  expect([counts.size, dropoutKeys.size, paramKeys.size]).toEqual([2, 1, 1]);
  const [stackedKeys, stackedParams] = on(() => {
    const stacked = params.map((_, variable) => variable.with(np.broadcastTo(variable.value, [4, ...variable.shape])));
    return [dropoutKeys.map((_, variable) => variable.with(random.split(variable, 4))), stacked] as const;
  });
  const [y, newParams, newCounts] = on(() =>
    vmap(
      (params: nnx.State, keys: nnx.State, paramKeys: nnx.State, counts: nnx.State, x: Tensor) => {
        const m = nnx.merge(graphdef, params, keys, paramKeys, counts);
        const out = m.forward(x);
        const [, params2, counts2] = nnx.split(m, Param, nnx.RngCount, nnx.rest);
        return [out, params2, counts2] as const;
      },
      { inAxes: [0, 0, null, null, 0], outAxes: [0, 0, null] },
    )(stackedParams, stackedKeys, paramKeys, counts, np.ones([4, 1, 2])),
  );
  nnx.update(foo, newParams, dropoutKeys, newCounts, paramKeys);
  expect([y.shape, foo.linear.kernel.shape]).toEqual([[4, 1, 3], [4, 2, 3]]);
  expect([await countOf(foo.rngs.stream('params')), await countOf(foo.rngs.stream('dropout'))]).toEqual([2, 1]);
});

it('test_reseed: a stream begins again', async () => {
  const model = on(() => new Model(new Rngs({ params: 0, dropout: 42 })));
  const x = np.ones([1, 2]);
  const first = on(() => model.forward(x));
  on(() => nnx.reseed(model, { dropout: 42 }));
  await assertAllClose(on(() => model.forward(x)), first, exact);
  expect(codeOf(() => on(() => nnx.reseed(model, { noise: 1 })))).toBe('RNG');
});

it('test_reseed: streams that are split take a policy', async () => {
  const rngs = on(() => new Rngs({ params: 0 }).split(3));
  expect(codeOf(() => on(() => nnx.reseed(rngs, { params: 1 })))).toBe('RNG');
  on(() => nnx.reseed(rngs, { params: 1 }, { policy: 'matchShape' }));
  const { key } = rngs.stream('params');
  await assertAllClose(key.value, on(() => random.split(new Rngs(1).makeRng(), 3)), exact);
  on(() => nnx.reseed(rngs, { params: 1 }, { policy: (key, shape) => np.broadcastTo(key, [...shape, 2]) }));
  await assertAllClose(np.slice(key.value, 2), on(() => new Rngs(1).makeRng()), exact);
});

it('test_split_rngs: in place, and back', async () => {
  const rngs = on(() => new Rngs({ params: 0, dropout: 1 }));
  const shapes = (): unknown => rngs.items().map(([, { key, count }]) => [key.shape, count.shape]);
  const backups = on(() => nnx.splitRngs(rngs, { splits: 5 }));
  expect(shapes()).toEqual([[[5, 2], [5]], [[5, 2], [5]]]);
  backups.restore();
  expect(shapes()).toEqual([[[2], []], [[2], []]]);
  expect(await countOf(rngs.stream('params'))).toBe(1);
  const inside = on(() => nnx.splitRngs(rngs, { splits: [2, 3], only: 'dropout' }, shapes));
  expect(inside).toEqual([[[2], []], [[2, 3, 2], [2, 3]]]);
  expect(shapes()).toEqual([[[2], []], [[2], []]]);
  const fails = (): never => {
    throw new RangeError('on purpose');
  };
  expect(() => on(() => nnx.splitRngs(rngs, { splits: 5 }, fails))).toThrow(RangeError);
  expect(shapes()).toEqual([[[2], []], [[2], []]]);
});

it('test_split_rngs: a mapped model draws differently for every element', async () => {
  const model = on(() => new Model(new Rngs(0)));
  const axes = nnx.stateAxes([[nnx.RngState, 0], [nnx.rest, null]]);
  const mapped = vmap((m: Model, x: Tensor) => m.dropout.forward(x), { inAxes: [axes, 0] });
  const run = (): Tensor => nnx.splitRngs(model, { splits: 8 }, () => mapped(model, np.ones([8, 16])));
  const rows = await on(run).array<number[][]>();
  expect(new Set(rows.map(String)).size).toBe(8);
  const again = await jit(run, { device: cpu })().array<number[][]>();
  expect(again).not.toEqual(rows);
  expect(model.dropout.rngs!.key.shape).toEqual([2]);
  expect(await countOf(model.dropout.rngs!)).toBe(2);
});

it('test_fork_rngs: new keys for a while', async () => {
  const rngs = on(() => new Rngs({ params: 0, dropout: 1 }));
  const keys = (): Tensor[] => rngs.items().map(([, { key }]) => key.value);
  const read = (tensors: readonly Tensor[]): Promise<unknown[]> => Promise.all(tensors.map((tensor) => tensor.array()));
  const before = await read(keys());
  const forked = await read(on(() => nnx.forkRngs(rngs, {}, keys)));
  for (const [i, key] of forked.entries()) expect(key).not.toEqual(before[i]);
  expect(await read(keys())).toEqual(before);
  on(() => nnx.forkRngs(rngs, { only: 'dropout' }));
  const [params, dropout] = await read(keys());
  expect(params).toEqual(before[0]);
  expect(dropout).not.toEqual(before[1]);
  expect(codeOf(() => on(() => nnx.forkRngs(rngs, {}, async () => {})))).toBe('PROMISE');
});

it('test_split_mapping_first_matching_filter_wins: each stream by its name, the others as they are', () => {
  const rngs = on(() => new Rngs({ params: 0, dropout: 1, noise: 2 }));
  const split = on(() => rngs.split({ params: 4, dropout: [2, 3], noise: null }));
  expect(split.items().map(([, { key }]) => key.shape)).toEqual([[4, 2], [2, 3, 2], [2]]);
  expect(split.stream('noise')).toBe(rngs.stream('noise'));
});

it('test_rngs_broadcast: the same key for every element', async () => {
  const rngs = on(() => new Rngs({ params: 0, dropout: 1 }));
  const broadcast = on(() => rngs.broadcast(3));
  const { key, count } = broadcast.stream('dropout');
  expect([key.shape, count.shape]).toEqual([[3, 2], [3]]);
  const drawn = on(() => vmap((rngs: Rngs) => rngs.dropout())(broadcast));
  const expected = on(() => np.broadcastTo(random.foldIn(new Rngs(1).makeRng(), 0), [3, 2]));
  await assertAllClose(drawn, expected, exact);
});

it('test_random_helpers: the samplers of streams', async () => {
  const rngs = on(() => new Rngs({ default: 0, params: 1 }));
  const keyOf = (seed: number, count: number): Tensor => random.foldIn(random.key(seed), count);
  const pairs = on(() => [
    [rngs.normal([2, 3]), random.normal(keyOf(0, 0), [2, 3])],
    [rngs.stream('params').uniform([2, 3], { minval: -1 }), random.uniform(keyOf(1, 0), [2, 3], { minval: -1 })],
    [rngs.bits([2]), random.bits(keyOf(0, 1), [2])],
    [rngs.truncatedNormal(-1, 1, [2]), random.truncatedNormal(keyOf(0, 2), -1, 1, [2])],
    [rngs.exponential([2]), random.exponential(keyOf(0, 3), [2])],
    [rngs.gumbel([2]), random.gumbel(keyOf(0, 4), [2])],
    [rngs.laplace([2]), random.laplace(keyOf(0, 5), [2])],
    [rngs.logistic([2]), random.logistic(keyOf(0, 6), [2])],
    [rngs.categorical(np.zeros([4])), random.categorical(keyOf(0, 7), np.zeros([4]))],
    [rngs.bernoulli(0.5, [4]), random.bernoulli(keyOf(0, 8), 0.5, [4])],
    [rngs.rademacher([4]), random.rademacher(keyOf(0, 9), [4])],
    [rngs.randint([4], 0, 9), random.randint(keyOf(0, 10), [4], 0, 9)],
    [rngs.permutation(5), random.permutation(keyOf(0, 11), 5)],
    [rngs.choice(5, [2]), random.choice(keyOf(0, 12), 5, [2])],
  ]);
  for (const [drawn, expected] of pairs) await assertAllClose(drawn!, expected!, exact);
});
