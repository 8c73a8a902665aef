/** Behaviours of Flax's graph_utils_test: models taken apart and put together. */
import { expect, it } from 'vitest';
import { BatchStat, Module, Param, Rngs, State, cpu, grad, jit, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';
import { messageOf } from '../../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Pair extends Module {
  a: Module | Param;
  b: Module | Param;

  constructor(a: Module | Param, b: Module | Param) {
    super();
    this.a = a;
    this.b = b;
  }
}

class Leaf extends Module {
  n: number;
  readonly w: Param;

  constructor(n: number) {
    super();
    this.n = n;
    this.w = new Param(n);
  }
}

class Self extends Module {
  me: Self | null = null;
  readonly w: Param = new Param(1);
}

/** An object that is held twice, and a Variable beside it. */
function graph() {
  const a = { n: 1, b: new Param(2) };
  return [a, 3, a, new Param(4)] as const;
}

/** The same with a module, which keeps its identity. */
function moduleGraph(): [Leaf, number, Leaf, Param] {
  const a = new Leaf(2);
  return [a, 3, a, new Param(4)];
}

it('test_flatten: a Variable that is reached twice has one entry', async () => {
  const g = graph();
  const state = nnx.state(g);
  expect([...state]).toEqual([['0/b', g[0].b], ['3', g[3]]]);
  await assertAllClose([...state.values()].map(({ value }) => value), [np.array(2), np.array(4)]);
});

it('test_unflatten_pure_dict: values come from an object of tensors, structure from the GraphDef', async () => {
  const [graphdef, state] = nnx.split(moduleGraph());
  const pure = nnx.toPureDict(state);
  const values = nnx.state(nnx.merge(graphdef, state));
  nnx.replaceByPureDict(values, { 0: { w: np.array(7) }, 3: pure['3'] as Tensor });
  const merged = nnx.merge(graphdef, values);
  expect(merged[0]).toBe(merged[2]);
  await assertAllClose([merged[0].w.value, merged[3].value], [np.array(7), np.array(4)]);
});

it('test_unflatten_empty: a merge names the Variables that its States lack', () => {
  const [graphdef] = nnx.split(moduleGraph());
  expect(messageOf(() => nnx.merge(graphdef, new State()))).toContain(
    "[STATE_PATH] merge: Array has 2 Variables, and the States lack 2: '0/w', '3'",
  );
});

it('test_merge_missing_state: so it does when one of several States is left out', () => {
  const model = new nnx.BatchNorm(2, { rngs: new Rngs(0) });
  const [graphdef, params, stats] = nnx.split(model, Param, BatchStat);
  expect(messageOf(() => nnx.merge(graphdef, params))).toContain("BatchNorm has 4 Variables, and the States lack 2: 'mean', 'var'");
  expect(nnx.merge(graphdef, params, stats)).toBeInstanceOf(nnx.BatchNorm);
  const [other] = new Leaf(1).split();
  expect(messageOf(() => nnx.merge(graphdef, params, stats, other))).toContain("the GraphDef of BatchNorm has no place for 'w'");
});

it('test_update_dynamic: a State writes into a tree of Variables', async () => {
  const g = graph();
  const doubled = nnx.state(g).map((_, { value }) => value.mul(2));
  await assertAllClose([g[0].b.value, g[3].value], [np.array(2), np.array(4)]);
  nnx.update(g, doubled.filter(nnx.pathContains(0)));
  await assertAllClose([g[0].b.value, g[2].b.value, g[3].value], [np.array(4), np.array(4), np.array(4)]);
});

it('test_update_from_pure_dict: and so does an object of tensors', async () => {
  const g = graph();
  nnx.replaceByPureDict(nnx.state(g), { 0: { b: np.array(3) } });
  await assertAllClose([g[2].b.value, g[3].value], [np.array(3), np.array(4)]);
  expect(codeOf(() => nnx.replaceByPureDict(nnx.state(g), { 0: { b: np.array(5), c: np.array(1) } }))).toBe('STATE_PATH');
  await assertAllClose(g[0].b.value, 3);
});

it('test_module_list: an array of modules has paths that begin with a number', () => {
  const rngs = new Rngs(0);
  const layers = [new nnx.Linear(2, 2, { rngs }), new nnx.BatchNorm(2, { rngs })] as const;
  const shapes = [...nnx.state(layers)].map(([path, { shape }]) => [path, shape]);
  expect(shapes).toEqual([
    ['0/bias', [2]], ['0/kernel', [2, 2]], ['1/bias', [2]], ['1/mean', [2]], ['1/scale', [2]], ['1/var', [2]],
  ]);
});

