/** What goes wrong with optimizers and moving averages of a model: whole messages. */
import { expect, test } from 'vitest';
import { BatchStat, Module, Param, cpu, grad, nnx, np, withDevice } from '../../src/index.ts';
import type { State, Tensor } from '../../src/index.ts';
import * as optax from '../../src/optax/index.ts';
import { messageOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Line extends Module {
  readonly kernel = new Param(np.array([2, -1]));
  readonly bias = new Param(np.array([0.5]));
  readonly mean = new BatchStat(np.array([0]));
}

const options = { wrt: Param };
const adam = (model: Module, tx: unknown = optax.adam(0.1), given: unknown = options): nnx.Optimizer =>
  on(() => new nnx.Optimizer(model, tx as optax.GradientTransformation, given as nnx.OptimizerOptions));
const loss = ({ kernel, bias, mean }: Line): Tensor => np.sum(np.square(kernel.value)).add(np.sum(bias.value.mul(mean)));

test('no model, no transformation, no wrt', () => {
  expect(messageOf(() => adam(new Line().split() as unknown as Line))).toMatchInlineSnapshot(`
    "[VALUE] nnx.Optimizer: the model is an object of class Array, not a Module
      at:  test/errors/optimizers.test.ts:LINE
      fix: new nnx.Optimizer(model, tx, { wrt: nnx.Param })"
  `);
  expect(messageOf(() => adam(new Line(), 0.1))).toMatchInlineSnapshot(`
    "[VALUE] nnx.Optimizer: tx is the number 0.1, not a transformation of gradients
      at:  test/errors/optimizers.test.ts:LINE
      fix: new nnx.Optimizer(model, optax.adam(1e-3), { wrt: nnx.Param })"
  `);
  expect(messageOf(() => adam(new Line(), optax.adam(0.1), {}))).toMatchInlineSnapshot(`
    "[VALUE] nnx.Optimizer: wrt is not given, and tells which Variables of the model are trained
      at:  test/errors/optimizers.test.ts:LINE
      fix: new nnx.Optimizer(model, tx, { wrt: nnx.Param })"
  `);
});

test('wrt that chooses nothing, or what cannot be trained', () => {
  expect(messageOf(() => adam(new Line(), optax.adam(0.1), { wrt: 'lora' }))).toMatchInlineSnapshot(`
    "[VALUE] nnx.Optimizer: tag 'lora' selects none of the Variables of Line, which are Param, BatchStat
      at:  test/errors/optimizers.test.ts:LINE
      fix: new nnx.Optimizer(model, tx, { wrt: nnx.Param })"
  `);
  expect(messageOf(() => adam(new nnx.RngStream(0, 'noise'), optax.adam(0.1), { wrt: nnx.RngCount }))).toMatchInlineSnapshot(`
    "[DTYPE] optax.scaleByAdam: params is uint32[] at count, and only floats are trained
      at:  test/errors/optimizers.test.ts:LINE
      fix: model.split()[0].extract(Param)"
  `);
});

test('gradients of other paths, and what is no State of gradients', () => {
  const model = new Line();
  const optimizer = adam(model);
  expect(messageOf(() => on(() => optimizer.update(model, grad(loss, { wrt: BatchStat })(model))))).toMatchInlineSnapshot(`
    "[PYTREE] Optimizer.update: the gradients are not those of what Param selects of Line:
      bias: no gradient
      kernel: no gradient
      mean: a gradient, but not trained
      at:  test/errors/optimizers.test.ts:LINE
      fix: optimizer.update(model, grad(loss, { wrt: optimizer.wrt })(model, batch))"
  `);
  const few = (path: string): boolean => path !== 'bias';
  expect(messageOf(() => on(() => optimizer.update(model, grad(loss, { wrt: few })(model))))).toMatchInlineSnapshot(`
    "[PYTREE] Optimizer.update: the gradients are not those of what Param selects of Line:
      bias: no gradient
      mean: a gradient, but not trained
      at:  test/errors/optimizers.test.ts:LINE
      fix: optimizer.update(model, grad(loss, { wrt: optimizer.wrt })(model, batch))"
  `);
  expect(messageOf(() => on(() => optimizer.update(model, [] as unknown as State)))).toMatchInlineSnapshot(`
    "[PYTREE] Optimizer.update: the gradients are an object of class Array, not a State
      at:  test/errors/optimizers.test.ts:LINE
      fix: optimizer.update(model, grad(loss, { wrt: optimizer.wrt })(model, batch))"
  `);
});

test('a model of another structure', () => {
  const optimizer = adam(new Line());
  class Plane extends Line {
    readonly other = new Param(np.array([1]));
  }
  const plane = new Plane();
  const gradients = (m: Plane): Tensor => loss(m).add(np.sum(m.other.value));
  expect(messageOf(() => on(() => optimizer.update(plane, grad(gradients)(plane))))).toMatchInlineSnapshot(`
    "[PYTREE] optax.scaleByAdam: updates and state differ in structure: only updates has other, only state nothing
      at:  test/errors/optimizers.test.ts:LINE
      fix: tx.update(grads, tx.init(params), params)"
  `);
});

test('a transformation whose state is no data, or changes its structure', () => {
  const model = new Line();
  const text = { init: () => ({ name: 'text' }), update: (updates: unknown, state: unknown) => [updates, state] };
  expect(messageOf(() => adam(model, text))).toMatchInlineSnapshot(`
    "[PYTREE] nnx.Optimizer: the state at name is the string text, and a state is of tensors, States and plain containers
      at:  test/errors/optimizers.test.ts:LINE
      fix: init: (params) => ({ count: np.zeros([]), mean: params })"
  `);
  const count = np.zeros([]);
  const growing = { init: () => ({ count }), update: (updates: unknown) => [updates, { count, more: null }] };
  const optimizer = adam(model, growing);
  expect(messageOf(() => on(() => optimizer.update(model, grad(loss)(model))))).toMatchInlineSnapshot(`
    "[STRUCTURE] nnx.Optimizer: tx.update gives its state another structure than tx.init
      at:  test/errors/optimizers.test.ts:LINE
      fix: update: (updates, state) => [updates, state]"
  `);
});

test('averages of another model', () => {
  const ema = new nnx.EMA(new Line(), 0.9, { only: Param });
  class Point extends Module {
    readonly bias = new Param(np.array([1]));
    readonly place = new Param(np.array([1]));
  }
  expect(messageOf(() => ema.update(new Point()))).toMatchInlineSnapshot(`
    "[PYTREE] nnx.EMA: only the averages have kernel, only Point has place
      at:  test/errors/optimizers.test.ts:LINE
      fix: new nnx.EMA(model, 0.99)"
  `);
  expect(messageOf(() => new nnx.EMA(new Line(), 1))).toMatchInlineSnapshot(`
    "[VALUE] nnx.EMA: decay is 1, and must be at least 0 and less than 1
      at:  test/errors/optimizers.test.ts:LINE
      fix: decay: 0.9"
  `);
});
