/** Stacks of layers where they meet other transforms, and the errors of those who make them. */
import { describe, expect, test } from 'vitest';
import { Module, Param, Rngs, cpu, grad, jit, nnx, np, random, vmap, withDevice } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { messageWithoutLine } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const exact = { rtol: 0, atol: 0 };

class Scale extends Module {
  readonly w: Param;
  readonly rngs: Rngs;

  constructor(rngs: Rngs) {
    super();
    this.w = new Param(rngs.normal([2]));
    this.rngs = rngs;
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.w);
  }
}

const stack = (n: number, rngs: Rngs): Scale => nnx.repeat(n, (rngs) => new Scale(rngs), { rngs });

test('each layer is made as the constructor alone would, with its key', async () => {
  const layers = on(() => stack(3, new Rngs(7)));
  const keys = on(() => random.split(new Rngs(7).makeRng(), 3));
  for (let i = 0; i < 3; i++) {
    const alone = on(() => new Scale(new Rngs(np.slice(keys, i))));
    await assertAllClose(on(() => np.slice(layers.w.value, i)), alone.w.value, { rtol: 1e-6 });
  }
  expect(layers.rngs.stream().key.shape).toEqual([3, 2]);
  expect(await layers.rngs.stream().count.value.array()).toEqual([1, 1, 1]);
});

test('a stack of stacks', async () => {
  const [nested, x] = [on(() => nnx.repeat(2, (rngs) => stack(3, rngs), { rngs: new Rngs(0) })), np.ones([2])];
  expect(nested.w.shape).toEqual([2, 3, 2]);
  const run = (m: Scale): Tensor => nnx.scanLayers(m, (x, inner) => nnx.scanLayers(inner, (x, layer) => layer.forward(x), x), x);
  const product = on(() => np.prod(nested.w.value, { axis: [0, 1] }));
  await assertAllClose([on(() => run(nested)), on(() => jit(run)(nested))], [product, product]);
});

test('inside of jit, of vmap, and mapped over an ensemble', async () => {
  const inJit = jit(() => stack(3, new Rngs(0)), { device: cpu })();
  await assertAllClose(inJit.w.value, on(() => stack(3, new Rngs(0))).w.value, { rtol: 1e-6 });
  const ensemble = on(() => vmap((rngs: Rngs) => stack(3, rngs))(new Rngs(0).split(4)));
  expect(ensemble.w.shape).toEqual([4, 3, 2]);
  const run = vmap((m: Scale) => grad((m: Scale) => nnx.scanLayers(m, (x, layer) => layer.forward(x), np.ones([2])).sum())(m));
  expect(on(() => run(ensemble)).get('w').shape).toEqual([4, 3, 2]);
});

test('of a stream, of one layer, and of what is no module', async () => {
  const stream = on(() => new nnx.RngStream(0, 'params'));
  const make = (stream: nnx.RngStream): readonly [Param, { scale: Tensor }] => [new Param(stream.makeRng()), { scale: np.ones([2]) }];
  const [key, { scale }] = on(() => nnx.repeat(1, make, { rngs: stream }));
  expect([key.shape, scale.shape]).toEqual([[1, 2], [1, 2]]);
  const expected = on(() => random.foldIn(np.slice(random.split(random.foldIn(random.key(0), 0), 1), 0), 0));
  await assertAllClose(on(() => np.slice(key.value, 0)), expected, exact);
});

