/** The functions on models: what they return, and what they refuse. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Param, Rngs, State, Variable, cpu, grad, jit, nnx, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { messageOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Scale extends Module {
  readonly w: Param;
  readonly count: BatchStat = new BatchStat(0);

  constructor(w = 2, tag?: string) {
    super();
    this.w = new Param(w, tag === undefined ? {} : { tag });
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.w);
  }
}

class Model extends Module {
  readonly head: Scale = new Scale(2, 'slow');
  readonly body: readonly Scale[] = [new Scale(3), new Scale(5)];
  readonly named: Map<string, Scale> = new Map([['x', new Scale(7)]]);

  forward(x: Tensor): Tensor {
    return [this.head, ...this.body].reduce((y, layer) => layer.forward(y), x);
  }
}

const paths = (state: State): string[] => [...state.keys()];
const all = ['body/0/count', 'body/0/w', 'body/1/count', 'body/1/w', 'head/count', 'head/w', 'named/x/count', 'named/x/w'];

describe('filters', () => {
  const chosen = (filter: nnx.Filter): string[] => paths(nnx.state(new Model(), filter));

  test('of every form', () => {
    expect(chosen(Param)).toEqual(['body/0/w', 'body/1/w', 'head/w', 'named/x/w']);
    expect(chosen(Variable)).toEqual(all);
    expect(chosen('slow')).toEqual(['head/w']);
    expect(chosen((path, variable) => path.startsWith('body') && variable instanceof BatchStat)).toEqual(['body/0/count', 'body/1/count']);
    expect([chosen(true), chosen(nnx.rest), chosen(nnx.everything)]).toEqual([all, all, all]);
    expect([chosen(false), chosen(nnx.nothing), chosen([])]).toEqual([[], [], []]);
    expect(chosen(['slow', nnx.pathIn('body/1/w', 'none')])).toEqual(['body/1/w', 'head/w']);
    expect(chosen(nnx.any('slow', nnx.pathContains('x')))).toEqual(['head/w', 'named/x/count', 'named/x/w']);
    expect(chosen(nnx.all(Param, nnx.not(nnx.pathContains(1)), nnx.not(nnx.withTag('slow'))))).toEqual(['body/0/w', 'named/x/w']);
    expect(chosen(nnx.ofType(BatchStat))).toEqual(all.filter((path) => path.endsWith('count')));
  });

  test('what is none', () => {
    expect(messageOf(() => chosen(3 as never))).toContain('[VALUE] the number 3 is not a filter: a class of Variables, a tag, a predicate');
    expect(codeOf(() => nnx.any(null as never))).toBe('VALUE');
  });

  test('the first that chooses counts, and what takes all comes last', () => {
    const model = new Model();
    const [, slow, params, others] = nnx.split(model, 'slow', Param, nnx.rest);
    expect([slow, params, others].map(paths)).toEqual([
      ['head/w'], ['body/0/w', 'body/1/w', 'named/x/w'], all.filter((path) => path.endsWith('count')),
    ]);
    const message = messageOf(() => nnx.split(model, nnx.rest, Param));
    expect(message).toContain('[VALUE] nnx.split: nnx.rest takes all that is left, so it may only come last, and not as number 1 of 2');
    expect(codeOf(() => nnx.state(model, Param, true, BatchStat))).toBe('VALUE');
    expect(nnx.state(model, 'slow', 'none').map((state) => state.size)).toEqual([1, 0]);
  });

  test('wrt takes them all', async () => {
    const loss = (model: Model, x: Tensor): Tensor => model.forward(x);
    const slopes = (wrt: nnx.Filter): string[] => paths(on(() => grad(loss, { wrt })(new Model(), np.array(1))));
    expect(slopes('slow')).toEqual(['head/w']);
    expect(slopes(['slow', nnx.pathContains('body')])).toEqual(['body/0/count', 'body/0/w', 'body/1/count', 'body/1/w', 'head/w']);
    expect(slopes(nnx.all(Param, nnx.not('slow')))).toEqual(['body/0/w', 'body/1/w', 'named/x/w']);
    expect(slopes(nnx.rest)).toEqual(all);
    expect(codeOf(() => slopes(false))).toBe('DERIVATIVE');
    const gradient = on(() => grad(loss, { wrt: nnx.pathIn('body/0/w') })(new Model(), np.array(1)));
    await assertAllClose(gradient.get('body/0/w').value, 10);
  });
});

describe('split and merge', () => {
  test('the method gives the States, then the GraphDef', () => {
    const model = new Model();
    const [params, others, graphdef] = model.split(Param, nnx.rest);
    expect([params.size, others.size]).toEqual([4, 4]);
    expect(graphdef).toBe(nnx.graphdef(model));
    expect(graphdef.merge(others, params)).toBeInstanceOf(Model);
    const rngs = new Rngs({ params: 0, dropout: 1 });
    expect(rngs.split(nnx.RngKey, nnx.rest)[0]).toBeInstanceOf(State);
  });

  test('update takes several States', async () => {
    const model = new Model();
    const params = nnx.state(model, 'slow').map(() => 20);
    const stats = nnx.state(model, BatchStat).map((_, { value }) => value.add(1));
    nnx.update(model, params, stats);
    await assertAllClose([model.head.w.value, model.body[1]!.count.value], [np.array(20), np.array(1)]);
    model.update(params.map(() => 30), stats);
    await assertAllClose(model.head.w.value, 30);
  });

  test('states made of States', async () => {
    const state = nnx.state(new Model());
    const [params, stats] = state.split(Param, nnx.rest);
    expect(paths(State.merge(stats, params))).toEqual(all);
    expect(paths(nnx.mergeState(stats, params))).toEqual(all);
    expect(nnx.splitState(state, Param, BatchStat).map(paths)).toEqual([params, stats].map(paths));
    expect(codeOf(() => state.split('slow'))).toBe('VALUE');
    expect(paths(nnx.filterState(state, 'slow'))).toEqual(['head/w']);
    expect(nnx.filterState(state, 'slow', BatchStat).map(({ size }) => size)).toEqual([1, 4]);
    const replaced = params.map((path, variable) => (path === 'head/w' ? new BatchStat(1) : variable));
    expect([replaced.get('head/w') instanceof BatchStat, replaced.get('body/0/w') === params.get('body/0/w')]).toEqual([true, true]);
    expect(paths(state.diff(params))).toEqual(paths(stats));
  });

  test('pure objects are nested by the parts of paths', async () => {
    const state = nnx.state(new Model(), Param);
    const pure = nnx.toPureDict(state);
    expect(Object.keys(pure)).toEqual(['body', 'head', 'named']);
    expect(Object.keys(pure['body']!)).toEqual(['0', '1']);
    expect(codeOf(() => nnx.replaceByPureDict(state, { head: { w: 3 as never } }))).toBe('PYTREE');
    await assertAllClose(state.get('head/w').value, 2);
  });

  test('what is no model', () => {
    expect(messageOf(() => nnx.split(np.ones([2])))).toContain('[PYTREE] ');
    expect(codeOf(() => nnx.state(new Set([new Scale()])))).toBe('PYTREE');
    expect(codeOf(() => nnx.state([1, new Float32Array(1)]))).toBe('PYTREE');
    expect(nnx.state([]).size).toBe(0);
  });

  test('map gives a model of other values', async () => {
    const doubled = nnx.map((path, { value }) => (path.endsWith('/w') ? value.mul(2) : value), new Model());
    await assertAllClose(on(() => doubled.forward(np.array(1))), 240);
  });
});

describe('pop', () => {
  test('by several filters, from fields, objects and Maps', () => {
    const model = new Model();
    const [slow, named] = nnx.pop(model, 'slow', nnx.pathContains('named'));
    expect([paths(slow), paths(named)]).toEqual([['head/w'], ['named/x/count', 'named/x/w']]);
    expect(paths(nnx.state(model))).toEqual(all.filter((path) => path !== 'head/w' && !path.startsWith('named')));
    const direct = { map: new Map([['v', new Param(1)]]) };
    expect([nnx.pop(direct, true).size, direct.map.size]).toEqual([1, 0]);
  });

  test('what is shared leaves all its places', () => {
    const v = new Param(1);
    const model = { a: { v }, b: { v } };
    expect(paths(nnx.pop(model, Param))).toEqual(['a/v']);
    expect(model).toEqual({ a: {}, b: {} });
  });

  test('a filter is needed, elements of arrays stay, and nothing is removed then', () => {
    expect(messageOf(() => (nnx.pop as (model: object) => unknown)(new Model()))).toContain('[VALUE] nnx.pop: which Variables to remove is not said');
    const model = { w: new Param(1), list: [new Param(2)] };
    expect(messageOf(() => nnx.pop(model, Param))).toContain("[UNSUPPORTED] nnx.pop: 'list/0' is an element of an array");
    expect(model.w).toBeInstanceOf(Param);
  });

  test('inside a trace only from what the trace made', async () => {
    const f = jit((x: Tensor) => {
      const made = { w: new Param(x), rest: new BatchStat(x.mul(2)) };
      return nnx.pop(made, BatchStat).get('rest').value;
    });
    await assertAllClose(on(() => f(np.array(2))), 4);
    expect(codeOf(() => on(() => jit((m: Scale) => nnx.pop(m, Param))(new Scale())))).toBe('STRUCTURE');
  });
});

describe('metadata', () => {
  test('of what an initializer makes', () => {
    const init = nnx.withMetadata(nnx.initializers.zeros, { sharding: [null, 'model'], tag: 'big' });
    const layer = new nnx.Linear(2, 3, { kernelInit: init, rngs: new Rngs(0) });
    expect([layer.kernel.metadata, layer.bias!.metadata]).toEqual([{ sharding: [null, 'model'], tag: 'big' }, {}]);
    expect(paths(nnx.state(layer, 'big'))).toEqual(['kernel']);
    const both = nnx.withMetadata(init, { tag: 'small' });
    expect(new Param(both(new Rngs(0).params(), [2]), { own: 1 }).metadata).toEqual({ sharding: [null, 'model'], tag: 'small', own: 1 });
  });

  test('a change selects another program', () => {
    const tagOf = jit((v: Param, x: Tensor) => (v.getMetadata('tag') === 'double' ? x.mul(2) : x));
    const v = new Param(1);
    on(() => tagOf(v, np.array(1)));
    v.setMetadata({ tag: 'double' });
    on(() => tagOf(v, np.array(1)));
    expect(tagOf.stats().traces).toBe(2);
  });

  test('a Variable that a trace made may be given some', () => {
    const made = on(() => jit((x: Tensor) => {
      const v = new Param(x);
      v.setMetadata({ tag: 'new' });
      return v;
    })(np.array(1)));
    expect(made.metadata).toEqual({ tag: 'new' });
  });

  test('kinds', () => {
    const kinds = { cache: new nnx.Cache(0), seen: new nnx.Intermediate(0), moved: new nnx.Perturbation(0) };
    expect(paths(nnx.state(kinds, nnx.Intermediate))).toEqual(['moved', 'seen']);
    expect(paths(nnx.state(kinds, nnx.Cache))).toEqual(['cache']);
  });
});

describe('views and walks', () => {
  test('a view inside vmap and jit reads and writes the Variables of its model', async () => {
    class Noisy extends Scale {
      readonly deterministic: boolean = false;
      override forward(x: Tensor): Tensor {
        this.count.update((count) => count.add(1));
        return this.deterministic ? x : super.forward(x);
      }
    }
    const model = new Noisy();
    const evaluate = jit((m: Noisy, x: Tensor) => nnx.view(m, { deterministic: true }).forward(x));
    await assertAllClose([on(() => evaluate(model, np.array(3))), model.count.value], [np.array(3), np.array(1)]);
    expect(model.deterministic).toBe(false);
    const each = vmap((x: Tensor) => nnx.view(model, { deterministic: true }).forward(x));
    await assertAllClose(on(() => each(np.array([1, 2]))), np.array([1, 2]));
  });

  test('a field that is undefined can be set', () => {
    class Optional extends Module {
      decode?: boolean;
    }
    const models = [new Optional(), Object.assign(new Optional(), { decode: false })] as const;
    expect(nnx.view(models, { decode: true }).map(({ decode }) => decode)).toEqual([true, true]);
    expect(models.map(({ decode }) => decode)).toEqual([undefined, false]);
  });

  test('children and modules of trees of modules', () => {
    const model = new Model();
    expect([...nnx.iterChildren(model)]).toEqual([['head', model.head]]);
    expect([...nnx.iterChildren([model, model.head])]).toEqual([['0', model], ['1', model.head]]);
    expect([...nnx.iterModules(model)].map(([path]) => path)).toEqual(['body/0', 'body/1', 'head', 'named/x', '']);
    expect(nnx.findDuplicates({ model, again: model.body })).toEqual([['model/body/0', 'again/0'], ['model/body/1', 'again/1']]);
  });
});
