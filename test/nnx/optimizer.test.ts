/** nnx.Optimizer: a transformation of heddle/optax whose state is a module. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, State, cpu, grad, jit, lax, nnx, np, random, valueAndGrad, vmap, withDevice,
} from '../../src/index.ts';
import type { HeddleError, Tensor } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import { assertAllClose, assertMaxTraces } from '../../src/testing/index.ts';
import { errorOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Dense extends Module {
  readonly kernel = new Param(np.array([[1, -1], [0.5, 2]]));
  readonly bias = new Param(np.array([0.25, 0]));
}

class Model extends Module {
  readonly layers: readonly Dense[] = [new Dense(), new Dense()];
  readonly mean = new BatchStat(np.zeros([2]));

  forward(x: Tensor): Tensor {
    const y = this.layers.reduce((h, { kernel, bias }) => h.matmul(kernel).add(bias), x);
    this.mean.update((mean) => mean.mul(0.5).add(np.mean(y, { axis: 0 })));
    return y;
  }
}

const X = np.array([[1, 2], [-1, 0.5], [3, -2]]);
const loss = (model: Model, x: Tensor): Tensor => np.mean(np.square(model.forward(x)));
const train = (model: Model, optimizer: nnx.Optimizer, x: Tensor): Tensor => {
  const [value, grads] = valueAndGrad(loss)(model, x);
  optimizer.update(model, grads);
  return value;
};

const failure = (f: () => unknown): HeddleError => errorOf(() => on(f));

/** Weights decay, biases do not. */
const isKernel = optax.leafwise((path) => path.endsWith('kernel'));
const kinds = optax.leafwise((path) => (path.endsWith('bias') ? 'bias' : 'kernel'));

describe('update', () => {
  const transformations: readonly (readonly [name: string, tx: optax.GradientTransformation])[] = [
    ['sgd', optax.sgd(0.1)],
    ['adam', optax.adam(0.1)],
    ['adamw with a mask and a schedule', optax.adamw(optax.cosineDecaySchedule(0.1, 10), { mask: isKernel })],
    ['multiTransform', optax.multiTransform({ bias: optax.adam(0.1), kernel: optax.sgd(0.1, { momentum: 0.9 }) }, kinds)],
    ['multiSteps', optax.multiSteps(optax.chain(optax.clipByGlobalNorm(1), optax.lion(0.01)), 2)],
    ['adafactor', optax.adafactor(0.1, { minDimSizeToFactor: 2 })],
  ];

  test.each(transformations)('%s: five jitted steps are those of the transformation by hand', async (_, tx) => {
    const model = new Model();
    const optimizer = on(() => new nnx.Optimizer(model, tx, { wrt: Param }));
    const step = jit(assertMaxTraces(train, 2), { device: cpu });
    let params: State = new Model().split()[0].extract(Param);
    let state = on(() => tx.init(params));
    const slow = new Model();
    for (let i = 0; i < 5; i++) {
      step(model, optimizer, X);
      on(() => {
        slow.update(params);
        const [updates, next] = tx.update(grad(loss)(slow, X), state, params);
        [params, state] = [optax.applyUpdates(params, updates), next];
      });
    }
    await assertAllClose(model.split()[0].extract(Param), params, { rtol: 2e-5, atol: 1e-6 });
    expect(await optimizer.step.value.item()).toBe(5);
    expect(optimizer.step.dtype).toBe('uint32');
  });
});

