/** Calls like an earlier one are served without a look at a key: everything that a trace depends on must still be seen. */
import { describe, expect, test } from 'vitest';
import { BatchStat, HeddleError, Module, Param, cpu, disableJit, jit, lax, nnx, np, random, withDevice } from '../../src/index.ts';
import type { Tensor, Variable } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const vector = (...values: number[]): Tensor => np.array(values);

class Inner extends Module {
  readonly w: Param;
  gain: number = 1;

  constructor(value: number) {
    super();
    this.w = new Param(vector(value, value));
  }
}

class Net extends Module {
  rate: number = 2;
  bias: number | undefined = undefined;
  readonly flags: number[] = [1, 2];
  readonly options: { deep: { n: number; more?: number } } = { deep: { n: 3 } };
  readonly weights: Map<string, number> = new Map([['a', 1]]);
  readonly chosen: Set<number> = new Set([1]);
  readonly named: Map<string, Param> = new Map([['a', new Param(vector(5, 5))]]);
  activation: (x: Tensor) => Tensor = (x) => x;
  inner: Inner = new Inner(1);
  layers: Inner[] = [new Inner(2)];
  w: Variable = new Param(vector(3, 4), { note: 'first' });
  extra?: number;

  forward(x: Tensor): Tensor {
    const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);
    const { n, more = 0 } = this.options.deep;
    const factor = this.rate + sum(this.flags) + n + more + sum(this.weights.values()) + sum(this.chosen) + (this.extra ?? 0);
    let y = this.activation(x.mul(factor).add(this.bias ?? 0));
    for (const { w, gain } of [this.inner, ...this.layers]) y = y.mul(w.value.mul(gain).sum());
    for (const { value } of this.named.values()) y = y.add(value.sum());
    return y.add(this.w.value.sum()).add(this.w instanceof BatchStat ? 100 : 0).add(Number(this.w.metadata['shift'] ?? 0));
  }
}

interface Change {
  readonly what: string;
  readonly make: (net: Net) => void;
}

const CHANGES: readonly Change[] = [
  { what: 'a static number', make: (net) => (net.rate = 7) },
  { what: 'a static number to NaN', make: (net) => (net.rate = Number.NaN) },
  { what: 'a static function', make: (net) => (net.activation = (x) => x.neg()) },
  { what: 'a field that was undefined', make: (net) => (net.bias = 1) },
  { what: 'an item of a static array', make: (net) => (net.flags[0] = 9) },
  { what: 'the length of a static array', make: (net) => net.flags.push(4) },
  { what: 'a field deep in a static object', make: (net) => (net.options.deep.n = 8) },
  { what: 'another field deep in a static object', make: (net) => (net.options.deep.more = 1) },
  { what: 'a new static field', make: (net) => (net.extra = 1) },
  { what: 'a static field of a submodule', make: (net) => (net.inner.gain = 2) },
  { what: 'a static field of a module in an array', make: (net) => (net.layers[0]!.gain = 2) },
  { what: 'a further module in an array', make: (net) => net.layers.push(new Inner(3)) },
  { what: 'no module in an array', make: (net) => net.layers.pop() },
  { what: 'a further Variable in a Map', make: (net) => net.named.set('b', new Param(vector(1))) },
  { what: 'a Variable of another class', make: (net) => (net.w = new BatchStat(vector(3, 4))) },
  { what: 'a Variable of another shape', make: (net) => (net.w = new Param(vector(1, 2, 3))) },
  { what: 'a value of another shape', make: (net) => (net.w.value = vector(1, 2, 3)) },
  { what: 'a value of another dtype', make: (net) => (net.w.value = np.array([1, 2], { dtype: 'int32' })) },
  { what: 'the metadata of a Variable', make: (net) => net.w.setMetadata({ shift: 5 }) },
  { what: 'metadata, in place', make: (net) => Object.assign(net.w.metadata, { shift: 5 }) },
  { what: 'a Variable that is shared', make: (net) => (net.layers[0] = net.inner) },
];

/** Calls that need no new trace, but other objects or values. */
const SERVED: readonly Change[] = [
  { what: 'nothing', make: () => undefined },
  { what: 'the value of a Variable', make: (net) => (net.w.value = vector(8, 9)) },
  { what: 'the value of a Variable, by an element', make: (net) => net.inner.w.update((w) => w.mul(2)) },
  { what: 'a static array by an equal one', make: (net) => Object.assign(net, { flags: [1, 2] }) },
];

