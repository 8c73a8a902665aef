/** customVjp: pullbacks of the user's own, over any trees, through every transform. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { DEFAULT_PROFILE } from '../../compiler/program.ts';
import {
  BatchStat, Module, Param, State, cpu, customVjp, grad, jit, jvp, lax, makeJaxpr, np, vjp, vmap, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const vector = (...values: number[]): Tensor => np.array(values);

/** x * w, with cotangents that are 10 and 100 times too large. */
const product = customVjp(
  (x: Tensor, w: Tensor) => x.mul(w),
  (x, w) => [x.mul(w), { x, w }],
  ({ x, w }, ct) => [ct.mul(w).mul(10), ct.mul(x).mul(100)],
);

describe('which derivative is used', () => {
  test('the value is that of the function, and of fwd when it is differentiated', async () => {
    const f = customVjp((x: Tensor) => x.mul(2), (x) => [x.mul(3), null], (_, ct) => [ct]);
    await assertAllClose(on(() => f(np.array(1))), 2);
    await assertAllClose(on(() => vjp(f, np.array(1))[0]), 3);
  });

  test('the pullback', async () => {
    const [x, w] = [vector(1, 2), vector(3, 4)];
    await assertAllClose(on(() => vjp(product, x, w)[1](vector(1, 1))), [vector(30, 40), vector(100, 200)]);
    await assertAllClose(on(() => jit(grad((x: Tensor) => np.sum(product(x, w))))(x)), vector(30, 40));
  });

  test('in scan, cond, jit and vmap', async () => {
    const [x, w] = [vector(1, 2), np.array(3)];
    const scanned = (w: Tensor): Tensor => lax.scan((c: Tensor, x: Tensor) => [c.add(product(x, w)), null], np.array(0), x)[0];
    await assertAllClose(on(() => grad(scanned)(w)), 300);
    const branch = (w: Tensor): Tensor => lax.cond(np.array(true), (w: Tensor) => product(np.array(2), w), (w: Tensor) => w, w);
    await assertAllClose(on(() => grad(branch)(w)), 200);
    await assertAllClose(on(() => vmap(grad(product), { inAxes: [0, null] })(x, w)), vector(30, 30));
  });

  test('grad of vmap sums the cotangents of an unmapped weight', async () => {
    const loss = (w: Tensor): Tensor => np.sum(vmap(product, { inAxes: [0, null] })(vector(1, 2, 4), w));
    await assertAllClose(on(() => grad(loss)(np.array(3))), 700);
  });

  test('reverse over reverse differentiates fwd and bwd', async () => {
    const cube = customVjp((x: Tensor) => x.mul(x).mul(x), (x) => [x.mul(x).mul(x), x], (x, ct) => [ct.mul(x).mul(x).mul(5)]);
    await assertAllClose(on(() => grad(cube)(np.array(2))), 20);
    await assertAllClose(on(() => grad(grad(cube))(np.array(2))), 20);
  });

  test('fwd may call the function itself', async () => {
    const f: (x: Tensor) => Tensor = customVjp(
      (x: Tensor) => np.sin(x),
      (x): [Tensor, Tensor] => [f(x), x],
      (x, ct) => [ct.mul(np.cos(x)).mul(2)],
    );
    await assertAllClose(on(() => grad(f)(np.array(1))), np.cos(np.array(1)).mul(2));
    await assertAllClose(on(() => grad(grad(f))(np.array(1))), np.sin(np.array(1)).mul(-2));
  });

  test('forward mode is an error that names customJvp, on the reference and before anything runs on a device', () => {
    const forward = (x: Tensor): Tensor => jvp(product, [x, x], [x, x])[1];
    const message = '[DERIVATIVE] anonymous: has a customVjp, which says nothing about forward mode';
    expect(() => on(() => forward(vector(1, 2)))).toThrow(message);
    expect(() => compile(makeJaxpr(forward)(vector(1, 2)).jaxpr, DEFAULT_PROFILE, 'forward')).toThrow(message);
    expect(() => on(() => vmap(forward)(vector(1, 2)))).toThrow(message);
  });
});

