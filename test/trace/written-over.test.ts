/** Jitted steps write the new values of Variables over the old ones, where nobody else has these; everybody else keeps theirs. */
import { afterEach, describe, expect, test } from 'vitest';
import { Module, Param, State, grad, init, jit, lax, nnx, np, scope, sync } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose, openCountingDevice } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

const wgsl = useWgsl();

/** Elements that are on the device. */
const onDevice = (...values: number[]): Tensor => np.array(values).add(0);

class Counter extends Module {
  readonly w: Param;
  readonly b: Param;

  constructor(w: number, b: number) {
    super();
    this.w = new Param(onDevice(w, w));
    this.b = new Param(onDevice(b, b));
  }
}

/** One program for all tests that need no other. */
const step = jit((model: Counter, x: Tensor): Tensor => {
  const sum = model.w.value.add(model.b.value);
  model.w.update((w) => w.add(x));
  model.b.update((b) => b.add(1));
  return sum;
});

const x = np.array([1, 2]);

describe('a steady loop', () => {
  test('makes no buffer and no bind group but for what it returns, and keeps as many storages', async () => {
    const model = new Counter(0, 0);
    for (let i = 0; i < 4; i++) step(model, x).dispose();
    const { holders } = wgsl.device.memory();
    const count = (list: typeof holders): number => list.reduce((sum, holder) => sum + holder.count, 0);
    wgsl.reset();
    for (let i = 0; i < 20; i++) step(model, x).dispose();
    expect(wgsl.counts).toMatchObject({ buffers: 0, bindGroups: 0, compiles: 0, submits: 20 });
    expect(count(wgsl.device.memory().holders)).toBe(count(holders));
    await assertAllClose([model.w.value, model.b.value], [np.array([24, 48]), np.array([24, 24])]);
    expect(step.stats().traces).toBe(1);
  });

  test('two models in turn settle, too', async () => {
    const models = [new Counter(0, 0), new Counter(10, 0)];
    const turn = (): void => models.forEach((model) => step(model, x).dispose());
    for (let i = 0; i < 4; i++) turn();
    wgsl.reset();
    for (let i = 0; i < 4; i++) turn();
    expect(wgsl.counts).toMatchObject({ buffers: 0, bindGroups: 0, compiles: 0, submits: 8 });
    await assertAllClose(models.map(({ w }) => w.value), [np.array([8, 16]), np.array([18, 26])]);
  });
});

describe('values that somebody keeps', () => {
  test('a value, an alias of it, a State and a clone stay what they were', async () => {
    const model = new Counter(1, 2);
    step(model, x);
    const value = model.w.value;
    const alias = value.alias();
    const copy = nnx.clone(model);
    const [, state] = nnx.split(nnx.clone(model));
    for (let i = 0; i < 3; i++) step(model, x);
    value.dispose();
    for (let i = 0; i < 3; i++) step(model, x);
    await assertAllClose(alias, np.array([2, 3]));
    await assertAllClose([copy.w.value, copy.b.value], [np.array([2, 3]), onDevice(3, 3)]);
    expect(state).toBeInstanceOf(State);
    await assertAllClose([...state.values()].map((variable) => variable.value), [onDevice(3, 3), np.array([2, 3])]);
    await assertAllClose([model.w.value, model.b.value], [np.array([8, 15]), np.array([9, 9])]);
  });

  test('a value of each step', async () => {
    const model = new Counter(0, 0);
    const kept: Tensor[] = [];
    for (let i = 0; i < 4; i++) {
      step(model, x);
      kept.push(model.w.value);
    }
    await assertAllClose(kept, [1, 2, 3, 4].map((n) => np.array([n, 2 * n])));
  });

  test('a read that is pending', async () => {
    const model = new Counter(0, 0);
    step(model, x);
    const before = model.w.value.data();
    for (let i = 0; i < 3; i++) step(model, x);
    expect([...(await before)]).toEqual([1, 2]);
    expect([...(await model.w.value.data())]).toEqual([4, 8]);
  });

  test('a tensor that a function captured', async () => {
    const model = new Counter(0, 0);
    step(model, x);
    const captured = model.w.value;
    const read = jit((y: Tensor) => y.add(captured));
    await assertAllClose(read(x), np.array([2, 4]));
    captured.dispose();
    for (let i = 0; i < 3; i++) step(model, x);
    await assertAllClose(read(x), np.array([2, 4]));
  });

  test('in a scope, Variables keep what was written to them', async () => {
    const model = new Counter(0, 0);
    for (let i = 0; i < 3; i++) scope(() => step(model, x));
    const last = scope(() => {
      step(model, x);
      return { w: model.w.value };
    });
    step(model, x);
    await assertAllClose([last.w, model.w.value], [np.array([4, 8]), np.array([5, 10])]);
  });
});

