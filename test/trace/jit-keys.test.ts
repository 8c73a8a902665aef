/** What a jitted function sees of its arguments selects the program: nothing of another call leaks into this one. */
import { expect, test } from 'vitest';
import { BatchStat, Module, Param, jit, nnx, np, registerPytree, vmap } from '../../src/index.ts';
import type { GraphDef, State, Tensor, Variable } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

const ones = (): Tensor => np.ones([3]);

test('the class and the metadata of a Variable', () => {
  const describe = jit((v: Variable) => `${v.constructor.name} ${String(v.sharding)}`);
  const variables = [new Param(ones()), new BatchStat(ones()), new Param(ones(), { sharding: 'x' })];
  for (let call = 0; call < 2; call++) expect(variables.map(describe)).toEqual(['Param null', 'BatchStat null', 'Param x']);
});

test('the class of a Variable in a module', () => {
  class Holder extends Module {
    readonly held: Variable;
    constructor(held: Variable) {
      super();
      this.held = held;
    }
  }
  const isParam = jit((m: Holder) => m.held instanceof Param);
  expect([isParam(new Holder(new Param(ones()))), isParam(new Holder(new BatchStat(ones())))]).toEqual([true, false]);
});

test('a static result that depends on which Variable was passed', () => {
  const special = new Param(ones());
  const isSpecial = jit((v: Param) => v === special);
  const calls = [special, new Param(ones()), new Param(ones()), special];
  expect(calls.map(isSpecial)).toEqual([true, false, false, true]);
});

test('classes of one name', () => {
  const makeClass = (): new (x: Tensor) => { readonly x: Tensor } =>
    class Point {
      readonly x: Tensor;
      constructor(x: Tensor) {
        this.x = x;
      }
    };
  const [A, B] = [makeClass(), makeClass()];
  for (const Class of [A, B]) {
    registerPytree(Class, { flatten: ({ x }) => [[x], null], unflatten: (_, [x]) => new Class(x as Tensor) });
  }
  const isA = jit((point: { readonly x: Tensor }) => point instanceof A);
  expect([isA(new A(ones())), isA(new B(ones()))]).toEqual([true, false]);
});

class Tagged {
  readonly tag: unknown;
  readonly x: Tensor;
  constructor(tag: unknown, x: Tensor) {
    this.tag = tag;
    this.x = x;
  }
}
registerPytree(Tagged, { flatten: ({ tag, x }) => [[x], tag], unflatten: (tag, [x]) => new Tagged(tag, x as Tensor) });

test('static parts of registered classes: plain data by deep value, all else as themselves', () => {
  const f = jit(({ tag }: Tagged) => tag);
  const symbol = Symbol('a');
  for (const tag of [NaN, null, undefined, -0, 0, '0', f, symbol, Symbol('a')]) expect(f(new Tagged(tag, ones()))).toBe(tag);
  const { traces } = f.stats();
  f(new Tagged({ a: [1, { b: NaN }] }, ones()));
  f(new Tagged({ a: [1, { b: NaN }] }, ones()));
  expect(f.stats().traces).toBe(traces + 1);
});

test('a tensor in a static part is that tensor', async () => {
  const f = jit(({ tag, x }: Tagged) => x.add(tag as Tensor));
  await assertAllClose(f(new Tagged(ones(), ones())), np.full([3], 2));
  await assertAllClose(f(new Tagged(np.full([3], 5), ones())), np.full([3], 6));
});

test('a GraphDef is static: it goes in, and comes out', async () => {
  class Scale extends Module {
    readonly w: Param = new Param(np.array([1, 2, 3]));
    forward(x: Tensor): Tensor {
      return x.mul(this.w);
    }
  }
  const [graphdef, state] = nnx.split(new Scale());
  const run = jit((def: GraphDef<Scale>, values: State, x: Tensor) => def.apply(values)(x));
  const [y, [after, same]] = run(graphdef, state, np.full([3], 2));
  await assertAllClose(y, np.array([2, 4, 6]));
  expect(same).toBe(graphdef);
  await assertAllClose(after.get('w').value, np.array([1, 2, 3]));
});

test('donating an argument that the call does not have', () => {
  const f = jit((x: Tensor) => x.mul(2), { donate: [1] });
  expect(() => f(ones())).toThrow('[VALUE] jit(anonymous): donate names argument 1, and the call has 1');
});

test('transformed functions keep their names', () => {
  const step = (x: Tensor): Tensor => x;
  expect([jit(step).name, vmap(step).name, jit(vmap(jit(step))).name]).toEqual(['step', 'step', 'step']);
});