describe('trees', () => {
  test('arguments, outputs, residuals and cotangents of any structure', async () => {
    const seen: unknown[] = [];
    const f = customVjp(
      ({ x, n }: { x: Tensor; n: Tensor }, scale: number) => ({ y: x.mul(scale), count: n.add(1) }),
      ({ x, n }, scale) => [{ y: x.mul(scale), count: n.add(1) }, { kept: [n, 'text'] as const, scale }],
      ({ kept: [n, text], scale }, { y, count }) => {
        seen.push(text, scale, count);
        return [{ x: y.mul(n), n: null }, null];
      },
    );
    const loss = (x: Tensor): Tensor => np.sum(f({ x, n: np.array(Int32Array.of(5, 6)) }, 2).y);
    await assertAllClose(on(() => grad(loss)(vector(1, 2))), vector(5, 6));
    expect(seen).toEqual(['text', 2, null]);
  });

  test('a module: its cotangent is a State, in which paths that are absent are zero', async () => {
    class Affine extends Module {
      readonly w: Param = new Param(np.array(3));
      readonly b: Param = new Param(np.array(1));
    }
    const f = customVjp(
      (model: Affine, x: Tensor) => x.mul(model.w).add(model.b),
      (model, x) => [x.mul(model.w).add(model.b), { model, x }],
      ({ model, x }, ct) => [new State([['w', new Param(np.sum(ct.mul(x)).mul(model.w))]]), null],
    );
    const gradient = on(() => grad((model: Affine, x: Tensor) => np.sum(f(model, x)))(new Affine(), vector(1, 2)));
    await assertAllClose([gradient.get('w').value, gradient.get('b').value], [np.array(9), np.array(0)]);
  });

  test('nondiff arguments come first in bwd: functions, numbers and tensors', async () => {
    const f = customVjp(
      (g: (x: Tensor) => Tensor, x: Tensor, mask: Tensor) => g(x).mul(mask),
      (g, x, mask) => [g(x).mul(mask), x],
      (g: (x: Tensor) => Tensor, mask: Tensor, x: Tensor, ct: Tensor) => [g(x).mul(mask).mul(ct)],
      { nondiffArgnums: [0, 2] },
    );
    const square = (x: Tensor): Tensor => x.mul(x);
    await assertAllClose(on(() => grad((x: Tensor) => np.sum(f(square, x, vector(1, 0))))(vector(3, 4))), vector(9, 0));
  });

  test('bwd may capture tensors and read Variables', async () => {
    const [captured, variable] = [np.array(2), new Param(np.array(3))];
    const f = customVjp((x: Tensor) => x, (x) => [x, null], (_, ct) => [ct.mul(captured).mul(variable)]);
    await assertAllClose(on(() => grad(f)(np.array(1))), 6);
    await assertAllClose(on(() => jit((x: Tensor) => grad((x: Tensor) => np.sum(vmap(f)(x)))(x))(vector(1, 1))), vector(6, 6));
  });
});

describe('state', () => {
  test('f and fwd write the same; it is written once', async () => {
    const calls = new BatchStat(0);
    const counted = (x: Tensor): Tensor => {
      calls.update((calls) => calls.add(1));
      return x.mul(calls.value);
    };
    const f = customVjp(counted, (x) => [counted(x), calls.value], (calls, ct) => [ct.mul(calls).mul(100)]);
    await assertAllClose(on(() => f(np.array(5))), 5);
    await assertAllClose(calls.value, 1);
    await assertAllClose(on(() => grad(f)(np.array(5))), 200);
    await assertAllClose(calls.value, 2);
  });

  test('the Variables of an argument', async () => {
    class Counter extends Module {
      readonly count: BatchStat = new BatchStat(0);
      forward(x: Tensor): Tensor {
        this.count.update((count) => count.add(1));
        return x.mul(this.count.value);
      }
    }
    const f = customVjp(
      (counter: Counter, x: Tensor) => counter.forward(x),
      (counter, x) => [counter.forward(x), counter],
      (counter, ct) => [null, ct.mul(counter.count.value).mul(10)],
    );
    const counter = new Counter();
    await assertAllClose(on(() => grad((x: Tensor) => f(counter, x).add(f(counter, x)))(np.array(1))), 30);
    await assertAllClose(counter.count.value, 2);
  });
});