describe('values that are one', () => {
  test('the old value is returned, two Variables swap, two get one value', async () => {
    const model = new Counter(1, 5);
    const mix = jit(({ w, b }: Counter): Tensor => {
      const old = w.value;
      [w.value, b.value] = [b.value, old];
      return old;
    });
    const olds = [1, 2, 3].map(() => mix(model));
    await assertAllClose(olds, [onDevice(1, 1), onDevice(5, 5), onDevice(1, 1)]);
    const unite = jit(({ w, b }: Counter) => {
      const sum = w.value.add(b.value);
      [w.value, b.value] = [sum, sum];
    });
    for (let i = 0; i < 2; i++) unite(model);
    await assertAllClose([model.w.value, model.b.value], [onDevice(12, 12), onDevice(12, 12)]);
    step(model, x);
    await assertAllClose([model.w.value, model.b.value], [np.array([13, 14]), onDevice(13, 13)]);
  });

  test('one tensor in two Variables', async () => {
    const model = new Counter(0, 0);
    const shared = onDevice(7, 7);
    [model.w.value, model.b.value] = [shared, shared];
    for (let i = 0; i < 3; i++) step(model, x);
    await assertAllClose([model.w.value, model.b.value, shared], [np.array([10, 13]), onDevice(10, 10), onDevice(7, 7)]);
  });
});

describe('writes from outside', () => {
  test('between two calls: another tensor, a number of another kind, a value from the host', async () => {
    const model = new Counter(0, 0);
    step(model, x);
    model.w.value = onDevice(100, 100);
    step(model, x);
    step(model, x);
    await assertAllClose(model.w.value, np.array([102, 104]));
    model.w.value = Float32Array.of(1, 1);
    step(model, x);
    step(model, x);
    await assertAllClose(model.w.value, np.array([3, 5]));
  });

  test('by eager operations and gradients, and after dispose()', async () => {
    const model = new Counter(1, 1);
    step(model, x);
    model.w.update((w) => w.mul(3));
    step(model, x);
    const slope = grad((net: Counter) => {
      net.b.update((b) => b.add(1));
      return np.sum(net.w.value.mul(2));
    })(model);
    step(model, x);
    await assertAllClose([model.w.value, model.b.value], [np.array([8, 13]), onDevice(5, 5)]);
    await assertAllClose(slope.get('w').value, onDevice(2, 2));
    const reset = jit((y: Tensor) => {
      model.w.value = y;
    });
    for (let i = 0; i < 2; i++) {
      model.w.dispose();
      expect(() => step(model, x)).toThrow('DISPOSED');
      reset(x);
      await assertAllClose(model.w.value, x);
    }
  });

  test('a donated argument beside a model', async () => {
    const model = new Counter(0, 0);
    const add = jit((net: Counter, y: Tensor) => net.w.update((w) => w.add(y)), { donate: [1] });
    const given = [onDevice(1, 1), onDevice(2, 2), onDevice(3, 3)];
    for (const y of given) add(model, y);
    expect(given.map(({ disposed }) => disposed)).toEqual([true, true, true]);
    await assertAllClose(model.w.value, onDevice(6, 6));
  });

  test('a loop over a model outside of jit sees the values that steps wrote', async () => {
    const model = new Counter(0, 0);
    step(model, x);
    step(model, x);
    const total = lax.foriLoop(0, 2, (_: Tensor, sum: Tensor) => sum.add(model.w.value), np.zeros([2]));
    step(model, x);
    await assertAllClose([total, model.w.value], [np.array([4, 8]), np.array([3, 6])]);
  });
});

describe('memory', () => {
  afterEach(async () => {
    await init({ device: (await openCountingDevice()).device, host: 'never' });
  });

  test('a loop that keeps nothing, and waits, stays where it was; a budget it exceeds leaves the model as it was', async () => {
    const { device, memory } = await openCountingDevice();
    await init({ device, host: 'never', memoryBudget: 40 * 2 ** 20 });
    const model = new Counter(0, 0);
    step(model, x);
    await sync();
    const { live } = memory;
    for (let i = 0; i < 100; i++) step(model, x).dispose();
    await sync();
    expect(memory.live - live).toBeLessThan(4096);
    const wide = jit((net: Counter, y: Tensor) => {
      net.w.update((w) => w.add(y));
      return np.zeros([2 ** 22]).add(net.w.value.sum());
    });
    const held = [wide(model, x), wide(model, x)];
    expect(() => held.push(wide(model, x))).toThrow('MEMORY');
    await assertAllClose(model.w.value, np.array([103, 206]));
    held[0]!.dispose();
    step(model, x);
    await assertAllClose([model.w.value, model.b.value], [np.array([104, 208]), onDevice(102, 102)]);
  });
});