it('test_shared_variables: one entry at the first path, shared again after merge', () => {
  const v = new Param(1);
  const [graphdef, state] = nnx.split([v, v]);
  expect([...state.keys()]).toEqual(['0']);
  const merged = nnx.merge(graphdef, state);
  expect(merged[0]).toBe(merged[1]);
  expect(merged[0]).not.toBe(v);
});

it('test_tied_weights: a Variable that two layers hold', async () => {
  class Foo extends Module {
    readonly bar: nnx.Linear;
    readonly baz: nnx.Linear;

    constructor(rngs: Rngs) {
      super();
      this.bar = new nnx.Linear(2, 2, { rngs });
      this.baz = Object.assign(new nnx.Linear(2, 2, { rngs }), { kernel: this.bar.kernel });
    }
  }
  const node = new Foo(new Rngs(0));
  const [graphdef, state] = nnx.split(node);
  expect([...state.keys()]).toEqual(['bar/bias', 'bar/kernel', 'baz/bias']);
  const merged = nnx.merge(graphdef, state);
  expect(merged.bar.kernel).toBe(merged.baz.kernel);
  nnx.update(merged, new State([['bar/kernel', new Param(np.zeros([2, 2]))]]));
  await assertAllClose(merged.baz.kernel.value, np.zeros([2, 2]));
});

it('test_tied_weights: gradients of what is tied accumulate', async () => {
  const k = new Param(2);
  const model = new Pair(k, k);
  const square = ({ a, b }: Pair): Tensor => (a as Param).value.mul((b as Param).value);
  const gradient = on(() => grad(square)(model));
  expect([...gradient.keys()]).toEqual(['a']);
  await assertAllClose(gradient.get('a').value, 4);
  const merged = nnx.merge(...nnx.split(model));
  await assertAllClose(on(() => jit(grad(square))(merged)).get('a').value, 4);
});

it('test_tied_weights_example: an embedding that is also the last layer', () => {
  class Transposed extends Module {
    kernel: Param;

    constructor(outFeatures: number, inFeatures: number, rngs: Rngs) {
      super();
      this.kernel = new Param(nnx.initializers.lecunNormal()(rngs.params(), [outFeatures, inFeatures]));
    }

    forward(x: Tensor): Tensor {
      return x.matmul(this.kernel.value.transpose());
    }
  }
  class Encoder extends Module {
    readonly embed: nnx.Embed;
    readonly last: Transposed;

    constructor(rngs: Rngs) {
      super();
      this.embed = new nnx.Embed(10, 2, { rngs });
      this.last = new Transposed(10, 2, rngs);
      this.last.kernel = this.embed.embedding;
    }

    forward(x: Tensor): Tensor {
      return this.last.forward(this.embed.forward(x));
    }
  }
  const model = new Encoder(new Rngs(0));
  expect([...nnx.state(model).keys()]).toEqual(['embed/embedding']);
  expect(on(() => model.forward(random.randint(random.key(0), [2], 0, 10))).shape).toEqual([2, 10]);
});

it('test_shared_state_variables_shared_with_graph: a State holds the Variables themselves; a merged model has its own', async () => {
  const p = new Param(1);
  const model = new Pair(p, p);
  const [graphdef, state] = nnx.split(model);
  expect(state.get('a')).toBe(p);
  expect(state.has('b')).toBe(false);
  const merged = nnx.merge(graphdef, state);
  expect(merged.a).toBe(merged.b);
  (merged.a as Param).value = np.array(5);
  await assertAllClose([p.value, (merged.b as Param).value], [np.array(1), np.array(5)]);
});

const swap = jit((m: Pair) => {
  [m.a, m.b] = [m.b, m.a];
});

it('test_cached_unflatten: swapped submodules do not come back, which is an error with their paths', () => {
  const rngs = new Rngs(0);
  const model = new Pair(new nnx.Linear(2, 2, { rngs }), new nnx.BatchNorm(2, { rngs }));
  expect(messageOf(() => on(() => swap(model)))).toContain(
    '[STRUCTURE] jit(anonymous): the structure of an argument changed while it was traced:\n  args[0].a: Linear -> BatchNorm\n',
  );
});

it('test_cached_unflatten_swap_variables: nor do swapped Variables', () => {
  expect(messageOf(() => on(() => swap(new Pair(new Param(1), new Param(2)))))).toContain('args[0].a: another Param\n  args[0].b: another Param');
});

it('test_cached_unflatten_add_self_reference: nor a new reference', async () => {
  const add = jit((m: Self) => {
    m.me = m;
  });
  expect(messageOf(() => on(() => add(new Self())))).toContain('args[0].me');
  const closed = new Self();
  closed.me = closed;
  on(() => jit((m: Self) => m.me!.w.update((w) => w.add(1)))(closed));
  await assertAllClose(closed.w.value, 2);
});

