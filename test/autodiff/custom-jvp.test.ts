/** customJvp: derivatives of the user's own in both modes, over any trees, through every transform. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, cpu, customJvp, grad, hessian, jit, jvp, lax, makeJaxpr, np, vjp, vmap, withDevice,
} from '../../src/index.ts';
import type { State, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const vector = (...values: number[]): Tensor => np.array(values);

/** sin, with a derivative that is ten times too large, so that one sees which was used. */
const loud = customJvp(
  (x: Tensor) => np.sin(x),
  ([x], [t]) => [np.sin(x), t.mul(np.cos(x)).mul(10)],
);

describe('which derivative is used', () => {
  test('the value is that of the function', async () => {
    await assertAllClose(on(() => loud(vector(1, 2))), np.sin(vector(1, 2)));
  });

  test('forward and reverse', async () => {
    const x = vector(1, 2);
    const expected = np.cos(x).mul(10);
    await assertAllClose(on(() => jvp(loud, [x], [vector(1, 1)])), [np.sin(x), expected]);
    await assertAllClose(on(() => vjp(loud, x)[1](vector(1, 1))), [expected]);
    await assertAllClose(on(() => jit(grad((x: Tensor) => np.sum(loud(x))))(x)), expected);
  });

  test('under vmap, in scan, in cond and in jit', async () => {
    const x = vector(1, 2);
    const expected = np.cos(x).mul(10);
    await assertAllClose(on(() => vmap(grad(loud))(x)), expected);
    await assertAllClose(on(() => grad((x: Tensor) => np.sum(vmap(loud)(x)))(x)), expected);
    await assertAllClose(on(() => grad((x: Tensor) => np.sum(jit(loud)(x)))(x)), expected);
    const scanned = (x: Tensor): Tensor => np.sum(lax.scan((c: Tensor, x: Tensor) => [c, loud(x)], np.array(0), x)[1]);
    await assertAllClose(on(() => grad(scanned)(x)), expected);
    const branch = (x: Tensor): Tensor => lax.cond(np.array(true), (x: Tensor) => np.sum(loud(x)), (x: Tensor) => np.sum(x), x);
    await assertAllClose(on(() => grad(branch)(x)), expected);
  });

  test('second order differentiates the rule', async () => {
    await assertAllClose(on(() => grad(grad(loud))(np.array(1))), np.sin(np.array(1)).mul(-10));
    await assertAllClose(on(() => hessian(loud)(np.array(1))), np.sin(np.array(1)).mul(-10));
  });

  test('a rule that calls its own function serves three derivatives, and says so at the fourth', async () => {
    const exp: (x: Tensor) => Tensor = customJvp(
      (x: Tensor) => np.exp(x),
      ([x], [t]): [Tensor, Tensor] => {
        const y = exp(x);
        return [y, t.mul(y).mul(2)];
      },
    );
    const one = np.array(0);
    await assertAllClose(on(() => exp(one)), 1);
    await assertAllClose(on(() => grad(exp)(one)), 2);
    await assertAllClose(on(() => grad(grad(exp))(one)), 4);
    await assertAllClose(on(() => grad(grad(grad(exp)))(one)), 8);
    expect(() => on(() => grad(grad(grad(grad(exp))))(one))).toThrow('3 levels deep in its own rule');
  });

  test('the fix that it is for: log1p of exp, without inf times zero', async () => {
    const softplus = customJvp(
      (x: Tensor) => np.log(np.exp(x).add(1)),
      ([x], [t]) => [np.log(np.exp(x).add(1)), t.mul(np.exp(x).add(1).pow(-1).neg().add(1))],
    );
    await assertAllClose(on(() => grad(softplus)(np.array(100))), 1);
  });
});

describe('trees', () => {
  test('arguments, outputs and tangents of any structure; integers and static leaves have the tangent null', async () => {
    const seen: unknown[] = [];
    const f = customJvp(
      ({ x, n }: { x: Tensor; n: Tensor }, scale: number) => ({ y: x.mul(scale), both: [n.add(1), x.add(n)] as const }),
      ([{ x, n }, scale], [{ x: dx, n: dn }, dscale]) => {
        seen.push(dn, dscale);
        const tangent = { y: dx.mul(scale + 100), both: [null, null] as const };
        return [{ y: x.mul(scale), both: [n.add(1), x.add(n)] as const }, tangent];
      },
    );
    const loss = (x: Tensor): Tensor => {
      const { y, both } = f({ x, n: np.array(Int32Array.of(3, 4)) }, 2);
      return np.sum(y).add(np.sum(both[1]).mul(1000));
    };
    await assertAllClose(on(() => grad(loss)(vector(1, 2))), vector(102, 102));
    expect(seen).toEqual([null, null]);
  });

  test('a module: its tangent is a State', async () => {
    class Scale extends Module {
      readonly w: Param = new Param(np.array(3));
      readonly steps: BatchStat = new BatchStat(np.array(Int32Array.of(1)));
    }
    const f = customJvp(
      (model: Scale, x: Tensor) => x.mul(model.w),
      ([model, x], [dmodel, dx]) => [x.mul(model.w), (dmodel as unknown as State).get('w').value.mul(7).add(dx)],
    );
    const model = new Scale();
    const gradient = on(() => grad((model: Scale, x: Tensor) => np.sum(f(model, x)))(model, vector(1, 2)));
    await assertAllClose(gradient.get('w').value, 14);
    expect([...gradient.keys()]).toEqual(['w']);
  });

  test('null is a zero tangent', async () => {
    const stop = customJvp((x: Tensor) => x.mul(1), ([x]) => [x.mul(1), null]);
    await assertAllClose(on(() => grad((x: Tensor) => stop(x).mul(x))(np.array(3))), 3);
  });
});

describe('state', () => {
  test('what the function writes, the rule writes too; it is written once', async () => {
    const calls = new BatchStat(0);
    const counted = (x: Tensor): Tensor => {
      calls.update((calls) => calls.add(1));
      return x.mul(calls.value);
    };
    const f = customJvp(counted, ([x], [t]) => [counted(x), t.mul(100)]);
    await assertAllClose(on(() => f(np.array(5))), 5);
    await assertAllClose(calls.value, 1);
    await assertAllClose(on(() => grad(f)(np.array(5))), 100);
    await assertAllClose(calls.value, 2);
    await assertAllClose(on(() => jit(grad(f))(np.array(5))), 100);
    await assertAllClose(calls.value, 3);
  });

  test('a Variable that is captured is read, and is a constant', async () => {
    const factor = new Param(np.array(4));
    const f = customJvp((x: Tensor) => x.mul(factor), ([x], [t]) => [x.mul(factor), t.mul(factor).mul(2)]);
    await assertAllClose(on(() => grad(f)(np.array(5))), 8);
  });
});

test('the equation holds the function and its rule', () => {
  const text = String(makeJaxpr(loud)(np.array(1)));
  expect(text).toContain('custom_jvp_call[');
  expect(text).toContain('num_consts=0');
});