describe('errors', () => {
  const message = (f: () => unknown): string => messageWithoutLine(() => on(f));
  const rngs = on(() => new Rngs(0));

  test('of repeat', () => {
    expect(message(() => stack(0, rngs))).toMatchInlineSnapshot(`
      "[VALUE] nnx.repeat: the number 0 is no number of modules, which is whole and from 1
        fix: nnx.repeat(3, (rngs) => new Block({ rngs }), { rngs })"
    `);
    expect(message(() => nnx.repeat(2, (rngs: Rngs) => new Scale(rngs), {} as never))).toMatchInlineSnapshot(`
      "[RNG] nnx.repeat: undefined are no rngs to split for the modules
        fix: nnx.repeat(3, (rngs) => new Block({ rngs }), { rngs })"
    `);
    expect(message(() => nnx.repeat(2, new Scale(rngs) as never, { rngs }))).toMatchInlineSnapshot(`
      "[VALUE] nnx.repeat: an object of class Scale is no function that makes a module
        fix: nnx.repeat(3, (rngs) => new Block({ rngs }), { rngs })"
    `);
    expect(message(() => nnx.repeat(2, function block() {
      return new Scale(rngs);
    }, { rngs: new Rngs(1) }))).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' was drawn inside vmap(block), which does not map it: every element would get the same key
        fix: vmap((rngs, x) => f(rngs, x))(rngs.split(n), x), or new Rngs(0, { broadcast: true })"
    `);
  });

  test('of scanLayers', () => {
    const layers = on(() => stack(2, rngs));
    expect(message(() => nnx.scanLayers(layers, (x) => np.stack([x, x]), np.ones([2])))).toMatchInlineSnapshot(`
      "[CARRY] scan(layer): the carry that the body returns must have the type of the carry that it takes:
        carry: f32[2] -> f32[2,2]
        fix: init = np.zeros([2,2], { dtype: 'float32' })"
    `);
    expect(message(() => nnx.scanLayers([layers, np.ones([3])], (x) => x, np.ones([2])))).toMatchInlineSnapshot(`
      "[SHAPE] scan(layer): the leading axes of xs must all be 2:
        xs[0].rngs.streams.default.count: uint32[2]
        xs[0].rngs.streams.default.key: uint32[2,2]
        xs[0].w: float32[2,2]
        xs[1]: float32[3]
        fix: lax.scan(f, init, xs) with xs of one leading size"
    `);
    expect(message(() => nnx.scanLayers(layers, (x) => x, np.ones([2]), { hasAux: true } as never))).toMatchInlineSnapshot(`
      "[CARRY] scan(layer): the body must return [carry, y]
        fix: return [carry, null]"
    `);
    expect(message(() => nnx.scanLayers(layers, layers as never, np.ones([2])))).toMatchInlineSnapshot(`
      "[VALUE] nnx.scanLayers: an object of class Scale is not a function of x and a layer
        fix: nnx.scanLayers(layers, (x, layer) => layer.forward(x), x)"
    `);
  });

  test('of streams', () => {
    const split = on(() => rngs.split(3));
    expect(message(() => split.makeRng())).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' is split, its keys are uint32[3,2], and a draw takes one
        fix: vmap((rngs) => rngs.makeRng())(rngs)"
    `);
    expect(message(() => nnx.splitRngs(split, { splits: 2 }))).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' is split, its keys are uint32[3,2], and a draw takes one
        fix: vmap((rngs) => rngs.makeRng())(rngs)"
    `);
    expect(message(() => new Rngs(np.ones([2])))).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' begins with a seed or a key, uint32[2], and not with float32[2]
        fix: new nnx.Rngs({ default: 0 })"
    `);
    expect(message(() => new Rngs({ params: 'seed' as never }))).toMatchInlineSnapshot(`
      "[RNG] the stream 'params' begins with a seed or a key, uint32[2], and not with the string seed
        fix: new nnx.Rngs({ params: 0 })"
    `);
    expect(message(() => nnx.reseed(split, { default: 1 }))).toMatchInlineSnapshot(`
      "[RNG] nnx.reseed: the stream 'default' is split, its keys have shape [3]
        fix: nnx.reseed(model, { default: 0 }, { policy: 'matchShape' })"
    `);
    expect(message(() => nnx.reseed(split, { noise: 1 }))).toMatchInlineSnapshot(`
      "[RNG] nnx.reseed: there is no stream 'noise'; the streams are default
        fix: nnx.reseed(model, { default: 0 })"
    `);
    expect(message(() => nnx.splitRngs(rngs, { splits: 2 }, async () => {}))).toMatchInlineSnapshot(`
      "[PROMISE] nnx.splitRngs was given a function that returns a Promise, and restores the streams when it returns
        fix: const backups = nnx.splitRngs(model, options); await f(); backups.restore();"
    `);
    expect(message(() => nnx.splitRngs(rngs, { n: 2 } as never))).toMatchInlineSnapshot(`
      "[VALUE] nnx.splitRngs: there is no option n; the options are splits, only
        fix: nnx.splitRngs(..., { splits: 2 })"
    `);
  });
});