it('test_split_merge_context_nested: what two models share is shared in one tree of them', () => {
  const inner = new nnx.Linear(2, 3, { rngs: new Rngs(0) });
  const [graphdef, state] = nnx.split({ outer: new Pair(inner, new Param(1)), inner });
  expect([...state.keys()]).toEqual(['outer/a/bias', 'outer/a/kernel', 'outer/b']);
  const merged = nnx.merge(graphdef, state);
  expect(merged.outer.a).toBe(merged.inner);
});

it('test_split_variable: a Variable alone is a model', async () => {
  const [graphdef, state] = nnx.split(new Param(1));
  expect([...state.keys()]).toEqual(['']);
  const merged = nnx.merge(graphdef, state);
  expect(merged).toBeInstanceOf(Param);
  const target = new Param(5);
  nnx.update(target, state);
  await assertAllClose([merged.value, target.value], [np.array(1), np.array(1)]);
});

it('test_split_filter_variable: with filters it goes to the first that chooses it', () => {
  const [graphdef, stats, params, others] = nnx.split(new Param(1), BatchStat, Param, nnx.rest);
  expect([stats.size, params.size, others.size]).toEqual([0, 1, 0]);
  expect(nnx.merge(graphdef, stats, params, others)).toBeInstanceOf(Param);
});

it('test_array_attributes: data outside of Variables is refused', () => {
  class Foo extends Module {
    readonly a: Tensor = np.array(1);
    readonly b: string = 'yes';
  }
  expect(messageOf(() => nnx.split(new Foo()))).toContain('[PYTREE] a is Tensor(float32[]): data of a module lives in Variables');
});

it('test_pop_dict: Variables leave a tree by filter', async () => {
  const node = { a: { b: new BatchStat(1), c: new Param(2), d: new BatchStat(3) } };
  const popped = nnx.pop(node, [Param, (path) => path.endsWith('/b')]);
  expect([...popped.keys()]).toEqual(['a/b', 'a/c']);
  expect(Object.keys(node.a)).toEqual(['d']);
  await assertAllClose(popped.get('a/c').value, 2);
});

it('test_iter_graph: every module and Variable once, parts before the whole', () => {
  const [v, w] = [new Param(0), new Param(1)];
  const child = new Pair(v, w);
  class Root extends Module {
    readonly a: Pair = child;
    readonly b: Param = w;
    readonly c: Pair = child;
    readonly d: Param = v;
    readonly self: Root = this;
  }
  const root = new Root();
  expect([...nnx.iterGraph(root)]).toEqual([['a/a', v], ['a/b', w], ['a', child], ['', root]]);
});

it('test_find_duplicates: the paths of what is shared', () => {
  const rngs = new Rngs(0);
  const a = new nnx.Linear(1, 1, { rngs });
  const model = { a, b: new nnx.Linear(1, 1, { rngs }), c: a };
  expect(nnx.findDuplicates(model)).toEqual([['a', 'c']]);
  expect(nnx.findDuplicates([model.b])).toEqual([]);
  const loop = new Self();
  loop.me = loop;
  expect(nnx.findDuplicates(loop)).toEqual([['me', '']]);
});

it('test_resursive_map: parts are changed in a copy, shared ones once', () => {
  const [one, two] = [new Leaf(10), new Leaf(20)];
  let calls = 0;
  const result = nnx.recursiveMap((_, part) => {
    if (!(part instanceof Leaf)) return part;
    calls++;
    part.n += 1;
    return part;
  }, [one, two, one]);
  expect(result[0]).toBe(result[2]);
  expect([result[0]!.n, result[1]!.n, one.n, calls]).toEqual([11, 21, 10, 2]);
});

it('test_resursive_map_replace: or replaced', () => {
  const [one, two] = [new Leaf(10), new Leaf(20)];
  const result = nnx.recursiveMap((_, part) => (part instanceof Leaf ? new Leaf(-part.n) : part), [one, two, one]);
  expect(result[0]).toBe(result[2]);
  expect(result.map(({ n }) => n)).toEqual([-10, -20, -10]);
  const loop = new Self();
  loop.me = loop;
  expect(messageOf(() => nnx.recursiveMap((_, part) => part, loop))).toContain("[STRUCTURE] recursiveMap: 'me' is a module that contains it");
});

it('test_graphdef_hash_with_sequential: equal structures are one GraphDef', () => {
  const make = (size: number) => nnx.graphdef(new nnx.Sequential(new nnx.Linear(size, 1, { rngs: new Rngs(0) })));
  expect(make(2)).toBe(make(2));
  expect(make(2)).not.toBe(make(3));
});