/** What nobody sees but the traced function itself. */
const BY_IDENTITY: readonly Change[] = [
  { what: 'a static Map, replaced', make: (net) => Object.assign(net, { weights: new Map([['a', 4]]) }) },
  { what: 'a static Set, replaced', make: (net) => Object.assign(net, { chosen: new Set([5]) }) },
];

describe('a change between two calls', () => {
  const x = vector(1, -1);

  async function check({ make }: Change): Promise<number> {
    const net = new Net();
    const f = jit((model: Net, input: Tensor) => model.forward(input), { device: cpu });
    for (let i = 0; i < 3; i++) await assertAllClose(f(net, x), net.forward(x));
    expect(f.stats()).toMatchObject({ traces: 1, hits: 2 });
    make(net);
    for (let i = 0; i < 2; i++) await assertAllClose(f(net, x), net.forward(x));
    return f.stats().traces;
  }

  test.each([...CHANGES, ...BY_IDENTITY])('$what: is traced again', async (change) => {
    expect(await check(change)).toBe(2);
  });

  test.each(SERVED)('$what: is served', async (change) => {
    expect(await check(change)).toBe(1);
  });

  test('a change and back: both traces are known', async () => {
    const net = new Net();
    const f = jit((model: Net, input: Tensor) => model.forward(input), { device: cpu });
    for (const rate of [1, 2, 1, 2]) {
      net.rate = rate;
      await assertAllClose(f(net, x), net.forward(x));
    }
    expect(f.stats()).toMatchObject({ traces: 2, hits: 2 });
  });

  test('another Variable of the same kind in its place: its value is read and written', async () => {
    const net = new Net();
    const f = jit((model: Net) => model.w.update((w) => w.add(1)), { device: cpu });
    const first = net.w;
    f(net);
    f(net);
    net.w = new Param(vector(10, 20));
    f(net);
    f(net);
    await assertAllClose([first.value, net.w.value], [vector(5, 6), vector(12, 22)]);
  });
});

describe('the other arguments', () => {
  const build = () => {
    const net = new Net();
    const f = jit(
      (model: Net, batch: { readonly x: Tensor | Float32Array; readonly scale?: number }, mode: string | null | undefined) =>
        model.w.value.sum().mul(np.multiply(batch.x as Tensor, batch.scale ?? 1)).add(mode === 'plus' ? 1 : mode === null ? 2 : 0),
      { device: cpu },
    );
    return { net, f };
  };

  test('tensors, typed arrays and equal static values are served; the order of keys does not matter', async () => {
    const { net, f } = build();
    await assertAllClose(f(net, { x: vector(1), scale: 2 }, 'plus'), vector(15));
    await assertAllClose(f(net, { scale: 2, x: vector(2) }, 'plus'), vector(29));
    await assertAllClose(f(net, { scale: 2, x: Float32Array.of(3) }, 'plus'), vector(43));
    expect(f.stats()).toMatchObject({ traces: 1, hits: 2 });
  });

  test('another shape, dtype, static value, key or nothing is another trace', async () => {
    const { net, f } = build();
    const x = vector(1);
    await assertAllClose(f(net, { x, scale: 2 }, 'plus'), vector(15));
    await assertAllClose(f(net, { x, scale: 3 }, 'plus'), vector(22));
    await assertAllClose(f(net, { x }, 'plus'), vector(8));
    await assertAllClose(f(net, { x }, null), vector(9));
    await assertAllClose(f(net, { x }, undefined), vector(7));
    await assertAllClose(f(net, { x: vector(1, 2) }, undefined), vector(7, 14));
    await assertAllClose(f(net, { x: np.array([1], { dtype: 'int32' }) }, undefined), vector(7));
    expect(f.stats()).toMatchObject({ traces: 7, hits: 0 });
  });

  test('modules inside of arrays and objects are found there', async () => {
    const [a, b] = [new Inner(1), new Inner(2)];
    const f = jit(({ models: [p, q] }: { models: Inner[] }) => p!.w.value.mul(10).add(q!.w.value), { device: cpu });
    await assertAllClose([f({ models: [a, b] }), f({ models: [a, b] }), f({ models: [b, a] })], [
      vector(12, 12), vector(12, 12), vector(21, 21),
    ]);
    await assertAllClose(f({ models: [a, a] }), vector(11, 11));
  });
});

test('arguments that contain themselves are refused, as ever', () => {
  const f = jit((net: Inner, tree: unknown[]) => net.w.value.mul(tree.length), { device: cpu });
  const model = new Inner(1);
  f(model, []);
  const tree: unknown[] = [];
  tree.push(tree);
  expect(() => f(model, tree)).toThrow('the tree contains itself');
});

