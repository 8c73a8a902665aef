/** jvp, linearize, vjp, linearTranspose, stopGradient: directions and cotangents, beside the primals and the outputs. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, State, cpu, grad, jit, jvp, lax, linearTranspose, linearize, makeJaxpr, nnx, np,
  stopGradient, vjp, vmap, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const vector = (...values: number[]): Tensor => np.array(values);
const x = vector(1, 2);
const dx = vector(10, 100);

class Scale extends Module {
  readonly w: Param = new Param(vector(2, 3));
  readonly calls: BatchStat = new BatchStat(0);

  forward(input: Tensor): Tensor {
    this.calls.update((calls) => calls.add(1));
    return input.mul(this.w);
  }
}

const forward = (model: Scale, input: Tensor): Tensor => model.forward(input);

describe('jvp', () => {
  test('value and tangent', async () => {
    await assertAllClose(on(() => jvp(np.square as (x: Tensor) => Tensor, [x], [dx])), [vector(1, 4), vector(20, 400)]);
    await assertAllClose(on(() => jvp((a: Tensor, b: Tensor) => a.mul(b), [2, 3], [1, 10])), [np.array(6), np.array(23)]);
  });

  test('null is a zero tangent; integers, bools and what is static have none', async () => {
    const f = (a: Tensor, n: Tensor, flag: boolean): object => ({ y: a.mul(n), n: n.add(1), flag, none: null });
    const [out, tangent] = on(() => jvp(f, [x, np.array([3, 4], { dtype: 'int32' }), true], [dx, null, null]));
    await assertAllClose(out, { y: vector(3, 8), n: np.array([4, 5], { dtype: 'int32' }), flag: true, none: null });
    await assertAllClose(tangent, { y: vector(30, 400), n: null, flag: null, none: null });
    await assertAllClose(on(() => jvp((a: Tensor, b: Tensor) => a.mul(b), [x, x], [dx, null]))[1], vector(10, 200));
    await assertAllClose(on(() => jvp((a: Tensor) => a, [x], [null]))[1], vector(0, 0));
  });

  test('auxiliary results', async () => {
    const f = (a: Tensor): readonly [Tensor, { readonly twice: Tensor }] => [np.square(a), { twice: a.mul(2) }];
    await assertAllClose(on(() => jvp(f, [x], [dx], { hasAux: true })), [vector(1, 4), vector(20, 400), { twice: vector(2, 4) }]);
  });

  test('a module along a State, which may lack paths, or along a module', async () => {
    const model = new Scale();
    const along = new State([['w', new Param(dx)]]);
    const [out, tangent] = on(() => jvp(forward, [model, x], [along, null]));
    await assertAllClose([out, tangent], [vector(2, 6), vector(10, 200)]);
    await assertAllClose(model.calls.value, 1);
    await assertAllClose(on(() => jvp(forward, [model, x], [nnx.clone(model), dx]))[1], vector(2 + 20, 6 + 300));
  });

  test('of a State made inside, the tangent is a State', async () => {
    const make = (a: Tensor): State => new State([['w', new Param(a.mul(2))]]);
    const [, tangent] = on(() => jvp(make, [x], [dx]));
    await assertAllClose(tangent.get('w').value, vector(20, 200));
  });

  test('of a State that is passed on, the tangent is that of its values', async () => {
    const [out, tangent] = on(() => jvp((state: State) => state, [new Scale().split()[0]], [new State([['w', new Param(dx)]])]));
    await assertAllClose([out.get('w').value, tangent.get('w').value], [vector(2, 3), dx]);
    await assertAllClose(tangent.get('calls').value, 0);
  });

  test('inside jit and under grad', async () => {
    await assertAllClose(on(() => jit((a: Tensor) => jvp(np.sin, [a], [a])[1])(x)), np.cos(x).mul(x));
    // d/da of sum(2 a da) is 2 da.
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(jvp(np.square, [a], [dx])[1]))(x)), vector(20, 200));
  });
});

describe('linearize', () => {
  test('runs once, then along any tangent', async () => {
    let calls = 0;
    const [y, push] = on(() =>
      linearize((a: Tensor, b: Tensor) => {
        calls++;
        return np.sin(a).mul(b);
      }, x, 2),
    );
    await assertAllClose(y, np.sin(x).mul(2));
    await assertAllClose(on(() => push(dx, 0)), np.cos(x).mul(2).mul(dx));
    await assertAllClose(on(() => push(null, 1)), np.sin(x));
    expect(calls).toBe(1);
  });

  test('auxiliary results, and Variables', async () => {
    const model = new Scale();
    const f = (m: Scale, input: Tensor): readonly [Tensor, string] => [m.forward(input), 'aux'];
    const [y, push, aux] = on(() => linearize(f, model, x, { hasAux: true }));
    expect(aux).toBe('aux');
    await assertAllClose([y, model.calls.value], [vector(2, 6), np.array(1)]);
    await assertAllClose(on(() => push(null, dx)), vector(20, 300));
    expect(codeOf(() => on(() => push(new State([['calls', new BatchStat(1)]]), dx)))).toBe('DERIVATIVE');
    const [, pushAll] = on(() => linearize(forward, model, x, { wrt: BatchStat }));
    await assertAllClose(on(() => pushAll(new State([['calls', new BatchStat(1)]]), null)), vector(0, 0));
  });
});

describe('vjp', () => {
  test('value, and a pullback for any cotangent', async () => {
    const [y, pullback] = on(() => vjp((a: Tensor, b: Tensor) => np.matmul(a, b), np.ones([2, 3]), np.ones([3])));
    await assertAllClose(y, vector(3, 3));
    await assertAllClose(on(() => pullback(x)), [np.array([[1, 1, 1], [2, 2, 2]]), vector(3, 3, 3)]);
    await assertAllClose(on(() => pullback(null)), [np.zeros([2, 3]), np.zeros([3])]);
  });

  test('integers and static leaves have no cotangent, integer results take none', async () => {
    const f = (a: Tensor, n: Tensor, name: string): readonly [Tensor, { readonly n: Tensor; readonly name: string }] => [
      a.mul(n),
      { n: n.mul(2), name },
    ];
    const [, pullback] = on(() => vjp(f, x, np.array([3, 4], { dtype: 'int32' }), 'name'));
    await assertAllClose(on(() => pullback([vector(1, 1), { n: null, name: null }])), [vector(3, 4), null, null]);
  });

  test('auxiliary results, and what wrt chooses', async () => {
    const model = new Scale();
    const f = (m: Scale, input: Tensor): readonly [Tensor, number] => [m.forward(input), 7];
    const [, pullback, aux] = on(() => vjp(f, model, x, { hasAux: true, wrt: BatchStat }));
    expect(aux).toBe(7);
    const [state] = on(() => pullback(dx));
    expect([...state.keys()]).toEqual(['calls']);
    await assertAllClose(model.calls.value, 1);
  });

  test('a pullback works in other traces, and in its own only as long as that runs', async () => {
    const [, pullback] = on(() => vjp(np.sin, x));
    await assertAllClose(on(() => jit((ct: Tensor) => pullback(ct)[0])(dx)), np.cos(x).mul(dx));
    const mapped = on(() => vmap((ct: Tensor) => pullback(ct)[0])(np.stack([dx, x])));
    await assertAllClose(mapped, np.stack([np.cos(x).mul(dx), np.cos(x).mul(x)]));
    let leaked!: (ct: Tensor) => unknown;
    const inside = on(() =>
      jit((a: Tensor) => {
        const [, pull] = vjp(np.sin, a);
        leaked = pull;
        return pull(dx)[0];
      })(x),
    );
    await assertAllClose(inside, np.cos(x).mul(dx));
    expect(codeOf(() => on(() => leaked(dx)))).toBe('LEAKED_TRACER');
  });

  test('a pullback keeps what it needs, whatever becomes of the Variables and tensors around it', async () => {
    const model = new Scale();
    const input = vector(1, 2);
    const [, pullback] = on(() =>
      vjp((m: Scale, v: Tensor) => {
        const y = v.mul(m.w);
        m.w.value = m.w.value.mul(0);
        return y;
      }, model, input),
    );
    const [, push] = on(() => linearize((v: Tensor) => v.mul(model.calls).mul(2), input));
    const transposed = on(() => linearTranspose((v: Tensor) => v.mul(model.calls), input));
    model.calls.value = 5;
    input.dispose();
    const [state, ct] = on(() => pullback(vector(1, 1)));
    await assertAllClose([state.get('w').value, ct], [vector(1, 2), vector(2, 3)]);
    await assertAllClose([on(() => push(dx)), on(() => transposed(dx))[0]], [vector(0, 0), vector(0, 0)]);
  });

  test('the cotangent of a linear function is that of its transpose', async () => {
    const f = (a: Tensor): Tensor => lax.rev(np.cumsum(a), [0]).mul(3);
    const [, pullback] = on(() => vjp(f, x));
    await assertAllClose(on(() => linearTranspose(f, x)(dx)), on(() => pullback(dx)));
  });
});

describe('linearTranspose', () => {
  test('calls and loops that compute a factor beside what is linear', async () => {
    const f = (a: Tensor): Tensor => {
      const both = jit((v: Tensor, k: Tensor): [Tensor, Tensor] => [np.sin(k), v.mul(k)]);
      const [factor, scaled] = both(a, x);
      return scaled.mul(factor);
    };
    const transposed = on(() => linearTranspose(f, x));
    await assertAllClose(on(() => transposed(np.onesLike(x))), on(() => [x.mul(np.sin(x))]));
  });

  test('several arguments, captured factors', async () => {
    const transposed = on(() => linearTranspose((a: Tensor, b: Tensor) => a.mul(x).sub(b), x, x));
    await assertAllClose(on(() => transposed(dx)), [vector(10, 200), vector(-10, -100)]);
  });

  test('what is not linear, and what writes', () => {
    expect(codeOf(() => on(() => linearTranspose((a: Tensor) => np.sin(a), x)))).toBe('NONLINEAR');
    expect(codeOf(() => on(() => linearTranspose((a: Tensor) => a.mul(a), x)))).toBe('NONLINEAR');
    expect(codeOf(() => on(() => linearTranspose((a: Tensor) => np.reciprocal(a), x)))).toBe('NONLINEAR');
    const model = new Scale();
    expect(codeOf(() => on(() => linearTranspose((a: Tensor) => model.forward(a), x)))).toBe('STATE_WRITE');
  });
});

describe('stopGradient', () => {
  test('is the value, without a derivative, in trees too', async () => {
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(a.mul(stopGradient(a))))(x)), x);
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(lax.stopGradient({ b: [a] }).b[0]!))(x)), vector(0, 0));
    await assertAllClose(stopGradient({ a: x, n: 3, none: null }), { a: x, n: 3, none: null });
    await assertAllClose(stopGradient(new Param(x)), x);
    await assertAllClose(on(() => jvp((a: Tensor) => stopGradient(a).add(a), [x], [dx])[1]), dx);
  });

  test('reads in the IR', () => {
    expect(String(makeJaxpr((a: Tensor) => stopGradient(a))(x))).toContain('stop_gradient a');
  });
});
