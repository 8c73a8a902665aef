/** What the types of derivatives say, checked by the compiler. */
import { expectTypeOf, test } from 'vitest';
import {
  Param, Rngs, cpu, grad, hessian, jacrev, jvp, nnx, np, stopGradient, valueAndGrad, vjp, withDevice,
} from '../../src/index.ts';
import type { State, Tensor } from '../../src/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const x = np.array([1, 2]);
const square = (v: Tensor): Tensor => np.sum(np.square(v));

test('gradients have the type of the arguments', () => {
  expectTypeOf(on(() => grad(square)(x))).toEqualTypeOf<Tensor>();
  expectTypeOf(on(() => grad(grad((v: Tensor) => v.mul(v)))(3))).toEqualTypeOf<Tensor>();
  const tree = ({ w, parts: [a] }: { w: Tensor; parts: [Tensor, Tensor] }, flag: boolean): Tensor => np.sum(flag ? w : a);
  expectTypeOf(on(() => grad(tree)({ w: x, parts: [x, 3] }, true))).toEqualTypeOf<{ w: Tensor; parts: [Tensor, Tensor] }>();
  const both = grad((a: Tensor, b: Tensor) => np.sum(a.mul(b)), { argnums: [1, 0] });
  expectTypeOf(on(() => both(x, 2))).toEqualTypeOf<[Tensor, Tensor]>();
  expectTypeOf(on(() => grad((n: number, b: Tensor) => np.sum(b.mul(n)), { argnums: 1 })(2, x))).toEqualTypeOf<Tensor>();
});

test('of modules they are States, of Variables tensors', () => {
  const model = new nnx.Linear(2, 2, { rngs: new Rngs(0) });
  const loss = (m: nnx.Linear, v: Tensor): Tensor => np.sum(m.forward(v));
  expectTypeOf(on(() => grad(loss)(model, x))).toEqualTypeOf<State<nnx.Linear>>();
  expectTypeOf(on(() => valueAndGrad(loss, { wrt: Param })(model, x))).toEqualTypeOf<[value: Tensor, gradient: State<nnx.Linear>]>();
  expectTypeOf(on(() => grad((w: Param) => np.sum(w.value))(new Param(x)))).toEqualTypeOf<Tensor>();
});

test('auxiliary results keep theirs', () => {
  const f = (v: Tensor): [Tensor, { name: string }] => [square(v), { name: 'a' }];
  expectTypeOf(on(() => grad(f, { hasAux: true })(x))).toEqualTypeOf<[gradient: Tensor, aux: { name: string }]>();
  expectTypeOf(on(() => vjp(f, x, { hasAux: true }))[2]).toEqualTypeOf<{ name: string }>();
  expectTypeOf(on(() => jvp(f, [x], [x], { hasAux: true }))[2]).toEqualTypeOf<{ name: string }>();
});

test('pullbacks, jacobians and what is stopped', () => {
  const [y, pullback] = on(() => vjp((a: Tensor, { b }: { b: Tensor }) => [a.mul(b)] as const, x, { b: 2 }));
  expectTypeOf(y).toEqualTypeOf<readonly [Tensor]>();
  expectTypeOf(on(() => pullback([x]))).toEqualTypeOf<[Tensor, { b: Tensor }]>();
  const pair = ({ u, v }: { u: Tensor; v: Tensor }): { p: Tensor } => ({ p: u.mul(v) });
  expectTypeOf(on(() => jacrev(pair)({ u: x, v: x }))).toEqualTypeOf<{ p: { u: Tensor; v: Tensor } }>();
  expectTypeOf(on(() => hessian(square)(x))).toEqualTypeOf<Tensor>();
  expectTypeOf(stopGradient({ a: x, n: 3 })).toEqualTypeOf<{ a: Tensor; n: number }>();
  expectTypeOf(stopGradient(new Param(x))).toEqualTypeOf<Tensor>();
});

test('numbers may stand for what is differentiated, and for nothing else', () => {
  const slope = grad((a: Tensor, b: Tensor) => np.sum(a.mul(b)));
  expectTypeOf(slope).parameter(0).toEqualTypeOf<Tensor | number | Float32Array>();
  expectTypeOf(slope).parameter(1).toEqualTypeOf<Tensor>();
  expectTypeOf(grad((a: Tensor, train: boolean) => (train ? np.sum(a) : a))).parameter(1).toEqualTypeOf<boolean>();
});