describe('state', () => {
  const adam = (model: Model): nnx.Optimizer => on(() => new nnx.Optimizer(model, optax.adam(0.1), { wrt: Param }));

  test('a Variable for each tensor: of a parameter at its path, of a count by itself', () => {
    const [state] = adam(new Model()).split();
    const paths = ['layers/0/bias', 'layers/0/kernel', 'layers/1/bias', 'layers/1/kernel'];
    const moments = ['mu', 'nu'].flatMap((moment) => paths.map((path) => `optState/0/${moment}/${path}`));
    expect([...state.extract(nnx.OptVariable).keys()]).toEqual(moments);
    expect([...state.extract(nnx.OptState).keys()]).toEqual(['optState/0/count', ...moments, 'step']);
    expect(state.get('optState/0/count')).toBeInstanceOf(nnx.OptArray);
    expect(state.extract(Param).size).toBe(0);
  });

  test('an optimizer that remembers nothing counts its steps', async () => {
    const model = new Model();
    const optimizer = on(() => new nnx.Optimizer(model, optax.sgd(0.1), { wrt: Param }));
    expect([...optimizer.split()[0].keys()]).toEqual(['step']);
    on(() => optimizer.update(model, grad(loss)(model, X)));
    expect(await optimizer.step.value.item()).toBe(1);
  });

  test('another model of equal structure and its optimizer need no further trace', () => {
    const tx = optax.adam(0.1);
    const step = jit(assertMaxTraces(train, 2), { device: cpu });
    for (let i = 0; i < 3; i++) {
      const model = new Model();
      const optimizer = on(() => new nnx.Optimizer(model, tx, { wrt: Param }));
      for (let j = 0; j < 3; j++) step(model, optimizer, X);
    }
  });

  test('a State of another optimizer is written into it', async () => {
    const [one, other] = [new Model(), new Model()];
    const [from, to] = [adam(one), adam(other)];
    on(() => train(one, from, X));
    to.update(from.split()[0]);
    await assertAllClose(to.split()[0], from.split()[0]);
    expect(await to.step.value.item()).toBe(1);
  });

  test('a tied weight is one parameter', () => {
    class Tied extends Module {
      readonly a = new Param(np.array([2]));
      readonly b: Param = this.a;
    }
    const model = new Tied();
    const optimizer = on(() => new nnx.Optimizer(model, optax.sgd(0.1, { momentum: 0.9 }), { wrt: Param }));
    expect([...optimizer.split()[0].keys()]).toEqual(['optState/0/trace/a', 'step']);
    const updates = on(() => optimizer.update(model, grad((m: Tied) => np.sum(m.a.value.mul(m.b)))(model)));
    expect([...updates.keys()]).toEqual(['a']);
  });

  test('what is trained and kept is the value below hooks', async () => {
    class Hooked extends Module {
      readonly w = new Param(np.array([3]), { onGetValue: (_, value) => value.mul(2), onSetValue: (_, value) => value.add(100) });
    }
    const model = new Hooked();
    const optimizer = on(() => new nnx.Optimizer(model, optax.sgd(0.25, { momentum: 0.5 }), { wrt: Param }));
    const ema = on(() => new nnx.EMA(model, 0.5));
    for (const [raw, average] of [[2.5, 2.75], [1.75, 2.25]]) {
      on(() => optimizer.update(model, grad((m: Hooked) => np.sum(m.w.value))(model)));
      on(() => ema.update(model));
      expect(await model.w.rawValue.array()).toEqual([raw]);
      expect(await on(() => ema.applyTo(model)).w.rawValue.array()).toEqual([average]);
    }
  });

  test('fields may have the names of methods', async () => {
    class Odd extends Module {
      readonly split2 = new Param(np.array([1]));
      readonly constructorOf = { update: new Param(np.array([2])), toString: new Param(np.array([3])) };
    }
    const model = new Odd();
    const optimizer = on(() => new nnx.Optimizer(model, optax.sgd(1, { momentum: 0.5 }), { wrt: Param }));
    const sum = (m: Odd): Tensor => np.sum(m.constructorOf.update.value.add(m.constructorOf.toString.value).add(m.split2));
    on(() => optimizer.update(model, grad(sum)(model)));
    expect(await model.constructorOf.toString.value.array()).toEqual([2]);
  });

  test('a failure leaves model and optimizer as they were', async () => {
    const model = new Model();
    const optimizer = adam(model);
    const [before, slots] = [model, optimizer].map((module) => nnx.state(nnx.clone(module)));
    const grads = on(() => grad(loss)(model, X));
    const wrong = new State([...grads].map(([path, variable]) => [path, new Param(np.zeros([...variable.shape, 1]))]));
    model.mean.value = before!.get('mean').value;
    expect(failure(() => optimizer.update(model, wrong)).code).toBe('SHAPE');
    await assertAllClose(model.split()[0], before);
    await assertAllClose(optimizer.split()[0], slots);
  });

  test('an ensemble under vmap: each model with its own optimizer', async () => {
    const tx = optax.adam(0.1);
    const make = (key: Tensor): [nnx.Linear, nnx.Optimizer] => {
      const model = new nnx.Linear(2, 1, { rngs: new nnx.Rngs(key) });
      return [model, new nnx.Optimizer(model, tx, { wrt: Param })];
    };
    const descend = (model: nnx.Linear, optimizer: nnx.Optimizer): Tensor => {
      const [value, grads] = valueAndGrad((m: nnx.Linear) => np.mean(np.square(m.forward(X))))(model);
      optimizer.update(model, grads);
      return value;
    };
    const keys = on(() => random.split(random.key(0), 3));
    const [models, optimizers] = on(() => vmap(make)(keys));
    const alone = on(() => [...keys].map(make));
    const together = jit((m: nnx.Linear, o: nnx.Optimizer) => vmap(descend)(m, o), { device: cpu });
    for (let i = 0; i < 3; i++) {
      const losses = alone.map(([model, optimizer]) => on(() => descend(model, optimizer)));
      await assertAllClose(together(models, optimizers), on(() => np.stack(losses)), { rtol: 1e-5 });
    }
    expect(await optimizers.step.value.array()).toEqual([3, 3, 3]);
  });

  test('trained in a scan', async () => {
    const [model, other] = [new Model(), new Model()];
    const [optimizer, stepped] = [adam(model), adam(other)];
    const all = (m: Model, o: nnx.Optimizer, xs: Tensor): Tensor => lax.scan((_, x) => [null, train(m, o, x)], null, xs)[1];
    const run = jit(all, { device: cpu });
    const losses = run(model, optimizer, np.stack([X, X, X]));
    const expected = [0, 1, 2].map(() => on(() => train(other, stepped, X)));
    await assertAllClose(losses, on(() => np.stack(expected)), { rtol: 1e-5 });
    await assertAllClose(optimizer.split()[0], stepped.split()[0], { rtol: 1e-4, atol: 1e-6 });
  });
});
