/** checkpoint: the values and gradients of the function, with what the policy says kept. */
import { describe, expect, test } from 'vitest';
import {
  Module, Param, checkpoint, checkpointName, cpu, grad, jit, jvp, lax, linearize, makeJaxpr, np, remat, saveOnlyTheseNames, vjp,
  vmap, withDevice,
} from '../../src/index.ts';
import type { CheckpointPolicy, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

const x = np.array([0.5, -1, 2]);
const w = np.array([
  [1, 2, -1],
  [0.5, -1, 1],
  [2, 0.25, -2],
]);
const layer = (x: Tensor, w: Tensor): Tensor => checkpointName(np.tanh(np.matmul(w, x)), 'hidden');
const network = (x: Tensor, w: Tensor): Tensor => np.sum(np.sin(layer(layer(x, w), w)));

const policies: Readonly<Record<string, CheckpointPolicy>> = {
  nothing: 'nothingSaveable',
  everything: 'everythingSaveable',
  dots: 'dotsSaveable',
  'dots without batch dims': 'dotsWithNoBatchDimsSaveable',
  'a name': saveOnlyTheseNames('hidden'),
  'another name': saveOnlyTheseNames('output', 'input'),
};

describe.each(Object.entries(policies))('keeping %s', (_, policy) => {
  const again = checkpoint(network, { policy });

  test('value and gradients, by every transform', async () => {
    await assertAllClose(on(() => again(x, w)), on(() => network(x, w)));
    const gradient = on(() => grad(network, { argnums: [0, 1] })(x, w));
    await assertAllClose(on(() => grad(again, { argnums: [0, 1] })(x, w)), gradient);
    await assertAllClose(on(() => jit(grad(again, { argnums: [0, 1] }))(x, w)), gradient);
    await assertAllClose(on(() => vjp(again, x, w)[1](np.array(1))), gradient);
    await assertAllClose(on(() => jvp(again, [x, w], [x, w])), on(() => jvp(network, [x, w], [x, w])));
    const hessians = (f: typeof network): Tensor => on(() => grad((x: Tensor) => np.sum(grad(f)(x, w).mul(x)))(x));
    await assertAllClose(hessians(again), hessians(network));
  });

  test('under vmap and in scan', async () => {
    const xs = np.stack([x, x.mul(2)]);
    const mapped = (f: typeof network): Tensor => on(() => vmap(grad(f), { inAxes: [0, null] })(xs, w));
    await assertAllClose(mapped(again), mapped(network));
    const loop = (step: typeof layer) => (x: Tensor): Tensor =>
      np.sum(lax.scan((h: Tensor) => [step(h, w), null] as const, x, null, { length: 3 })[0]);
    await assertAllClose(on(() => grad(loop(checkpoint(layer, { policy })))(x)), on(() => grad(loop(layer))(x)));
  });
});

/** The shapes of what is kept between the two halves of the derivative, but for the arguments. */
function kept(policy: CheckpointPolicy): string[] {
  const text = String(makeJaxpr((x: Tensor, w: Tensor) => grad(checkpoint(network, { policy }))(x, w))(x, w));
  const first = text.split('remat[')[0]!.trim().split('\n').at(-1)!;
  return [...first.matchAll(/(\w+):(f32\[[\d,]*\])/g)].filter(([, name]) => name !== '_').map(([, , type]) => type!);
}

describe('what is kept', () => {
  test.each([
    ['nothing', []],
    ['dots', ['f32[3]', 'f32[3]']],
    ['a name', ['f32[3]', 'f32[3]']],
    ['another name', []],
  ])('%s', (name, types) => {
    expect(kept(policies[name]!)).toEqual(types);
  });
});

test('a scan of checkpoints stacks its carry only', () => {
  const step = checkpoint((h: Tensor, x: Tensor) => np.tanh(np.matmul(w, np.sin(np.matmul(w, h)))).add(x));
  const loss = (xs: Tensor): Tensor => np.sum(lax.scan((h: Tensor, x: Tensor) => [step(h, x), null] as const, x, xs)[0]);
  const text = String(makeJaxpr(grad(loss))(np.ones([5, 3])));
  const stacked = text.split('scan[')[0]!.match(/f32\[5,3\]/g);
  // The argument xs, and the carries at entry of each step.
  expect(stacked).toHaveLength(2);
});

test('trees, modules and static arguments', async () => {
  class Scale extends Module {
    readonly w: Param = new Param(np.array(3));
  }
  const f = remat((model: Scale, { x }: { x: Tensor }, power: number) => ({ y: np.power(x.mul(model.w), power), power }));
  const loss = (model: Scale): Tensor => {
    const { y, power } = f(model, { x }, 2);
    expect(power).toBe(2);
    return np.sum(y);
  };
  await assertAllClose(on(() => grad(loss)(new Scale())).get('w').value, np.sum(x.mul(x)).mul(6));
});

test('what is captured is differentiated too', async () => {
  const f = (w: Tensor): Tensor => checkpoint((x: Tensor) => network(x, w))(x);
  await assertAllClose(on(() => grad(f)(w)), on(() => grad(network, { argnums: 1 })(x, w)));
});

test('linearize runs the function once', async () => {
  const [y, f] = on(() => linearize(checkpoint(network), x, w));
  await assertAllClose([y, on(() => f(x, w))], on(() => jvp(network, [x, w], [x, w])));
});

test('what comes out of a loop, used again: the loop computes a value, and carries its tangent', async () => {
  const f = (x: Tensor): Tensor => {
    const [, ys] = lax.scan((h, y) => [h.mul(0.5), np.tanh(y).mul(h)], x.mul(2), x.reshape([1]));
    return np.sum(np.sin(ys));
  };
  const wanted = on(() => grad(f)(np.array(0.5)));
  await assertAllClose(on(() => grad(checkpoint(f))(np.array(0.5))), wanted);
  await assertAllClose(on(() => grad(checkpoint((x: Tensor) => jit(f)(x)))(np.array(0.5))), wanted);
  await assertAllClose(on(() => grad(grad(checkpoint(f)))(np.array(0.5))), on(() => grad(grad(f))(np.array(0.5))));
});
