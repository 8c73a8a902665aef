/** Behaviours of Flax's state_test, filters_test, variable_test and containers_test. */
import { expect, it } from 'vitest';
import { BatchStat, Module, Param, Rngs, State, cpu, grad, jit, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';
import { messageOf } from '../../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const state = (): State<unknown, Param> => new State([['a', new Param(1)], ['b/c', new Param(2)]]);

it('test_create_state: Variables by path', async () => {
  await assertAllClose([...state().values()].map(({ value }) => value), [np.array(1), np.array(2)]);
});

it('test_get_attr: read by path', async () => {
  await assertAllClose([state().get('a').value, state().get('b/c').value], [np.array(1), np.array(2)]);
});

it('test_set_attr: written by path', async () => {
  const s = state();
  s.get('a').value = np.array(3);
  s.get('b/c').value = np.array(4);
  await assertAllClose([s.get('a').value, s.get('b/c').value], [np.array(3), np.array(4)]);
});

it('test_set_attr_variables: a write keeps the class and the object', () => {
  const s = state();
  const a = s.get('a');
  a.value = np.array(3);
  expect(s.get('a')).toBe(a);
  expect(a).toBeInstanceOf(Param);
});

it('test_add_nested_attr: a further entry makes another State', async () => {
  const s = State.merge(state(), new State([['b/d', new Param(5)]]));
  expect([...s.keys()]).toEqual(['a', 'b/c', 'b/d']);
  await assertAllClose(s.get('b/d').value, 5);
});

it('test_delete_nested_attr: and so does one less', () => {
  const s = state();
  expect([...s.filter(nnx.not(nnx.pathIn('b/c'))).keys()]).toEqual(['a']);
  expect(s.has('b/c')).toBe(true);
});

it('test_integer_access: members of arrays by number', () => {
  class Foo extends Module {
    readonly layers: readonly nnx.Linear[];

    constructor(rngs: Rngs) {
      super();
      this.layers = [new nnx.Linear(1, 2, { rngs }), new nnx.Linear(2, 3, { rngs })];
    }
  }
  const s = nnx.state(new Foo(new Rngs(0)));
  expect([s.get('layers/0/kernel').shape, s.get('layers/1/kernel').shape]).toEqual([[1, 2], [2, 3]]);
});

it('test_pure_dict: to tensors in objects, and back', async () => {
  const model = new nnx.Linear(4, 5, { rngs: new Rngs(0) });
  const pure = nnx.toPureDict(nnx.state(model));
  expect([(pure['kernel'] as Tensor).shape, (pure['bias'] as Tensor).shape]).toEqual([[4, 5], [5]]);
  nnx.replaceByPureDict(nnx.state(model), { kernel: np.zeros([4, 5]), bias: np.zeros([5]) });
  await assertAllClose(on(() => model.forward(np.ones([3, 4]))), np.zeros([3, 5]));
  expect(messageOf(() => nnx.replaceByPureDict(nnx.state(model), { kernle: np.zeros([4, 5]) }))).toContain("fix: state.get('kernel')");
});

it('test_diff: the entries that another State lacks', () => {
  const layers = (n: number): State => nnx.state(Array.from({ length: n }, () => new nnx.Linear(4, 4, { useBias: false, rngs: new Rngs(0) })));
  expect([...layers(4).diff(layers(4)).keys()]).toEqual([]);
  expect([...layers(5).diff(layers(4)).keys()]).toEqual(['4/kernel']);
  expect(layers(4).diff(layers(5)).size).toBe(0);
});

it('test_path_contains: a part of the path, whole or in pieces', () => {
  const layer = (): nnx.Linear => new nnx.Linear(2, 3, { rngs: new Rngs(0) });
  const model = { backbone1: layer(), backbone2: layer(), head: layer() };
  const chosen = (filter: nnx.Filter): string[] => [...nnx.state(model, filter).keys()];
  expect(chosen(nnx.pathContains('head'))).toEqual(['head/bias', 'head/kernel']);
  expect(chosen(nnx.pathContains('backbone'))).toEqual([]);
  expect(chosen(nnx.pathContains('backbone', { exact: false }))).toHaveLength(4);
  expect(chosen(nnx.pathContains('', { exact: false }))).toHaveLength(6);
});

it('test_binary_ops: Variables are operands', async () => {
  const [v, w] = [new Param(2), new Param(3)];
  v.value = v.value.add(w);
  await assertAllClose([v.value, np.multiply(v, w)], [np.array(5), np.array(15)]);
  expect(messageOf(() => (v as unknown as number) + 1)).toContain('[CONCRETIZATION]');
});

it('test_eq_op: values are compared by a function', async () => {
  const same = np.equal(new Param(np.array([1, 2])), new Param(np.array([1, 3])));
  expect(await same.array()).toEqual([true, false]);
});

it('test_get_set_metadata: added to, taken away, and read with a default', () => {
  const v = new Param(1, { tag: 'x' });
  v.setMetadata({ a: 1, b: 2 });
  expect([v.getMetadata('a'), v.getMetadata('b'), v.getMetadata('none', 10)]).toEqual([1, 2, 10]);
  v.setMetadata({ b: 3, a: undefined });
  expect(v.getMetadata()).toEqual({ tag: 'x', b: 3 });
  const model = { v, stat: new BatchStat(0) };
  nnx.setMetadata(model, { foo: 'bar' });
  nnx.setMetadata(model, { frozen: true }, { only: Param });
  expect([v, model.stat].map((variable) => variable.getMetadata())).toEqual([{ tag: 'x', b: 3, foo: 'bar', frozen: true }, { foo: 'bar' }]);
});

class Linear extends Module {
  readonly w: Param;
  readonly b: Param = new Param(np.zeros([4]));

  constructor(rngs: Rngs) {
    super();
    this.w = new Param(random.normal(rngs.params(), [3, 4]));
  }
}

it('test_overloads_module: methods of tensors take Variables', () => {
  const { w, b } = new Linear(new Rngs(0));
  expect(on(() => np.ones([3]).matmul(w).add(b)).shape).toEqual([4]);
});

it('test_jax_array: and so do functions', () => {
  const { w, b } = new Linear(new Rngs(0));
  expect(on(() => np.add(np.dot(np.ones([3]), w), b)).shape).toEqual([4]);
});

it('test_on_set_value: hooks change what is kept and what is read', async () => {
  const v = new Param(1, { onSetValue: (_, x) => x.add(7), onGetValue: (_, x) => x.mul(10), onCreateValue: (_, x) => x.add(1) });
  await assertAllClose([v.rawValue, v.value], [np.array(2), np.array(20)]);
  v.value = np.array(5);
  await assertAllClose([v.rawValue, v.value], [np.array(12), np.array(120)]);
  const copy = nnx.clone({ v }).v;
  nnx.update({ v }, nnx.state({ v: copy }));
  await assertAllClose([copy.rawValue, v.rawValue], [np.array(12), np.array(12)]);
  // Inside a trace they are a part of the program, which derivatives pass through.
  await assertAllClose(on(() => jit((p: Param) => p.value)(v)), 120);
  await assertAllClose(on(() => grad((model: { v: Param }) => model.v.value)({ v })).v, 10);
  on(() => jit((p: Param) => (p.value = np.array(0)))(v));
  await assertAllClose(v.rawValue, 7);
});
