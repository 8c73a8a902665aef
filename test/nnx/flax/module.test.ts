/** Behaviours of Flax's module_test: modules through jit, copies and views of them. */
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { Module, Param, Rngs, cpu, evalShape, jit, nnx, np, withDevice } from '../../../src/index.ts';
import type { BatchStat, GraphDef, State, Tensor, Variable } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { codeOf } from '../../support/host.ts';
import { messageOf } from '../../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

/** A module with the given fields. */
class Dict extends Module {
  [field: string]: unknown;

  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

class Counter extends Module {
  a: Param = new Param(1);
  b?: Param;
}

class Bar extends Module {
  x: number = 1;
}

class Foo extends Module {
  readonly a: Bar = new Bar();
  readonly b: Bar = this.a;
  c?: Bar;
}

class Block extends Module {
  readonly linear: nnx.Linear;
  readonly dropout: nnx.Dropout;
  readonly norm: nnx.BatchNorm;

  constructor(rngs: Rngs) {
    super();
    this.linear = new nnx.Linear(2, 5, { rngs });
    this.dropout = new nnx.Dropout(0.5, { rngs });
    this.norm = new nnx.BatchNorm(5, { rngs });
  }
}

const block = (): Block => new Block(new Rngs(0));
const flags = ({ dropout, norm }: Block): unknown[] => [dropout.deterministic, norm.useRunningAverage];

it('test_trace_level: what a captured module is may not change inside a trace', () => {
  const captured = new Foo();
  const grow = jit((x: Tensor, m: Foo) => {
    m.c = new Bar();
    return x;
  });
  expect(messageOf(() => on(() => grow(np.array(1), captured)))).toContain('[STRUCTURE] jit(anonymous): the structure of an argument changed');
  const leak = new Counter();
  const write = jit((x: Tensor) => {
    leak.a.setMetadata({ tag: 'x' });
    return x;
  });
  expect(messageOf(() => on(() => write(np.array(1))))).toContain('[STRUCTURE] jit(anonymous): the metadata of a captured Param changed');
});

it('test_split_merge: a merged module may change inside jit, and come out as it is', async () => {
  const g = jit((graphdef: GraphDef<Counter>, state: State<Counter>) => {
    const m = graphdef.merge(state);
    m.a = new Param(2);
    m.b = new Param(3);
    return nnx.split(m);
  });
  const m2 = nnx.merge(...on(() => g(...nnx.split(new Counter()))));
  await assertAllClose([m2.a.value, m2.b!.value], [np.array(2), np.array(3)]);
});

it('test_shared_module: what is shared is shared after merge', () => {
  const m1 = new Dict({ a: new Param(1), b: new Param(2) });
  const m3 = nnx.merge(...nnx.split(new Dict({ x: m1, y: m1, z: new Param(3) })));
  expect(m3['x']).toBe(m3['y']);
  expect([...nnx.state(m3).keys()]).toEqual(['x/a', 'x/b', 'z']);
});

it('test_deref_through_jit: shared Variables stay shared through jit', () => {
  const [r1, r2] = [new Param(1), new Param(2)];
  const m0 = { a: [r1, r2], b: r1 } as const;
  const f = jit((graphdef: GraphDef<typeof m0>, state: State) => {
    const m = nnx.merge(graphdef, state);
    expect([m.a[0] === m.b, m.a[1] === (m.b as Param)]).toEqual([true, false]);
    return nnx.split(m);
  });
  const m = nnx.merge(...on(() => f(...nnx.split(m0))));
  expect([m.a[0] === m.b, m.a[1] === (m.b as Param), m.b === m0.b, m.a[1] === m0.a[1]]).toEqual([true, false, false, false]);
});

it('test_deref_number_of_fields: every Variable is one entry', () => {
  const [r1, r2] = [new Param(1), new Param(2)];
  expect(nnx.state(new Dict({ a: [r1, r2, 3], b: { c: r1, d: r2 } })).size).toBe(2);
});

it('test_cross_barrier: a merged module inside jit is not the one outside', async () => {
  const m = new Counter();
  const g = jit((graphdef: GraphDef<Counter>, state: State<Counter>) => {
    const inner = graphdef.merge(state);
    inner.a.update((a) => a.add(1));
    return inner.split();
  });
  const [state, graphdef] = on(() => g(nnx.graphdef(m), nnx.state(m)));
  const m2 = graphdef.merge(state);
  expect(m2).not.toBe(m);
  await assertAllClose([m.a.value, m2.a.value], [np.array(1), np.array(2)]);
});

it('test_no_rejit: modules of one structure share a program', async () => {
  const g = jit((m: Counter) => m.a.update((a) => a.add(1)));
  const models = [1, 2, 3, 4].map(() => new Counter());
  for (const m of models) on(() => g(m));
  // The second model traces once more, to prove that none is reached by closure.
  expect(g.stats().traces).toBe(2);
  models[0]!.b = new Param(10);
  on(() => g(models[0]!));
  expect(g.stats().traces).toBe(3);
  await assertAllClose(models.map(({ a }) => a.value), [3, 2, 2, 2].map((n) => np.array(n)));
});

it('test_clone: equal values, Variables of its own', async () => {
  const m = new Dict({ a: [new Param(1), new Param(2), 3], b: new Dict({ c: new Param(1) }) });
  const m2 = nnx.clone(m);
  const [first, second] = [m, m2].map((model) => nnx.state(model));
  expect([...second!.keys()]).toEqual([...first!.keys()]);
  for (const [path, variable] of first!) expect(second!.get(path)).not.toBe(variable);
  await assertAllClose(second, first);
});

it('test_clone_arrays_donate_argnums: a copy is trained in place, and the values of the original stay', async () => {
  const m = new Counter();
  const copy = nnx.clone(m);
  const step = jit((model: Counter) => model.a.update((a) => a.mul(2)));
  for (let i = 0; i < 3; i++) on(() => step(copy));
  await assertAllClose([m.a.value, copy.a.value], [np.array(1), np.array(8)]);
});

/** The message of what `change` does to its argument inside jit. */
const inJit = (change: (m: Foo) => void): string => messageOf(() => on(() => jit(change)(new Foo())));

it('test_update_new_submodule: a module that is added inside jit is an error with its path', () => {
  expect(inJit((m) => (m.c = new Bar()))).toContain('args[0].c: added');
});

it('test_update_update_submodule: and so is a static field of a submodule that changes', () => {
  expect(inJit((m) => (m.a.x = 2))).toContain('args[0].a.x: 1 -> 2');
});

it('test_update_add_shared: and a further reference to a module', () => {
  expect(inJit((m) => (m.c = m.a))).toContain('args[0].c: added');
});

it('test_create_abstract: shapes without values', () => {
  const linear = evalShape(() => new nnx.Linear(2, 3, { rngs: new Rngs(0) }));
  expect([linear.kernel, linear.bias].map(String)).toEqual(['float32[2,3]', 'float32[3]']);
});

it('test_create_abstract_stateful: of random state, too', () => {
  const dropout = evalShape(() => new nnx.Dropout(0.5, { rngs: new Rngs(0) }));
  expect(String(dropout.rngs!.key)).toBe('uint32[2]');
});

it('test_partial_init: a State overwrites a part of a new model inside jit', async () => {
  const linear = new nnx.Linear(2, 3, { rngs: new Rngs(0) });
  const partialInit = jit((state: State) => {
    const m = new nnx.Linear(2, 3, { biasInit: nnx.initializers.ones, rngs: new Rngs(1) });
    m.update(state);
    return m;
  });
  const linear2 = on(() => partialInit(nnx.state(linear).filter(nnx.not(nnx.pathIn('bias')))));
  await assertAllClose([linear2.kernel.value, linear2.bias!.value], [linear.kernel.value, np.ones([3])]);
});

it('test_deepcopy: clone copies static data and closes cycles', async () => {
  const m1 = new Dict({ a: new Param(1), b: [1, 2, 3] });
  m1['self'] = m1;
  const m2 = nnx.clone(m1);
  expect([m2['self'] === m2, m2['a'] === m1['a'], m2['b'] === m1['b']]).toEqual([true, false, false]);
  expect(m2['b']).toEqual([1, 2, 3]);
  await assertAllClose((m2['a'] as Param).value, 1);
});

it('test_set_attributes: static fields of chosen modules are set outside of traces', () => {
  class Switch extends Module {
    on: boolean = false;
  }
  const model = [new Switch(), new Bar(), new Switch()];
  for (const [, module] of nnx.iterModules(model)) if (module instanceof Switch) module.on = true;
  expect(model.map((module) => ({ ...module }))).toEqual([{ on: true }, { x: 1 }, { on: true }]);
});

it('test_view: a model that shares the Variables and has other static fields', async () => {
  const model = block();
  expect(flags(model)).toEqual([false, false]);
  const view = nnx.view(model, { deterministic: true, useRunningAverage: true });
  expect([flags(view), flags(model)]).toEqual([[true, true], [false, false]]);
  expect(view.linear.kernel).toBe(model.linear.kernel);
  expect(flags(nnx.view(model, { deterministic: true }, { only: nnx.Dropout }))).toEqual([true, false]);

  const step = jit((m: Block) => m.norm.mean.update((mean) => mean.add(1)));
  on(() => step(view));
  await assertAllClose(model.norm.mean.value, np.ones([5]));
});

it('test_view_error: a name that no module has', () => {
  expect(messageOf(() => nnx.view(block(), { deterministic: true, unknown: true }))).toContain("[VALUE] view: no module of Block has a field 'unknown'");
  expect(messageOf(() => nnx.view(block(), { determinstic: true }))).toContain('fix: nnx.view(model, { deterministic: true })');
  expect(codeOf(() => nnx.view(block(), { kernel: 1 }))).toBe('STRUCTURE');
});

it('test_with_attributes_only: modules by class, by several, or by predicate', () => {
  const both = { deterministic: true, useRunningAverage: true };
  expect(flags(nnx.view(block(), both, { only: [nnx.Dropout, nnx.BatchNorm] }))).toEqual([true, true]);
  expect(flags(nnx.view(block(), { useRunningAverage: true }, { only: (module) => 'momentum' in module }))).toEqual([false, true]);
  expect(messageOf(() => nnx.view(block(), both, { only: nnx.Dropout }))).toContain("no chosen module of Block has a field 'useRunningAverage'");
});

it('test_repr: a module prints its counts', () => {
  const [first] = inspect(block()).split('\n');
  expect(first).toContain('Param: 25 (100 B)');
  expect(first).toContain('BatchStat: 10 (40 B), Total: 38 (152 B)');
  expect(inspect(new Param(1, { tag: 'w', onGetValue: (_, w) => w }))).toContain('Param');
});

it('test_no_data_in_static: a tensor in a field is refused, with its path', () => {
  expect(messageOf(() => new Dict({ a: { deep: [np.array(1)] } }).split())).toContain('[PYTREE] a/deep/0 is Tensor(float32[])');
});

it('test_variable_in_static_list: Variables in plain arrays are state', () => {
  expect([...nnx.state(new Dict({ list: [new Param(1), 'x', new Param(2)] })).keys()]).toEqual(['list/0', 'list/2']);
});

it('test_modules_iterator: modules with their paths, parts before the whole', () => {
  const rngs = new Rngs(0);
  const module = new Dict({
    submodules: [{ a: new nnx.Linear(1, 1, { rngs }) }, { b: new nnx.Linear(1, 1, { rngs }) }],
    linear: new nnx.Linear(1, 1, { rngs }),
    norm: new nnx.BatchNorm(1, { rngs }),
  });
  expect([...nnx.iterModules(module)].map(([path, m]) => [path, m.constructor.name])).toEqual([
    ['linear', 'Linear'], ['norm', 'BatchNorm'], ['submodules/0/a', 'Linear'], ['submodules/1/b', 'Linear'], ['', 'Dict'],
  ]);
  expect([...nnx.iterChildren(module)].map(([name]) => name)).toEqual(['linear', 'norm']);
});

it('test_cached_partial: a model that is bound once is not read again, and its state is followed', async () => {
  const model = new Counter();
  const step = jit((x: Tensor) => {
    model.a.update((a) => a.add(x));
    return model.a.value.mul(2);
  });
  const outputs = [1, 2, 3].map((x) => on(() => step(np.array(x))));
  await assertAllClose(outputs, [4, 8, 14].map((y) => np.array(y)));
  model.a.value = np.array(100);
  await assertAllClose(on(() => step(np.array(1))), 202);
  expect(step.stats().traces).toBe(1);
  expect([...nnx.state(model).values()].every((variable: Variable | BatchStat) => variable.filled)).toBe(true);
});
