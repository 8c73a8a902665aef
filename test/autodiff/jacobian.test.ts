/** jacfwd, jacrev, hessian: any rank, trees in and out, against derivatives written by hand. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Param, cpu, hessian, jacfwd, jacrev, jit, np, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const x = np.array([0.5, -1, 2]);
const a = np.array([
  [1, 2, 3],
  [4, 5, 6],
]);

describe.each([
  ['jacfwd', jacfwd],
  ['jacrev', jacrev],
] as const)('%s', (_, jacobian) => {
  test('of a vector', async () => {
    await assertAllClose(on(() => jacobian((v: Tensor) => np.sin(v))(x)), np.diag(np.cos(x)));
    await assertAllClose(on(() => jacobian((v: Tensor) => np.matmul(a, v))(x)), a);
  });

  test('of scalars and matrices', async () => {
    await assertAllClose(on(() => jacobian((v: Tensor) => np.square(v))(3)), 6);
    const product = on(() => jacobian((m: Tensor) => np.matmul(m, x))(a));
    const expected = np.expandDims(np.eye(2), 2).mul(x);
    await assertAllClose(product, expected);
    expect(on(() => jacobian((m: Tensor) => np.outer(x, m.reshape([6])).reshape([3, 2, 3]))(a)).shape).toEqual([3, 2, 3, 2, 3]);
  });

  test('trees in and out: for each output a tree like the input', async () => {
    const f = ({ u, v }: { u: Tensor; v: Tensor }): { p: Tensor; q: [Tensor, null] } => ({
      p: u.mul(v),
      q: [np.sum(u).mul(v), null],
    });
    const result = on(() => jacobian(f)({ u: x, v: np.array(2) }));
    await assertAllClose(result, {
      p: { u: np.eye(3).mul(2), v: x },
      q: [{ u: np.full([3], 2), v: np.array(1.5) }, null],
    });
  });

  test('argnums and auxiliary results', async () => {
    const f = (u: Tensor, v: Tensor): readonly [Tensor, { readonly n: Tensor }] => [u.mul(v), { n: np.arange(2) }];
    const [result, aux] = on(() => jacobian(f, { argnums: [1, 0], hasAux: true })(x, 3));
    await assertAllClose(result, [x, np.eye(3).mul(3)]);
    await assertAllClose(aux, { n: np.arange(2) });
  });

  test('a value that does not depend on the argument', async () => {
    await assertAllClose(on(() => jacobian((v: Tensor) => np.ones([v.size - 1]))(x)), np.zeros([2, 3]));
  });

  test('modules: a State for each output, and state is written once', async () => {
    class Scale extends Module {
      readonly w: Param = new Param(x);
      readonly calls: BatchStat = new BatchStat(0);
    }
    const model = new Scale();
    const result = on(() =>
      jacobian((m: Scale) => {
        m.calls.update((calls) => calls.add(1));
        return np.square(m.w.value);
      })(model),
    );
    await assertAllClose(result.get('w').value, np.diag(x.mul(2)));
    await assertAllClose(model.calls.value, 1);
  });

  test('inside jit and vmap', async () => {
    await assertAllClose(on(() => jit(jacobian((v: Tensor) => np.sin(v)))(x)), np.diag(np.cos(x)));
    const rows = np.stack([x, x.mul(2)]);
    const expected = np.stack([np.diag(np.cos(x)), np.diag(np.cos(x.mul(2)))]);
    await assertAllClose(on(() => vmap(jacobian((v: Tensor) => np.sin(v)))(rows)), expected);
  });
});

describe('hessian', () => {
  test('of a quadratic form', async () => {
    const m = np.array([
      [2, 1],
      [0, 3],
    ]);
    await assertAllClose(on(() => hessian((v: Tensor) => np.dot(v, np.matmul(m, v)))(np.array([1, -1]))), m.add(m.transpose()));
  });

  test('of trees, in blocks', async () => {
    const f = ({ u, v }: { u: Tensor; v: Tensor }): Tensor => np.sum(np.square(u)).mul(v);
    await assertAllClose(on(() => hessian(f)({ u: x, v: np.array(2) })), {
      u: { u: np.eye(3).mul(4), v: x.mul(2) },
      v: { u: x.mul(2), v: np.array(0) },
    });
  });

  test('argnums and auxiliary results', async () => {
    const f = (u: Tensor, v: Tensor): readonly [Tensor, string] => [u.mul(u).mul(v), 'aux'];
    await assertAllClose(on(() => hessian(f, { argnums: [0, 1], hasAux: true })(3, 5)), [
      [
        [np.array(10), np.array(6)],
        [np.array(6), np.array(0)],
      ],
      'aux',
    ]);
  });
});