describe('what surrounds a call', () => {
  test('two models in turn, and a model of two functions', async () => {
    const [a, b] = [new Inner(0), new Inner(10)];
    const add = jit((model: Inner) => model.w.update((w) => w.add(1)), { device: cpu });
    const double = jit((model: Inner) => model.w.update((w) => w.mul(2)), { device: cpu });
    for (let i = 0; i < 3; i++) {
      add(a);
      add(b);
      double(a);
    }
    await assertAllClose([a.w.value, b.w.value], [vector(14, 14), vector(13, 13)]);
    expect(add.stats().traces).toBeLessThanOrEqual(2);
  });

  test('captured Variables: their values, types and metadata', async () => {
    const outer = new Param(vector(1));
    const model = new Inner(1);
    const f = jit((net: Inner) => net.w.value.mul(outer.value.sum()).add(Number(outer.metadata['shift'] ?? 0)), { device: cpu });
    await assertAllClose([f(model), f(model)], [vector(1, 1), vector(1, 1)]);
    outer.value = vector(3);
    await assertAllClose(f(model), vector(3, 3));
    expect(f.stats().traces).toBe(1);
    outer.value = vector(1, 2, 3);
    await assertAllClose(f(model), vector(6, 6));
    outer.setMetadata({ shift: 10 });
    await assertAllClose(f(model), vector(16, 16));
    expect(f.stats().traces).toBe(3);
  });

  test('the layout of random numbers', async () => {
    const model = new Inner(1);
    const key = random.key(0);
    const f = jit((net: Inner, k: Tensor) => net.w.value.add(random.uniform(k, [2])), { device: cpu });
    const draw = (): Tensor => random.uniform(key, [2]).add(1);
    await assertAllClose([f(model, key), f(model, key)], [draw(), draw()]);
    await random.withLayout('original', async () => assertAllClose(f(model, key), draw()));
    expect(f.stats().traces).toBe(2);
  });

  test('a call inside a trace, under disableJit, and after clear()', async () => {
    let calls = 0;
    const model = new Inner(2);
    const f = jit(
      (net: Inner) => {
        calls++;
        return net.w.value.sum();
      },
      { device: cpu },
    );
    await assertAllClose([f(model), f(model)], [np.scalar(4), np.scalar(4)]);
    await assertAllClose(jit((net: Inner) => f(net).mul(2), { device: cpu })(model), np.scalar(8));
    expect(calls).toBe(1);
    await assertAllClose(withDevice(cpu, () => disableJit(() => f(model))), np.scalar(4));
    expect(calls).toBe(2);
    f.clear();
    await assertAllClose(f(model), np.scalar(4));
    expect(calls).toBe(3);
  });

  test('eager code inside a trace may neither read nor write the model, and changes nothing', async () => {
    const model = new Inner(2);
    const f = jit((net: Inner) => net.w.update((w) => w.add(1)), { device: cpu });
    f(model);
    f(model);
    expect(() => jit((x: Tensor) => lax.eager(() => (f(model), x)), { device: cpu })(vector(1))).toThrow(HeddleError);
    await assertAllClose(model.w.value, vector(4, 4));
  });

  test('a function that throws between two calls leaves everything as it was', async () => {
    const model = new Inner(1);
    const f = jit(
      (net: Inner, fail: boolean) => {
        net.w.update((w) => w.add(1));
        if (fail) throw new RangeError('no');
      },
      { device: cpu },
    );
    f(model, false);
    f(model, false);
    expect(() => f(model, true)).toThrow(RangeError);
    f(model, false);
    await assertAllClose(model.w.value, vector(4, 4));
  });

  test('a returned module and Variable are those of the call', () => {
    const f = jit((net: Inner) => ({ net, w: net.w }), { device: cpu });
    for (const model of [new Inner(1), new Inner(2)]) {
      for (let i = 0; i < 3; i++) {
        const { net, w } = f(model);
        expect([net === model, w === model.w]).toEqual([true, true]);
      }
    }
  });

  test('random streams beside the model count on', async () => {
    const [model, rngs] = [new Inner(1), new nnx.Rngs(0)];
    const f = jit((net: Inner, streams: nnx.Rngs) => net.w.value.add(random.uniform(streams.makeRng(), [2])), { device: cpu });
    const twin = new nnx.Rngs(0);
    for (let i = 0; i < 3; i++) {
      await assertAllClose(f(model, rngs), model.w.value.add(random.uniform(twin.makeRng(), [2])));
    }
    expect(f.stats().traces).toBe(1);
  });
});
