/** Flax's tests of derivatives as behaviours, under their names. */
import { expect, it } from 'vitest';
import {
  BatchStat, Module, Param, Rngs, cpu, customVjp, grad, jit, jvp, nnx, np, valueAndGrad, vjp, withDevice,
} from '../../../src/index.ts';
import type { NestedArray, Tensor, Variable } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const valuesIn = async (state: Iterable<readonly [string, Variable]>): Promise<Record<string, NestedArray>> =>
  Object.fromEntries(await Promise.all([...state].map(async ([path, { value }]) => [path, await value.array()] as const)));

/** sin(x) * y, and counts its calls. */
class Foo extends Module {
  readonly x: Param = new Param(1);
  readonly y: Param = new Param(2);
  readonly z: BatchStat = new BatchStat(0);

  forward(): Tensor {
    this.z.update((z) => z.add(1));
    return np.sin(this.x).mul(this.y);
  }
}

const call = (m: Foo): Tensor => m.forward();

it('test_grad: of a tied Param once, as its sum; update keeps it tied', async () => {
  class Tied extends Module {
    readonly a: readonly Param[] = [new Param(10), new Param(20)];
    readonly b: Param = this.a[0]!;
    readonly c: number = 7;
  }
  const m = new Tied();
  const grads = on(() => grad((m: Tied) => m.a[0]!.value.add(m.a[1]!).add(m.b))(m));
  expect(await valuesIn(grads)).toEqual({ 'a/0': 2, 'a/1': 1 });
  expect([...grads.values()].every((variable) => variable instanceof Param)).toBe(true);
  nnx.update(m, grads);
  expect([m.a[0] === m.b, m.c]).toEqual([true, 7]);
  await assertAllClose([m.a[0]!.value, m.a[1]!.value, m.b.value], [np.array(2), np.array(1), np.array(2)]);
});

it('test_grad_with_multiple_ref_types: Params unless wrt says otherwise', async () => {
  class Mixed extends Module {
    readonly a: readonly [Param, BatchStat] = [new Param(10), new BatchStat(20)];
    readonly b: Param = new Param(10);
  }
  const sum = (m: Mixed): Tensor => m.a[0].value.add(m.a[1]).add(m.b);
  expect(await valuesIn(on(() => grad(sum)(new Mixed())))).toEqual({ 'a/0': 1, b: 1 });
  expect(await valuesIn(on(() => grad(sum, { wrt: BatchStat })(new Mixed())))).toEqual({ 'a/1': 1 });
});

it('test_multiple_args_in_pytrees: modules in arrays and objects', async () => {
  const [m1, m2] = on(() => {
    const rngs = new Rngs(0);
    return [new nnx.Linear(2, 3, { rngs }), new nnx.Linear(3, 3, { rngs })] as const;
  });
  const loss = ({ first, rest }: { first: nnx.Linear; rest: readonly nnx.Linear[] }, x: Tensor): Tensor =>
    rest[0]!.forward(first.forward(x)).square().mean();
  const grads = on(() => grad(loss)({ first: m1, rest: [m2] }, np.ones([1, 2])));
  expect(grads.first.get('kernel').shape).toEqual([2, 3]);
  expect(grads.rest[0]!.get('bias').shape).toEqual([3]);
});

it('test_value_and_grad_with_aux: and the state that is written', async () => {
  const m = new Foo();
  const [[value, aux], grads] = on(() => valueAndGrad((m: Foo) => [m.forward(), m.z.value.mul(10)] as const, { hasAux: true })(m));
  await assertAllClose([value, aux, m.z.value], [np.array(2 * Math.sin(1)), np.array(10), np.array(1)]);
  await assertAllClose(grads.get('y').value, Math.sin(1));
});

it('test_variables_in_grad: Variables as arguments give tensors like them', async () => {
  const [w, b] = [new Param(np.array([1, 2])), new Param(np.array([3, 4]))];
  const f = (w: Param, b: Param): Tensor => w.value.mul(w).add(b).sum();
  await assertAllClose(on(() => grad(f, { argnums: [0, 1] })(w, b)), [np.array([2, 4]), np.array([1, 1])]);
});

it('test_tree_mode_grad: of a State, all of it', async () => {
  const [graphdef, params, others] = nnx.split(new Foo(), Param, nnx.rest);
  const loss = (params: nnx.State, others: nnx.State): Tensor => nnx.merge(graphdef, params, others).forward();
  const grads = on(() => jit(grad(loss), { device: cpu })(params, others));
  expect([...grads.keys()]).toEqual(['x', 'y']);
  await assertAllClose(grads.get('x').value, 2 * Math.cos(1));
});

it('test_diff_state: a filter on paths', async () => {
  const m = new Foo();
  const grads = on(() => grad(call, { wrt: nnx.pathContains('x') })(m));
  expect([...grads.keys()]).toEqual(['x']);
  await assertAllClose([grads.get('x').value, m.z.value], [np.array(2 * Math.cos(1)), np.array(1)]);
});

it('test_docs_example: a rule of one’s own for a module', async () => {
  const f = customVjp(
    (m: Foo) => m.forward(),
    (m) => [m.forward(), { cos: np.cos(m.x), sin: np.sin(m.x), y: m.y.value }],
    ({ cos, sin, y }, ct) => [new nnx.State([['x', new Param(ct.mul(cos).mul(y).mul(10))], ['y', new Param(ct.mul(sin))]]) as never],
  );
  const m = new Foo();
  const grads = on(() => grad(f)(m));
  await assertAllClose([grads.get('x').value, grads.get('y').value], [np.array(20 * Math.cos(1)), np.array(Math.sin(1))]);
  await assertAllClose(m.z.value, 1);
});

it('test_non_diff_args: static and constant arguments of such a rule', async () => {
  const f = customVjp(
    (scale: number, x: Tensor): Tensor => x.mul(scale),
    (scale, x) => [x.mul(scale), null],
    (scale: number, _: null, ct: Tensor) => [ct.mul(scale * 100)],
    { nondiffArgnums: [0] },
  );
  await assertAllClose(on(() => grad((x: Tensor) => f(3, x))(2)), 300);
});

it('test_custom_vjp_diff_arg_mutation: what the rule writes is written once', async () => {
  const f = customVjp(
    (m: Foo) => m.forward(),
    (m) => [m.forward(), null],
    (_, ct) => [new nnx.State([['x', new Param(ct)], ['y', new Param(ct)]]) as never],
  );
  const m = new Foo();
  for (const count of [1, 2]) {
    on(() => jit(grad(f), { device: cpu })(m));
    await assertAllClose(m.z.value, count);
  }
});

it('test_vjp_state_propagation: vjp writes state, in the forward computation', async () => {
  const m = new Foo();
  const [y, pullback] = on(() => vjp(call, m));
  await assertAllClose([y, m.z.value], [np.array(2 * Math.sin(1)), np.array(1)]);
  on(() => pullback(1));
  await assertAllClose(m.z.value, 1);
});

it('test_jvp_state_propagation: and so does jvp', async () => {
  const m = new Foo();
  const tangent = m.split()[0].extract(Param);
  const [y, dy] = on(() => jvp(call, [m], [tangent]));
  await assertAllClose([y, dy], [np.array(2 * Math.sin(1)), np.array(2 * Math.cos(1) + 2 * Math.sin(1))]);
  await assertAllClose(m.z.value, 1);
});
