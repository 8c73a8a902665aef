/** Every way to go wrong with derivatives: code, path, shapes, line, fix; the whole message each time. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, State, Variable, cpu, grad, hessian, jacfwd, jit, jvp, linearTranspose, linearize, np, valueAndGrad,
  vjp, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';

const raised = (f: () => unknown): string => messageOf(() => withDevice(cpu, f));
const a = (): Tensor => np.ones([2, 3]);
const n = (): Tensor => np.arange(3);

class Model extends Module {
  readonly w: Param = new Param(np.ones([2]));
  readonly table: BatchStat = new BatchStat(np.arange(3));
}

describe('what the function returns', () => {
  test('no scalar', () => {
    expect(raised(() => grad((x: Tensor) => x.mul(2))(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): the function returned float32[2,3], and a gradient is that of a scalar
        at:  test/errors/derivatives.test.ts:LINE
        fix: return np.sum(y); // or jacrev(f)"
    `);
  });

  test('no float', () => {
    expect(raised(() => valueAndGrad((x: Tensor) => np.argmax(x))(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] valueAndGrad(anonymous): the function returned int32[], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: return y.astype('float32');"
    `);
  });

  test('no tensor', () => {
    expect(raised(() => grad((() => undefined) as unknown as () => Tensor, { argnums: [] })())).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): the function returned nothing, and a gradient is that of a scalar
        at:  test/errors/derivatives.test.ts:LINE
        fix: return np.sum(y); // or jacrev(f)"
    `);
    const pair = (x: Tensor): [Tensor, Tensor] => [np.sum(x), x];
    expect(raised(() => grad(pair as unknown as (x: Tensor) => Tensor)(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(pair): the function returned an array of 2, and a gradient is that of a scalar
        at:  test/errors/derivatives.test.ts:LINE
        fix: grad(f, { hasAux: true })"
    `);
  });

  test('with hasAux, no pair', () => {
    const alone = ((x: Tensor) => np.sum(x)) as unknown as (x: Tensor) => [Tensor, null];
    expect(raised(() => grad(alone, { hasAux: true })(a()))).toMatchInlineSnapshot(`
      "[PYTREE] grad(alone): with hasAux the function must return [value, aux], and it returned float32[]
        at:  test/errors/derivatives.test.ts:LINE
        fix: return [value, aux];"
    `);
    const three = (x: Tensor): [Tensor, Tensor, Tensor] => [np.sum(x), x, x];
    expect(raised(() => vjp(three as unknown as (x: Tensor) => [Tensor, null], a(), { hasAux: true }))).toMatchInlineSnapshot(`
      "[PYTREE] vjp(three): with hasAux the function must return [value, aux], and it returned an array of 3
        at:  test/errors/derivatives.test.ts:LINE
        fix: return [value, aux];"
    `);
  });

  test('a Promise', () => {
    const later = (x: Tensor): Promise<Tensor> => Promise.resolve(np.sum(x));
    expect(raised(() => grad(later as unknown as (x: Tensor) => Tensor)(a()))).toMatchInlineSnapshot(`
      "[PROMISE] grad(later) returned a Promise: a traced function runs once, synchronously, to record its operations
        at:  test/errors/derivatives.test.ts:LINE
        fix: await the data before the call, and pass it as an argument"
    `);
  });

  test('integers and static values in a jacobian', () => {
    expect(raised(() => jacfwd((x: Tensor) => ({ y: x, n: n() }))(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] jacfwd(anonymous): output.n is int32[3], and only float tensors have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: return [y, aux]; // and jacfwd(f, { hasAux: true })"
    `);
    expect(raised(() => jacfwd((x: Tensor) => [x, 'name'])(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] jacfwd(anonymous): output[1] is the string name, and only float tensors have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: return [y, aux]; // and jacfwd(f, { hasAux: true })"
    `);
    expect(raised(() => hessian((m: Model) => np.sum(m.w.value))(new Model()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] hessian(anonymous): output is an object of class State, and only float tensors have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: hessian((x) => ...)({ w: x }) // tensors in place of a module"
    `);
  });
});

describe('what is differentiated', () => {
  test('integers and booleans', () => {
    expect(raised(() => grad((x: Tensor) => np.sum(x))(n()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): args[0] is int32[3], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: x.astype('float32'), or argnums of other arguments"
    `);
    const masked = (p: { x: Tensor; on: Tensor }): Tensor => np.sum(p.x);
    expect(raised(() => grad(masked)({ x: a(), on: np.greater(a(), 0) }))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(masked): args[0].on is bool[2,3], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: x.astype('float32'), or argnums of other arguments"
    `);
    expect(raised(() => grad((p: { x: Tensor; train: boolean }) => np.sum(p.x))({ x: a(), train: true }))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): args[0].train is the boolean true, and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: grad((x, flag) => ...)(x, flag) // what is no tensor as an argument of its own"
    `);
    expect(raised(() => grad((m: Model) => np.sum(m.w.value), { wrt: Variable })(new Model()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): args[0].table is a BatchStat of int32[3], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: { wrt: (path, variable) => variable.dtype === 'float32' }"
    `);
  });

  test('arguments that are not there', () => {
    expect(raised(() => grad((x: Tensor) => np.sum(x), { argnums: 1 })(a()))).toMatchInlineSnapshot(`
      "[VALUE] grad(anonymous): argnums names argument 1, and the call has 1
        at:  test/errors/derivatives.test.ts:LINE
        fix: { argnums: 0 }"
    `);
    expect(raised(() => grad(() => np.ones([]))())).toMatchInlineSnapshot(`
      "[VALUE] grad(anonymous): argnums names argument 0, and the call has 0
        at:  test/errors/derivatives.test.ts:LINE
        fix: grad((x) => np.sum(x))(x)"
    `);
    expect(raised(() => grad((x: Tensor) => np.sum(x), { argnums: [0, -1] })(a()))).toMatchInlineSnapshot(`
      "[VALUE] grad(anonymous): argnums [0, -1] name one argument twice
        at:  test/errors/derivatives.test.ts:LINE
        fix: { argnums: [0] }"
    `);
    expect(raised(() => grad((x: Tensor) => np.sum(x), { argnums: 0.5 })(a()))).toMatchInlineSnapshot(`
      "[VALUE] grad(anonymous): argnums names argument 0.5, and the call has 1
        at:  test/errors/derivatives.test.ts:LINE
        fix: { argnums: 0 }"
    `);
  });

  test('wrt that selects nothing', () => {
    class Statistics extends Module {
      readonly mean: BatchStat = new BatchStat(0);
    }
    expect(raised(() => grad((m: Statistics) => m.mean.value)(new Statistics()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): Param selects none of the Variables of args[0], which are BatchStat
        at:  test/errors/derivatives.test.ts:LINE
        fix: { wrt: BatchStat }"
    `);
    expect(raised(() => grad((m: Model) => np.sum(m.w.value), { wrt: 'slow' })(new Model()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): tag 'slow' selects none of the Variables of args[0], which are BatchStat, Param
        at:  test/errors/derivatives.test.ts:LINE
        fix: { wrt: Param }"
    `);
    expect(raised(() => grad((m: Model) => np.sum(m.w.value), { wrt: () => false })(new Model()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): the predicate selects none of the Variables of args[0], which are BatchStat, Param
        at:  test/errors/derivatives.test.ts:LINE
        fix: { wrt: Param }"
    `);
    expect(raised(() => grad((x: Tensor) => np.sum(x), { wrt: Param })(a()))).toMatchInlineSnapshot(`
      "[DERIVATIVE] grad(anonymous): wrt chooses Variables of modules, and there is no module in what is differentiated
        at:  test/errors/derivatives.test.ts:LINE
        fix: leave wrt out, or name the position of the module: { argnums: 1, wrt: Param }"
    `);
  });

  test('wrt that is no filter', () => {
    const total = (m: Model): Tensor => np.sum(m.w.value);
    expect(raised(() => grad(total, { wrt: 3 as unknown as string })(new Model()))).toMatchInlineSnapshot(`
      "[VALUE] the number 3 is not a filter: a class of Variables, a tag, a predicate, or an array of these
        at:  test/errors/derivatives.test.ts:LINE
        fix: { wrt: Param }"
    `);
  });

  test('one Variable in two roles', () => {
    const model = new Model();
    expect(raised(() => grad((m: Model, w: Param) => np.sum(m.w.value.mul(w)))(model, model.w))).toMatchInlineSnapshot(`
      "[ALIASING] grad(anonymous): one Variable is differentiated at args[0].w and constant at args[1]
        at:  test/errors/derivatives.test.ts:LINE
        fix: pass it once, or nnx.clone(model) for one of the two"
    `);
    expect(raised(() => grad(([v, w]: [Param, Param]) => np.sum(v.value.mul(w)))([model.w, model.w]))).toMatchInlineSnapshot(`
      "[ALIASING] grad(anonymous): one Variable is differentiated at args[0][0] and differentiated at args[0][1]
        at:  test/errors/derivatives.test.ts:LINE
        fix: pass it once, or nnx.clone(model) for one of the two"
    `);
  });

  test('no function', () => {
    expect(raised(() => grad(new Model() as unknown as () => Tensor))).toMatchInlineSnapshot(`
      "[VALUE] grad: an object of class Model is not a function
        at:  test/errors/derivatives.test.ts:LINE
        fix: grad((x) => np.sum(x))"
    `);
    expect(raised(() => jvp(3 as unknown as (x: Tensor) => Tensor, [a()], [a()]))).toMatchInlineSnapshot(`
      "[VALUE] jvp: the number 3 is not a function
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp((x) => np.sin(x), [x], [dx])"
    `);
  });
});

describe('tangents', () => {
  const f = (p: { w: Tensor; b: [Tensor, Tensor] }): Tensor => np.sum(p.w).add(p.b[0]);
  const primal = { w: a(), b: [np.array(1), np.array(2)] as [Tensor, Tensor] };

  test('of another structure', () => {
    expect(raised(() => jvp(f, [primal], [{ w: a(), b: [np.array(1)] }] as never))).toMatchInlineSnapshot(`
      "[PYTREE] jvp(f): the tangents and the primals differ in structure:
        tangents[0].b: an array of 1, where the primals have an array of 2
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal"
    `);
    expect(raised(() => jvp(f, [primal], [{ b: [np.array(1), np.array(2)], c: a() }] as never))).toMatchInlineSnapshot(`
      "[PYTREE] jvp(f): the tangents and the primals differ in structure:
        tangents[0]: an object of b, c, where the primals have an object of b, w
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal"
    `);
    expect(raised(() => jvp(f, [primal], [] as never))).toMatchInlineSnapshot(`
      "[PYTREE] jvp(f): the tangents and the primals differ in structure:
        tangents: an array of 0, where the primals have an array of 1
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal"
    `);
    expect(raised(() => jvp(f, primal as never, [primal]))).toMatchInlineSnapshot(`
      "[VALUE] jvp(f): the primals are an array with one entry per argument, not an object of class Object
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x], [dx])"
    `);
  });

  test('of another shape or dtype, and of integers', () => {
    expect(raised(() => jvp((x: Tensor) => x, [a()], [np.ones([3])]))).toMatchInlineSnapshot(`
      "[SHAPE] jvp(anonymous): tangents[0] is f32[3], where the primals have f32[2,3]
        at:  test/errors/derivatives.test.ts:LINE
        fix: np.broadcastTo(x, [2, 3])"
    `);
    expect(raised(() => jvp((x: Tensor) => x, [a()], [np.ones([2, 3], { dtype: 'int32' })]))).toMatchInlineSnapshot(`
      "[DTYPE] jvp(anonymous): tangents[0] is i32[2,3], where the primals have f32[2,3]
        at:  test/errors/derivatives.test.ts:LINE
        fix: x.astype('float32')"
    `);
    const flagged = (x: Tensor, train: boolean): Tensor => (train ? x : x.mul(2));
    expect(raised(() => jvp(flagged, [a(), true], [a(), 1] as never))).toMatchInlineSnapshot(`
      "[DTYPE] jvp(flagged): tangents[1] belongs to the boolean true, and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: null"
    `);
    expect(raised(() => jvp((x: Tensor) => x, [n()], [n()]))).toMatchInlineSnapshot(`
      "[DTYPE] jvp(anonymous): tangents[0] belongs to i32[3], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: null"
    `);
  });

  test('of a module', () => {
    const read = (m: Model): Tensor => m.w.value;
    expect(raised(() => jvp(read, [new Model()], [new State([['v', new Param(1)]])]))).toMatchInlineSnapshot(`
      "[PYTREE] jvp(read): the tangents and the primals differ in structure:
        tangents[0].get('v'): the primals have no such Variable
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal"
    `);
    expect(raised(() => jvp(read, [new Model()], [np.ones([2])] as never))).toMatchInlineSnapshot(`
      "[PYTREE] jvp(read): the tangents and the primals differ in structure:
        tangents[0]: float32[2], where the primals have a module or a State
        at:  test/errors/derivatives.test.ts:LINE
        fix: jvp(f, [x, y], [dx, dy]), each tangent a tree like its primal"
    `);
    const shared = new Param(np.ones([2]));
    const sum = (v: Param, w: Param): Tensor => v.value.add(w);
    expect(raised(() => jvp(sum, [shared, shared], [np.ones([2]), np.zeros([2])]))).toMatchInlineSnapshot(`
      "[ALIASING] jvp(sum): one Variable has a tangent at tangents[0] and another at tangents[1]
        at:  test/errors/derivatives.test.ts:LINE
        fix: null in one of the two places"
    `);
    const [, push] = withDevice(cpu, () => linearize(read, new Model()));
    expect(raised(() => push(new State([['table', new BatchStat(n())]])))).toMatchInlineSnapshot(`
      "[DTYPE] linearize(read): tangents[0].get('table') belongs to i32[3], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: null"
    `);
  });
});

describe('cotangents', () => {
  const f = (x: Tensor): { y: Tensor; n: Tensor } => ({ y: x.mul(2), n: np.arange(2) });

  test('unlike the outputs', () => {
    const [, pullback] = withDevice(cpu, () => vjp(f, a()));
    expect(raised(() => pullback(a() as never))).toMatchInlineSnapshot(`
      "[PYTREE] vjp(f): the cotangent and the outputs differ in structure:
        cotangent: float32[2,3], where the outputs have an object of n, y
        at:  test/errors/derivatives.test.ts:LINE
        fix: pullback(tree.map(np.onesLike, out))"
    `);
    expect(raised(() => pullback({ y: np.ones([2]), n: null }))).toMatchInlineSnapshot(`
      "[SHAPE] vjp(f): cotangent.y is f32[2], where the outputs have f32[2,3]
        at:  test/errors/derivatives.test.ts:LINE
        fix: np.broadcastTo(x, [2, 3])"
    `);
    const [, pull] = withDevice(cpu, () => vjp((x: Tensor) => ({ y: x, name: 'x' }), a()));
    expect(raised(() => pull({ y: a(), name: 'x' }))).toMatchInlineSnapshot(`
      "[DTYPE] vjp(anonymous): cotangent.name belongs to the string x, and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: null"
    `);
    expect(raised(() => pullback({ y: a(), n: np.arange(2) }))).toMatchInlineSnapshot(`
      "[DTYPE] vjp(f): cotangent.n belongs to i32[2], and only floats have a derivative
        at:  test/errors/derivatives.test.ts:LINE
        fix: null"
    `);
  });

  test('outside of the trace', () => {
    let leaked!: (ct: Tensor) => unknown;
    withDevice(cpu, () =>
      jit((x: Tensor) => {
        const [y, pullback] = vjp(np.sin as (x: Tensor) => Tensor, x);
        leaked = pullback;
        return y;
      })(a()),
    );
    expect(raised(() => leaked(a()))).toMatchInlineSnapshot(`
      "[LEAKED_TRACER] a tracer float32[2,3] of jit(anonymous), whose trace has ended, was used outside any trace
        at:  test/errors/derivatives.test.ts:LINE
        fix: return it from the function given to jit instead of storing it"
    `);
  });
});

test('the transpose of what is not linear', () => {
  expect(raised(() => linearTranspose((x: Tensor) => np.sin(x), a()))).toMatchInlineSnapshot(`
    "[NONLINEAR] sin cannot be transposed: sin is not linear
      at:  test/errors/derivatives.test.ts:LINE
      fix: vjp(f, x) for a function that is not linear"
  `);
  expect(raised(() => linearTranspose((x: Tensor) => x.mul(x), a()))).toMatchInlineSnapshot(`
    "[NONLINEAR] mul cannot be transposed: it is linear in each of its operands, and not in both together
      at:  test/errors/derivatives.test.ts:LINE
      fix: vjp(f, x) for a function that is not linear"
  `);
  expect(raised(() => linearTranspose((x: Tensor) => np.divide(1, x), a()))).toMatchInlineSnapshot(`
    "[NONLINEAR] div cannot be transposed: it is not linear in operand 1
      at:  test/errors/derivatives.test.ts:LINE
      fix: vjp(f, x) for a function that is not linear"
  `);
  const seen = new BatchStat(0);
  const writing = (x: Tensor): Tensor => {
    seen.value = np.sum(x);
    return x;
  };
  expect(raised(() => linearTranspose(writing, a()))).toMatchInlineSnapshot(`
    "[STATE_WRITE] linearTranspose(writing): the function writes a BatchStat, and it is never run
      at:  test/errors/derivatives.test.ts:LINE
      fix: vjp(f, x)"
  `);
});
