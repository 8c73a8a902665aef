/** Flax's tests of Optimizer, EMA and metrics as behaviours, under their names. */
import { describe, expect, it } from 'vitest';
import { Module, Param, Variable, cpu, grad, jit, nnx, np, random, valueAndGrad, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import * as optax from '../../../src/optax/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Model extends Module {
  readonly linear1: nnx.Linear;
  readonly linear2: nnx.Linear;

  constructor(inFeatures: number, outFeatures: number, { rngs }: { readonly rngs: nnx.Rngs }) {
    super();
    this.linear1 = new nnx.Linear(inFeatures, 3, { rngs });
    this.linear2 = new nnx.Linear(3, outFeatures, { rngs });
  }

  forward(x: Tensor): Tensor {
    return this.linear2.forward(this.linear1.forward(x));
  }
}

type Net = nnx.Linear | Model;
const NETS = { Linear: nnx.Linear, Model } as const;
const build = (name: keyof typeof NETS): Net => on(() => new NETS[name](2, 4, { rngs: new nnx.Rngs(0) }));

const X = on(() => random.normal(random.key(0), [1, 2]));
const Y = np.ones([1, 4]);
const loss = (model: Net): Tensor => np.mean(np.square(model.forward(X).sub(Y)));

describe('Optimizer', () => {
  for (const name of Object.keys(NETS) as (keyof typeof NETS)[]) {
    it(`test_split_merge: an optimizer of ${name} is taken apart and put together`, async () => {
      const model = build(name);
      const optimizer = on(() => new nnx.Optimizer(model, optax.adam(1e-3), { wrt: Param }));
      const [graphdef, state] = nnx.split(optimizer);
      const merged = nnx.merge(graphdef, state);
      expect(merged).toBeInstanceOf(nnx.Optimizer);
      for (const one of [optimizer, merged]) on(() => one.update(nnx.clone(model), grad(loss)(model)));
      await assertAllClose(merged.split()[0], optimizer.split()[0]);
    });

    for (const [tx, make] of Object.entries({ sgd: optax.sgd, adam: optax.adam })) {
      it(`test_jit: ${tx} lowers the loss of ${name}, jitted and not, by the same`, async () => {
        const after = await Promise.all(
          [(f: typeof train) => f, (f: typeof train) => jit(f, { device: cpu })].map(async (transform) => {
            const model = build(name);
            const optimizer = on(() => new nnx.Optimizer(model, make(1e-3), { wrt: Param }));
            on(() => transform(train)(model, optimizer));
            return on(() => loss(model)).item();
          }),
        );
        expect(after[0]).toBeLessThan(Number(await on(() => loss(build(name))).item()));
        expect(after[1]).toBeCloseTo(Number(after[0]), 6);
      });
    }
  }

  const train = (model: Net, optimizer: nnx.Optimizer): void => {
    optimizer.update(model, grad(loss)(model));
  };

  it('test_update: a step with gradients of every parameter', async () => {
    const model = on(() => new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) }));
    const optimizer = on(() => new nnx.Optimizer(model, optax.adamw(0.1), { wrt: Param }));
    const squares = (m: nnx.Linear): Tensor => np.sum(np.square(m.kernel.value)).add(np.sum(np.square(m.bias!.value)));
    const before = await on(() => squares(model)).item();
    on(() => optimizer.update(model, grad(squares)(model)));
    expect(await on(() => squares(model)).item()).not.toBe(before);
    expect(await optimizer.step.value.item()).toBe(1);
  });

  it('test_update_returns_updates: what was added to the parameters', async () => {
    const model = build('Model');
    const optimizer = on(() => new nnx.Optimizer(model, optax.sgd(0.5), { wrt: Param }));
    const before = nnx.clone(model).split()[0];
    const updates = on(() => optimizer.update(model, grad(loss)(model)));
    expect([...updates.keys()]).toEqual(['linear1/bias', 'linear1/kernel', 'linear2/bias', 'linear2/kernel']);
    await assertAllClose(on(() => optax.applyUpdates(before, updates)), model.split()[0]);
  });

  class LowRank extends Param {}
  class Adapted extends Module {
    readonly base: Model = new Model(4, 10, { rngs: new nnx.Rngs(0) });
    readonly a: LowRank = new LowRank(random.normal(random.key(1), [4, 2]));
    readonly b: LowRank = new LowRank(np.zeros([2, 10]));

    forward(x: Tensor): Tensor {
      return this.base.forward(x).add(x.matmul(this.a).matmul(this.b));
    }
  }
  const all = ['a', 'b', 'base/linear1/bias', 'base/linear1/kernel', 'base/linear2/bias', 'base/linear2/kernel'];
  const wholes = [
    ['Param, and so its subclasses', Param, all],
    ['a subclass', LowRank, ['a', 'b']],
    ['a predicate', (path: string) => path.startsWith('base/linear2'), ['base/linear2/bias', 'base/linear2/kernel']],
  ] as const;
  for (const [name, wrt, trained] of wholes) {
    it(`test_wrt_update: ${name} chooses what changes, and nothing else does`, async () => {
      const model = on(() => new Adapted());
      const [x, y] = [np.ones([1, 4]), np.ones([1, 10])];
      const error = (m: Adapted): Tensor => np.mean(np.square(m.forward(x).sub(y)));
      const optimizer = on(() => new nnx.Optimizer(model, optax.adam(1e-3), { wrt }));
      const read = async (): Promise<[string, unknown][]> =>
        Promise.all([...model.split()[0]].map(async ([path, { value }]) => [path, await value.array()]));
      const before = await read();
      // The first step does not move `a`, because `b` is zero.
      for (let i = 0; i < 2; i++) {
        const old = await on(() => error(model)).item();
        on(() => optimizer.update(model, grad(error, { wrt })(model)));
        expect(await on(() => error(model)).item()).toBeLessThan(Number(old));
      }
      const after = await read();
      const changed = after.filter(([, value], i) => JSON.stringify(value) !== JSON.stringify(before[i]![1]));
      expect(changed.map(([path]) => path)).toEqual(trained);
    });
  }

  it('test_metrics: a training state that holds model, optimizer and metrics', async () => {
    class Training extends Module {
      readonly model = build('Model');
      readonly optimizer = new nnx.Optimizer(this.model, optax.adam(1e-3), { wrt: Param });
      readonly metrics = new nnx.metrics.Average('loss');
    }
    const training = on(() => new Training());
    const step = jit(({ model, optimizer, metrics }: Training): void => {
      const [value, grads] = valueAndGrad(loss)(model);
      optimizer.update(model, grads);
      metrics.update({ loss: value });
    }, { device: cpu });
    step(training);
    const first = await training.metrics.compute().item();
    step(training);
    expect(await training.metrics.compute().item()).toBeLessThan(Number(first));
  });
});

