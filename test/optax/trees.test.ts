/** Transformations over trees, States and parts of them. */
import { describe, expect, test } from 'vitest';
import { Module, Param, State, cpu, grad, jit, nnx, np, tree, withDevice } from '../../src/index.ts';
import type { HeddleError, Tensor } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import type { GradientTransformation, LabelTree, Mask } from '../../src/optax/index.ts';
import { assertAllClose, assertMaxTraces } from '../../src/testing/index.ts';
import { errorOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Line extends Module {
  readonly kernel = new Param(np.array([2, -1]));
  readonly bias = new Param(np.array([0.5]));

  forward(x: Tensor): Tensor {
    return x.matmul(this.kernel).add(this.bias);
  }
}

const X = np.array([
  [1, 2],
  [-1, 0.5],
  [3, -2],
  [0, 1],
]);
const Y = np.array([1, 0, -1, 2]);

const leaves = (value: unknown): readonly Tensor[] => tree.leaves(value) as Tensor[];

const loss = (model: Line, x: Tensor, y: Tensor): Tensor => np.mean(optax.l2Loss(model.forward(x), y));
/** The State of a Line with these values. */
const lineState = (kernel: number[], bias: number[]): State =>
  new State([
    ['kernel', new Param(np.array(kernel))],
    ['bias', new Param(np.array(bias))],
  ]);

const failure = (f: () => unknown): HeddleError => errorOf(() => on(f));

describe('State', () => {
  test('ten jitted steps need no further trace and equal the eager ones; Variables keep their class', async () => {
    const tx = optax.chain(
      optax.clipByGlobalNorm(1),
      optax.adamw(optax.warmupCosineDecaySchedule(0, 0.1, 2, 8), { mask: optax.leafwise((path) => path !== 'bias') }),
    );
    const step = (params: State, state: ReturnType<typeof tx.init>, grads: State) => {
      const [updates, next] = tx.update(grads, state, params);
      return [optax.applyUpdates(params, updates), next] as const;
    };
    const gradients = (params: State): State => {
      const model = new Line();
      model.update(params);
      return grad(loss)(model, X, Y);
    };
    // jit traces twice where Variables are arguments, and then knows that any others will do.
    const train = jit(assertMaxTraces(step, 2));
    const start = (): State => new Line().split()[0];
    let [fast, slow] = on(() => [start(), start()]);
    let [fastState, slowState] = on(() => [tx.init(fast), tx.init(slow)]);
    for (let i = 0; i < 10; i++) {
      [fast, fastState] = on(() => train(fast, fastState, gradients(fast)));
      [slow, slowState] = on(() => step(slow, slowState, gradients(slow)));
    }
    expect(fast.get('kernel')).toBeInstanceOf(Param);
    await assertAllClose(fast, slow, { rtol: 1e-5, atol: 1e-6 });
    const [before, after] = on(() => [start(), fast].map((params) => loss(lineOf(params), X, Y)));
    expect(await after!.item()).toBeLessThan(await before!.item());
  });

  test('half floats stay half floats, in parameters and in what is remembered', async () => {
    const tx = optax.adamw(optax.constantSchedule(0.5));
    const params = np.array([1, -2], { dtype: 'float16' });
    const [updates, state] = on(() => tx.update(params, tx.init(params), params));
    expect(leaves(state).map(({ dtype }) => dtype)).toEqual(['int32', 'float16', 'float16', 'int32']);
    const expected = np.array([0.5, -1.5], { dtype: 'float16' });
    await assertAllClose(on(() => optax.applyUpdates(params, updates)), expected, { rtol: 1e-3 });
  });

  test('the global norm is that of all leaves', async () => {
    await assertAllClose(on(() => optax.globalNorm(lineState([3, 4], [12]))), 13);
  });
});

function lineOf(params: State): Line {
  const model = new Line();
  model.update(params);
  return model;
}

describe('parts', () => {
  const params = { a: np.array([1, 2]), b: [np.array([3]), null, np.array([4])] };
  const ones = { a: np.ones([2]), b: [np.ones([1]), null, np.ones([1])] };

  test('a mask chooses what decays: a tree of booleans, a prefix of it, or a function', async () => {
    const byRank = (p: typeof params): LabelTree<boolean> => ({ a: p.a.ndim > 1, b: true });
    const masks: Mask[] = [{ a: false, b: [true, null, true] }, { a: false, b: true }, byRank];
    for (const mask of masks) {
      const [updates] = on(() => {
        const tx = optax.addDecayedWeights(0.5, { mask });
        return tx.update(ones, tx.init(params), params);
      });
      await assertAllClose(updates, { a: np.array([1, 1]), b: [np.array([2.5]), null, np.array([3])] });
    }
  });

  test('a mask of a State names its paths', async () => {
    const grads = lineState([1, 1], [1]);
    const byPath = optax.leafwise((path, leaf) => path !== 'bias' && leaf instanceof Param);
    for (const mask of [{ kernel: true, bias: false }, byPath]) {
      const tx = optax.masked(optax.scale(3), mask);
      await assertAllClose(on(() => tx.update(grads, tx.init(grads)))[0], lineState([3, 3], [1]));
    }
  });

  test('each label has its transformation, and the state has only its leaves', async () => {
    const labels = optax.leafwise((path) => (path.endsWith('bias') ? 'frozen' : 'trained'));
    const tx = optax.multiTransform({ trained: optax.trace(0.5), frozen: optax.scale(0) }, labels);
    const grads = lineState([1, 2], [5]);
    const [first, state] = on(() => tx.update(grads, tx.init(grads)));
    await assertAllClose(first, lineState([1, 2], [0]));
    const [second] = on(() => tx.update(grads, state));
    await assertAllClose(second, lineState([1.5, 3], [0]));
    const { trace } = state.innerStates['trained'] as { trace: State };
    expect([...trace.keys()]).toEqual(['kernel']);
  });

  test('labels that do not fit are refused with their path', () => {
    expect(failure(() => optax.masked(optax.identity(), { kernel: true }).init(lineState([1, 1], [1])))).toMatchObject({
      code: 'PYTREE',
      problem: expect.stringContaining('undefined stands at bias') as string,
    });
    expect(failure(() => optax.masked(optax.identity(), { a: true, b: [true] }).init(params))).toMatchObject({
      code: 'PYTREE',
      problem: expect.stringContaining('stands at b of the labels') as string,
    });
    expect(failure(() => optax.multiTransform({ x: optax.sgd(1) }, 'y').init(params))).toMatchObject({ code: 'VALUE' });
  });
});

describe('rows of transformations', () => {
  test('a chain applies them in order', async () => {
    const grads = np.array([3, -4]);
    const run = (tx: GradientTransformation): unknown => on(() => tx.update(grads, tx.init(grads)))[0];
    await assertAllClose(run(optax.chain(optax.clip(1), optax.scale(2))), [2, -2]);
    await assertAllClose(run(optax.chain(optax.scale(2), optax.clip(1))), [1, -1]);
    await assertAllClose(run(optax.chain(optax.clipByGlobalNorm(1), optax.scale(2))), [1.2, -1.6]);
    await assertAllClose(run(optax.clipByGlobalNorm(6)), [3, -4]);
    await assertAllClose(run(optax.identity()), [3, -4]);
  });

  test('an average of updates, with and without the correction', async () => {
    const mean = 0.9 * 0.1 * 1 + 0.1 * 3;
    for (const [debias, expected] of [[true, mean / (1 - 0.81)], [false, mean]] as const) {
      const tx = optax.ema(0.9, { debias });
      const second = on(() => {
        const [, state] = tx.update(np.array([1]), tx.init(np.array([1])));
        return tx.update(np.array([3]), state)[0];
      });
      await assertAllClose(second, [expected]);
    }
  });
});

describe('accumulation', () => {
  test('the gradients of two halves are a step with the whole batch', async () => {
    const tx = optax.multiSteps(optax.adam(0.1), 2);
    const step = jit(
      assertMaxTraces((params: State, state: ReturnType<typeof tx.init>, grads: State) => {
        const [updates, next] = tx.update(grads, state, params);
        return [optax.applyUpdates(params, updates), next] as const;
      }, 2),
    );
    const whole = optax.adam(0.1);
    let small: State = on(() => new Line().split()[0]);
    let large = small;
    let [smallState, largeState] = on(() => [tx.init(small), whole.init(large)]);
    for (let i = 0; i < 3; i++) {
      for (const half of [[0, 2], [2, 4]] as const) {
        const before = small;
        const grads = on(() => grad(loss)(lineOf(small), X.slice(half), Y.slice(half)));
        [small, smallState] = on(() => step(small, smallState, grads));
        if (half[0] === 0) await assertAllClose(small, before, { rtol: 0, atol: 0 });
      }
      const grads = on(() => grad(loss)(lineOf(large), X, Y));
      const [updates, next] = on(() => whole.update(grads, largeState, large));
      [large, largeState] = [on(() => optax.applyUpdates(large, updates)), next];
      await assertAllClose(small, large);
    }
    await assertAllClose(smallState.gradientStep, 3);
  });

  test('applyEvery gives the sum of k updates', async () => {
    const tx = optax.applyEvery(2);
    let state = on(() => tx.init(np.zeros([1])));
    for (const [update, expected] of [[1, 0], [2, 3], [5, 0], [6, 11]] as const) {
      let result: Tensor;
      [result, state] = on(() => tx.update(np.array([update]), state));
      await assertAllClose(result, [expected]);
    }
  });
});

describe('hyperparameters in the state', () => {
  const params = np.array([2]);

  test('a number may be set between steps, and a schedule is followed', async () => {
    const rates = [0.5, 0.25];
    const tx = optax.injectHyperparams(
      ({ learningRate, weightDecay }) => optax.chain(optax.addDecayedWeights(weightDecay), optax.sgd(learningRate)),
      { learningRate: optax.piecewiseConstantSchedule(0.5, { 1: 0.5 }), weightDecay: 0.1 },
    );
    let state = on(() => tx.init(params));
    await assertAllClose(state.hyperparams, { learningRate: np.array(0.5), weightDecay: np.array(0.1) });
    for (const [step, decay] of [0.1, 0.2].entries()) {
      const { count, innerState, hyperparams } = state;
      const given = { count, innerState, hyperparams: { learningRate: hyperparams.learningRate, weightDecay: np.array(decay) } };
      const [updates, next] = on(() => tx.update(np.array([1]), given, params));
      await assertAllClose(updates, [-rates[step]! * (1 + decay * 2)]);
      await assertAllClose(next.hyperparams, { learningRate: np.array(rates[step]!), weightDecay: np.array(decay) });
      state = next;
    }
  });

  test('of an nnx.Optimizer they are Variables: no new trace for another rate', async () => {
    const model = new Line();
    const tx = optax.injectHyperparams(({ learningRate }) => optax.adamw(learningRate), { learningRate: 0.5 });
    const optimizer = on(() => new nnx.Optimizer(model, tx, { wrt: Param }));
    const step = jit(
      assertMaxTraces((m: Line, o: nnx.Optimizer) => {
        o.update(m, grad(loss)(m, X, Y));
      }, 2),
      { device: cpu },
    );
    for (let i = 0; i < 2; i++) step(model, optimizer);
    const before = await model.kernel.value.array();
    optimizer.split()[0].get('optState/hyperparams/learningRate').value = 0;
    step(model, optimizer);
    expect(await model.kernel.value.array()).toEqual(before);
  });

  test('none, or what is no number', () => {
    expect(failure(() => optax.injectHyperparams(() => optax.sgd(1), {}))).toMatchObject({ code: 'VALUE' });
    const tx = (learningRate: number): unknown => optax.injectHyperparams((h) => optax.sgd(h.learningRate), { learningRate });
    expect(failure(() => tx(Number.NaN))).toMatchObject({ code: 'VALUE' });
  });
});

describe('what does not fit', () => {
  const params = { w: np.zeros([2]), b: np.zeros([1]) };
  const tx = optax.adam(0.1);

  test('updates of another structure, with the paths', () => {
    const error = failure(() => tx.update({ w: np.zeros([2]), c: np.zeros([1]) }, tx.init(params)));
    expect(error).toMatchObject({ code: 'PYTREE' });
    expect(error.problem).toContain('only updates has c, only state b');
    expect(failure(() => optax.applyUpdates(params, { w: np.zeros([2]) }))).toMatchObject({ code: 'PYTREE' });
  });

  test('updates of another shape, integers, and what is no tensor, with the path', () => {
    const shape = failure(() => optax.applyUpdates(params, { w: np.zeros([2]), b: np.zeros([2]) }));
    expect(shape).toMatchObject({ code: 'SHAPE', problem: expect.stringContaining('[1] and [2] at b') as string });
    const integer = failure(() => tx.init({ w: np.array([1], { dtype: 'int32' }) }));
    expect(integer).toMatchObject({ code: 'DTYPE', problem: expect.stringContaining('at w') as string });
    expect(failure(() => tx.init({ w: 'text' }))).toMatchObject({ code: 'PYTREE' });
    expect(failure(() => tx.init(new Line()))).toMatchObject({ code: 'PYTREE', fix: 'model.split()[0].extract(Param)' });
    const state = failure(() => optax.applyUpdates({ line: lineState([1, 1], [1]) }, { line: lineState([1, 1], [1, 1]) }));
    expect(state).toMatchObject({ code: 'SHAPE', problem: expect.stringContaining('at line/bias') as string });
  });

  test('parameters that are missing, a state of another optimizer, options that do not exist', () => {
    const decay = optax.addDecayedWeights(0.1);
    expect(failure(() => decay.update(params, decay.init(params)))).toMatchObject({ code: 'VALUE' });
    expect(failure(() => tx.update(params, {}, params))).toMatchObject({ code: 'PYTREE' });
    expect(failure(() => optax.adam(0.1, { beta1: 0.9 } as object))).toMatchObject({ code: 'VALUE' });
    expect(failure(() => optax.adam(0.1, { b1: 1 }))).toMatchObject({ code: 'VALUE' });
    expect(failure(() => optax.sgd(Number.NaN))).toMatchObject({ code: 'VALUE' });
  });
});
