/** What the functions on models refuse: whole messages. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Param, State, cpu, jit, nnx, np, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

class Layer extends Module {
  readonly deterministic: boolean = false;
  readonly w: Param = new Param(1);
  readonly mean: BatchStat = new BatchStat(0);
  me: Layer | null = null;
  calls: number = 0;

  forward(x: Tensor): Tensor {
    this.calls++;
    return x.mul(this.w);
  }
}

const inJit = (f: (layer: Layer) => unknown): string =>
  messageOf(() => withDevice(cpu, () => jit(function step(layer: Layer) {
    f(layer);
  })(new Layer())));

describe('split, merge and filters', () => {
  test('filters', () => {
    expect(messageOf(() => nnx.split(new Layer(), Param, 'slow'))).toMatchInlineSnapshot(`
      "[VALUE] nnx.split: none of the filters Param, tag 'slow' chooses 'mean' (BatchStat)
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.split(model, ...filters, nnx.rest)"
    `);
    expect(messageOf(() => nnx.state(new Layer(), true, Param))).toMatchInlineSnapshot(`
      "[VALUE] nnx.state: true takes all that is left, so it may only come last, and not as number 1 of 2
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.state(model, ...filters, nnx.rest)"
    `);
    expect(messageOf(() => nnx.state(new Layer(), 3 as never))).toMatchInlineSnapshot(`
      "[VALUE] the number 3 is not a filter: a class of Variables, a tag, a predicate, or an array of these
        at:  test/errors/graphs.test.ts:LINE
        fix: { wrt: Param }"
    `);
  });

  test('models', () => {
    expect(messageOf(() => nnx.split(np.ones([2])))).toMatchInlineSnapshot(`
      "[PYTREE] an object of class Tensor is neither a module nor an array, object or Map of modules
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.split({ w: new Param(x) })"
    `);
  });

  test('merge and apply', () => {
    const [graphdef, params] = nnx.split(new Layer(), Param, nnx.rest);
    expect(messageOf(() => nnx.merge(graphdef, params))).toMatchInlineSnapshot(`
      "[STATE_PATH] merge: Layer has 2 Variables, and the States lack 1: 'mean'
        at:  test/errors/graphs.test.ts:LINE
        fix: const [graphdef, ...states] = nnx.split(model, ...filters); nnx.merge(graphdef, ...states)"
    `);
    expect(messageOf(() => nnx.merge(graphdef, nnx.state(new Layer()), new State([['b', new Param(0)]])))).toMatchInlineSnapshot(`
      "[STATE_PATH] merge: the GraphDef of Layer has no place for 'b'
        at:  test/errors/graphs.test.ts:LINE
        fix: graphdef.merge(state) with the State that came from the same split()"
    `);
    expect(messageOf(() => graphdef.apply(params, params as never))).toMatchInlineSnapshot(`
      "[VALUE] apply takes one State, then a function of the module, and was given an object of class State
        at:  test/errors/graphs.test.ts:LINE
        fix: graphdef.apply(State.merge(params, rest))(x)"
    `);
  });

  test('pure objects', () => {
    expect(messageOf(() => nnx.replaceByPureDict(nnx.state(new Layer()), { w: 3 as never }))).toMatchInlineSnapshot(`
      "[PYTREE] replaceByPureDict: w is no tensor
        at:  test/errors/graphs.test.ts:LINE
        fix: np.array(value)"
    `);
  });
});

describe('changes of models', () => {
  test('pop', () => {
    expect(messageOf(() => (nnx.pop as (model: object) => unknown)(new Layer()))).toMatchInlineSnapshot(`
      "[VALUE] nnx.pop: which Variables to remove is not said
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.pop(model, nnx.Intermediate)"
    `);
    expect(messageOf(() => nnx.pop([new Param(1)], Param))).toMatchInlineSnapshot(`
      "[UNSUPPORTED] nnx.pop: '0' is an element of an array, and those after it would move
        at:  test/errors/graphs.test.ts:LINE
        fix: this.named = { w: new Param(0) }; // in place of an array"
    `);
    expect(inJit((layer) => nnx.pop(layer, BatchStat))).toMatchInlineSnapshot(`
      "[STRUCTURE] nnx.pop: 'mean' (BatchStat) may not leave its model inside jit(step)
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.pop(model, filter) outside jit(step)"
    `);
  });

  test('view', () => {
    expect(messageOf(() => nnx.view(new Layer(), { determinstic: true }))).toMatchInlineSnapshot(`
      "[VALUE] view: no module of Layer has a field 'determinstic'
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.view(model, { deterministic: true })"
    `);
    expect(messageOf(() => nnx.view(new Layer(), { w: 2 }))).toMatchInlineSnapshot(`
      "[STRUCTURE] view: 'w' of Layer is state, or would be: a view changes static fields only
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.update(model, state)"
    `);
  });

  test('cycles', () => {
    const layer = new Layer();
    layer.me = layer;
    expect(messageOf(() => nnx.recursiveMap((_, part) => part, layer))).toMatchInlineSnapshot(`
      "[STRUCTURE] recursiveMap: 'me' is a module that contains it, and a cycle has no innermost part
        at:  test/errors/graphs.test.ts:LINE
        fix: nnx.map(f, model) // of the Variables"
    `);
  });

  test('inside traces', () => {
    expect(inJit(({ w }) => w.setMetadata({ tag: 'slow' }))).toMatchInlineSnapshot(`
      "[STRUCTURE] jit(step): the metadata of args[0].w changed while it was traced
        at:  test/errors/graphs.test.ts:LINE
        fix: variable.setMetadata({ ... }) outside jit(step)"
    `);
    const captured = new Layer();
    expect(inJit(() => captured.forward(np.ones([2])))).toMatchInlineSnapshot(`
      "[STRUCTURE] jit(step): the structure of a captured module changed while it was traced:
        Layer.calls: 0 -> 1
        at:  test/errors/graphs.test.ts:LINE
        fix: change fields and submodules outside the transformed function"
    `);
  });
});