describe('EMA', () => {
  const linear = (): nnx.Linear => on(() => new nnx.Linear(2, 2, { useBias: false, rngs: new nnx.Rngs(0) }));
  const double = (model: Module): void => on(() => {
    for (const variable of model.split()[0].values()) variable.update((value) => value.mul(2));
  });

  it('test_ema_initialization_and_update: begins at the values, and mixes', async () => {
    const model = linear();
    const start = model.kernel.value;
    const ema = new nnx.EMA(model, 0.9);
    await assertAllClose(ema.params.split()[0].get('kernel'), start);
    double(model);
    on(() => ema.update(model));
    await assertAllClose(ema.params.split()[0].get('kernel'), on(() => start.mul(1.1)));
  });

  it('test_ema_example: in a jitted step, seen by the model it was applied to', async () => {
    const model = build('Model');
    const optimizer = on(() => new nnx.Optimizer(model, optax.adam(1e-3), { wrt: Param }));
    const ema = new nnx.EMA(model, 0.9);
    const averaged = ema.applyTo(model) as Model;
    const before = averaged.linear1.kernel.value;
    const step = jit((m: Net, o: nnx.Optimizer, e: nnx.EMA): void => {
      o.update(m, grad(loss)(m));
      e.update(m);
    }, { device: cpu });
    step(model, optimizer, ema);
    expect(averaged.linear1.kernel).toBeInstanceOf(Param);
    expect(averaged.linear1.kernel).toBe(ema.params.split()[0].get('linear1/kernel'));
    expect(averaged.linear1.kernel).not.toBe((model as Model).linear1.kernel);
    expect(await averaged.linear1.kernel.value.array()).not.toEqual(await before.array());
  });

  it('test_ema_apply_to: what is applied before an update follows it', async () => {
    const model = linear();
    const ema = new nnx.EMA(model, 0.9);
    const averaged = ema.applyTo(model);
    double(model);
    on(() => ema.update(model));
    await assertAllClose(averaged.kernel, ema.params.split()[0].get('kernel'));
    expect(await averaged.kernel.value.array()).not.toEqual(await model.kernel.value.array());
  });

  it('test_ema_default_tracks_inexact_variables: floats are averaged, the other Variables are shared', async () => {
    class Count extends Variable {}
    class Counted extends Module {
      readonly linear = linear();
      readonly temperature = new Param(1);
      readonly count = new Count(np.array(0, { dtype: 'int32' }));
    }
    const model = new Counted();
    const ema = new nnx.EMA(model, 0.9);
    const averaged = ema.applyTo(model);
    expect([...ema.params.split()[0].keys()]).toEqual(['linear/kernel', 'temperature']);
    jit((m: Counted, e: nnx.EMA): void => {
      m.temperature.value = 2;
      m.count.update((count) => count.add(5));
      e.update(m);
    }, { device: cpu })(model, ema);
    await assertAllClose(averaged.temperature, 1.1);
    expect(averaged.count).toBe(model.count);
    expect(await averaged.count.value.item()).toBe(5);
  });
});
