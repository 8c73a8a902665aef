/** What is sown comes out of every transform, and goes nowhere without a capture. */
import { describe, expect, test } from 'vitest';
import {
  HeddleError, Module, Param, checkpoint, cpu, customJvp, customVjp, disableJit, grad, jacfwd, jit, jvp, lax, linearize, makeJaxpr, nnx,
  np, valueAndGrad, vjp, vmap, withDevice,
} from '../../src/index.ts';
import type { NestedArray, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { messageWithoutLine } from '../support/messages.ts';

/** Doubles, and sows what it doubled. */
class Layer extends Module {
  readonly w: Param = new Param(2);

  forward(x: Tensor): Tensor {
    this.sow(nnx.Intermediate, 'h', x);
    return x.mul(this.w);
  }
}

class Net extends Module {
  readonly first: Layer = new Layer();
  readonly rest: readonly Layer[] = [new Layer(), new Layer()];
  readonly named: Readonly<Record<string, Layer>> = { last: new Layer() };

  forward(x: Tensor): Tensor {
    let y = this.first.forward(x);
    for (const layer of this.rest) y = layer.forward(y);
    nnx.sow(y, 'middle');
    return this.named['last']!.forward(y);
  }
}

const on = <T>(f: () => T): T => withDevice(cpu, f);
const valuesIn = async (state: Iterable<readonly [string, { readonly value: Tensor }]>): Promise<Record<string, NestedArray>> =>
  Object.fromEntries(await Promise.all([...state].map(async ([path, { value }]) => [path, await value.array()] as const)));

const sowing = (x: Tensor): Tensor => {
  nnx.sow(x.mul(10), 'h');
  return x.mul(x);
};

test('by path of the module and name', async () => {
  const [y, captured] = on(() => nnx.capture((m: Net, x: Tensor) => m.forward(x))(new Net(), np.array(1)));
  await assertAllClose(y, 16);
  expect(await valuesIn(captured)).toEqual({ 'first/h/0': 1, 'middle/0': 8, 'named/last/h/0': 8, 'rest/0/h/0': 2, 'rest/1/h/0': 4 });
  expect([...captured.values()].every((variable) => variable instanceof nnx.Intermediate)).toBe(true);
});

test('several of one name are counted', async () => {
  const [, captured] = on(() =>
    nnx.capture((layer: Layer, x: Tensor) => layer.forward(layer.forward(x)))(new Layer(), np.array(3)),
  );
  expect(await valuesIn(captured)).toEqual({ 'h/0': 3, 'h/1': 6 });
});

describe('out of a transform', () => {
  const three = (): Tensor => np.array([1, 2, 3]);
  const one = (): Tensor => np.array(3);
  const twice = (f: (x: Tensor) => unknown) => (x: Tensor) => [f(x), f(x)];
  const cases: Readonly<Record<string, readonly [() => unknown, Readonly<Record<string, NestedArray>>]>> = {
    jit: [() => jit(sowing)(one()), { 'h/0': 30 }],
    'jit in jit': [() => jit(twice(jit(sowing)))(one()), { 'h/0': 30, 'h/1': 30 }],
    vmap: [() => vmap(sowing)(three()), { 'h/0': [10, 20, 30] }],
    'vmap of vmap': [() => vmap(vmap(sowing))(np.array([[1, 2], [3, 4]])), { 'h/0': [[10, 20], [30, 40]] }],
    'vmap, unbatched': [() => vmap((x: Tensor) => (nnx.sow(np.zeros([1]), 'h'), x))(three()), { 'h/0': [[0], [0], [0]] }],
    grad: [() => grad(sowing)(one()), { 'h/0': 30 }],
    'grad of grad': [() => grad((x: Tensor) => grad(sowing)(x))(one()), { 'h/0': 30 }],
    valueAndGrad: [() => valueAndGrad(sowing)(one()), { 'h/0': 30 }],
    jvp: [() => jvp(sowing, [one()], [one()]), { 'h/0': 30 }],
    linearize: [() => linearize(sowing, one())[1](one()), { 'h/0': 30 }],
    vjp: [() => vjp(sowing, one())[1](one()), { 'h/0': 30 }],
    jacfwd: [() => jacfwd(sowing)(one()), { 'h/0': 30 }],
    checkpoint: [() => grad(checkpoint(sowing))(one()), { 'h/0': 30 }],
    customVjp: [() => grad(customVjp(sowing, (x) => [sowing(x), x], (x, ct) => [ct.mul(x)]))(one()), { 'h/0': 30 }],
    customJvp: [() => grad(customJvp(sowing, ([x], [t]) => [sowing(x), t.mul(x)]))(one()), { 'h/0': 30 }],
    scan: [() => lax.scan((c: Tensor, x: Tensor) => [c.add(sowing(x)), null] as const, 0, three()), { 'h/0': [10, 20, 30] }],
    'scan in reverse': [
      () => lax.scan((c: Tensor, x: Tensor) => [c.add(sowing(x)), null] as const, 0, three(), { reverse: true }),
      { 'h/0': [10, 20, 30] },
    ],
    'scan, unrolled': [
      () => lax.scan((c: Tensor, x: Tensor) => [c.add(sowing(x)), null] as const, 0, three(), { unroll: 2 }),
      { 'h/0': [10, 20, 30] },
    ],
    'scan in scan': [
      () => lax.scan((c: Tensor) => lax.scan((d: Tensor, x: Tensor) => [d.add(sowing(x)), null] as const, c, three()), 0, null, { length: 2 }),
      { 'h/0': [[10, 20, 30], [10, 20, 30]] },
    ],
    'scan with checkpoint, under grad': [
      () => grad((x: Tensor) => lax.scan((c: Tensor, each: Tensor) => [c.mul(sowing(each)), null] as const, x, three(), { checkpoint: true })[0])(1),
      { 'h/0': [10, 20, 30] },
    ],
    foriLoop: [() => lax.foriLoop(0, 3, (i, x: Tensor) => (nnx.sow(i, 'h'), x.add(i)), np.array(0)), { 'h/0': [0, 1, 2] }],
    map: [() => lax.map(sowing, three()), { 'h/0': [10, 20, 30] }],
    'map in chunks': [() => lax.map(sowing, three(), { batchSize: 2 }), { 'h/0': [10, 20, 30] }],
    cond: [() => lax.cond(np.scalar(true), sowing, (x: Tensor) => (nnx.sow(x, 'h'), x), one()), { 'h/0': 30 }],
    switch: [() => lax.switch(1, [sowing, (x: Tensor) => (nnx.sow(x, 'h'), x)], one()), { 'h/0': 3 }],
    'jit of vmap of grad of scan': [
      () => jit(vmap(grad((x: Tensor) => lax.scan((c: Tensor) => [sowing(c), null] as const, x, null, { length: 2 })[0])))(np.array([1, 2])),
      { 'h/0': [[10, 10], [20, 40]] },
    ],
  };

  test.each(Object.entries(cases))('%s', async (_, [run, expected]) => {
    const capture = nnx.capture(run);
    for (const call of [capture, jit(capture)]) expect(await valuesIn(on(call)[1])).toEqual(expected);
    on(run);
  });

  test('one step after the other, too', async () => {
    const run = (): unknown => lax.scan((c: Tensor, x: Tensor) => [c.add(sowing(x)), null] as const, 0, three());
    const [, captured] = on(() => disableJit(() => nnx.capture(run)()));
    expect(await valuesIn(captured)).toEqual({ 'h/0': [10, 20, 30] });
  });
});

test('a cached program sows under the path of each call, and not at all without a capture', async () => {
  let traces = 0;
  const shared = jit((layer: Layer, x: Tensor) => {
    traces++;
    return layer.forward(x);
  });
  class Pair extends Module {
    readonly a: Layer = new Layer();
    readonly b: Layer = new Layer();

    forward(x: Tensor): Tensor {
      return shared(this.b, shared(this.a, x));
    }
  }
  const pair = new Pair();
  const x = np.array(1);
  const run = nnx.capture((x: Tensor) => pair.forward(x));
  const expected = { 'a/h/0': 1, 'b/h/0': 2 };
  expect(await valuesIn(on(() => run(x))[1])).toEqual(expected);
  const known = traces;
  expect(await valuesIn(on(() => run(x))[1])).toEqual(expected);
  expect(traces).toBe(known);
  await assertAllClose(on(() => pair.forward(x)), 4);
  expect(await valuesIn(on(() => nnx.capture(shared)(pair.a, x))[1])).toEqual({ 'h/0': 1 });

  /** Without Variables, one of them is like another for a program. */
  class Act extends Module {
    forward(x: Tensor): Tensor {
      this.sow(nnx.Intermediate, 'h', x);
      return np.tanh(x);
    }
  }
  const act = jit((each: readonly [Act], x: Tensor) => each[0].forward(x));
  class Acts extends Module {
    readonly all: readonly Act[] = [new Act(), new Act()];

    forward(x: Tensor): Tensor {
      return act([this.all[1]!], act([this.all[0]!], x));
    }
  }
  const paths = (f: () => unknown): string[] => [...on(() => nnx.capture(f)())[1].keys()];
  const acts = new Acts();
  expect(paths(() => act([acts.all[1]!], x))).toEqual(['h/0']);
  expect(paths(() => acts.forward(x))).toEqual(['all/0/h/0', 'all/1/h/0']);
  const { equations, outputs } = on(() => makeJaxpr((x: Tensor) => sowing(x))(x)).jaxpr;
  expect([equations.length, outputs.length]).toEqual([2, 1]);
});

test('kinds, and the innermost capture that takes one', async () => {
  class Loss extends nnx.Intermediate {}
  const f = (x: Tensor): Tensor => {
    nnx.sow(x, 'a', Loss);
    nnx.sow(x.mul(2), 'b');
    return x;
  };
  const x = np.array(1);
  const paths = (kinds: readonly (typeof nnx.Intermediate)[]): string[] => [...on(() => nnx.capture(f, ...kinds)(x))[1].keys()];
  expect([paths([]), paths([Loss]), paths([nnx.Intermediate])]).toEqual([['a/0', 'b/0'], ['a/0'], ['a/0', 'b/0']]);
  const [[, inner], outer] = on(() => nnx.capture((x: Tensor) => nnx.capture(jit(f), Loss)(x))(x));
  expect([[...inner.keys()], [...outer.keys()]]).toEqual([['a/0'], ['b/0']]);
});

describe('outputs of modules', () => {
  /** Returns a tensor, a number, and a tensor below a name. */
  class Both extends Module {
    readonly layer: Layer = new Layer();

    forward(x: Tensor): readonly [Tensor, number, { readonly twice: Tensor }] {
      return [x.add(1), 3, { twice: this.layer.forward(x) }];
    }
  }

  test('by path, only where they are asked for, beside what is sown', async () => {
    const run = (m: Net, x: Tensor): Tensor => m.forward(x);
    const [net, x] = [new Net(), np.array(1)];
    const outputs = { 'first/forward/0': 2, 'forward/0': 16, 'named/last/forward/0': 16, 'rest/0/forward/0': 4, 'rest/1/forward/0': 8 };
    expect(await valuesIn(on(() => nnx.capture(run, nnx.ModuleOutput)(net, x))[1])).toEqual(outputs);
    expect(await valuesIn(on(() => nnx.capture(jit(run), nnx.ModuleOutput)(net, x))[1])).toEqual(outputs);
    const [, sown] = on(() => nnx.capture(run)(net, x));
    expect(sown.filter(nnx.ModuleOutput).size).toBe(0);
    const [, all] = on(() => nnx.capture(run, nnx.Intermediate, nnx.ModuleOutput)(net, x));
    expect(await valuesIn(all)).toEqual({ ...outputs, ...(await valuesIn(sown)) });
    const [[, inner], outer] = on(() => nnx.capture((m: Net, x: Tensor) => nnx.capture(run)(m, x), nnx.ModuleOutput)(net, x));
    expect([inner.size, outer.size]).toEqual([5, 5]);
  });

  test('trees of tensors', async () => {
    const [, captured] = on(() => nnx.capture((m: Both, x: Tensor) => m.forward(x), nnx.ModuleOutput)(new Both(), np.array(2)));
    expect(await valuesIn(captured)).toEqual({ 'forward/0/0': 3, 'forward/2/twice/0': 4, 'layer/forward/0': 4 });
  });

  test('out of a stack of layers and a gradient', async () => {
    const layers = on(() => nnx.repeat(3, () => new Layer(), { rngs: new nnx.Rngs(0) }));
    const run = (m: Layer, x: Tensor): Tensor => nnx.scanLayers(m, (x, layer) => layer.forward(x), x);
    const [slopes, captured] = on(() => nnx.capture(grad(run, { argnums: 1 }), nnx.ModuleOutput)(layers, np.array(1)));
    await assertAllClose(slopes, 8);
    expect(await valuesIn(captured)).toEqual({ 'forward/0': [2, 4, 8] });
  });
});

test('a capture inside of a transform keeps what is its own', async () => {
  const loss = (x: Tensor): readonly [Tensor, nnx.State] => nnx.capture((x: Tensor) => lax.map(sowing, x).sum())(x);
  const [slope, captured] = on(() => grad(loss, { hasAux: true })(np.array([1, 2])));
  await assertAllClose(slope, np.array([2, 4]));
  expect(await valuesIn(captured)).toEqual({ 'h/0': [10, 20] });
});

test('perturbations: the gradient of a value inside', async () => {
  class Model extends Module {
    readonly w: Param = new Param(np.array([1, 2]));

    forward(x: Tensor): Tensor {
      const h = this.perturb('h', x.mul(this.w));
      return h.mul(h).sum();
    }
  }
  const [model, x] = [new Model(), np.array([3, 4])];
  const run = (m: Model, x: Tensor): Tensor => m.forward(x);
  const [y, perturbations] = on(() => nnx.capture(run, nnx.Perturbation)(model, x));
  expect(await valuesIn(perturbations)).toEqual({ h: [0, 0] });
  model.update(perturbations);
  await assertAllClose(on(() => run(model, x)), y);
  const slopes = on(() => grad(run, { wrt: nnx.Perturbation })(model, x));
  expect(await valuesIn(slopes)).toEqual({ h: [6, 16] });
  expect(() => on(() => run(model, np.array([[1, 2], [3, 4]])))).toThrow(HeddleError);
});

test('perturbations of a stack of layers', async () => {
  class Block extends Module {
    readonly w: Param;

    constructor(rngs: nnx.Rngs) {
      super();
      this.w = new Param(rngs.uniform([2]));
    }

    forward(x: Tensor): Tensor {
      return this.perturb('h', x.mul(this.w));
    }
  }
  const layers = on(() => nnx.repeat(3, (rngs) => new Block(rngs), { rngs: new nnx.Rngs(0) }));
  const run = (m: Block, x: Tensor): Tensor => nnx.scanLayers(m, (x, layer) => layer.forward(x), x).sum();
  const x = np.array([3, 4]);
  layers.update(on(() => nnx.capture(run)(layers, x))[1]);
  const slopes = on(() => grad(run, { wrt: nnx.Perturbation })(layers, x));
  // After the last layer the sum follows; before it, its weights.
  const w = await layers.w.value.array<number[][]>();
  await assertAllClose((slopes as nnx.State).get('h').value, np.array([[0, 1].map((i) => w[1]![i]! * w[2]![i]!), w[2]!, [1, 1]]));
});

describe('errors', () => {
  const message = (f: () => unknown): string => messageWithoutLine(() => on(f));
  const x = np.array(1);

  test('one branch only', () => {
    expect(message(() => nnx.capture((x: Tensor) => lax.cond(np.scalar(true), sowing, (x: Tensor) => x, x))(x))).toMatchInlineSnapshot(`
      "[BRANCH] cond: 'h' is sown, but not in cond(branch 0)
        fix: nnx.sow(lax.cond(p, f, g, x), 'h')"
    `);
    const wider = (x: Tensor): Tensor => (nnx.sow(np.zeros([2]), 'h'), x);
    expect(message(() => nnx.capture((x: Tensor) => lax.cond(np.scalar(true), sowing, wider, x))(x))).toMatchInlineSnapshot(`
      "[BRANCH] cond: what is sown as 'h' is f32[2] after cond(wider) and f32[] after cond(sowing)
        fix: nnx.sow(x.reshape([]), 'h')"
    `);
  });

  test('a loop without a known end', () => {
    const run = (x: Tensor): Tensor => lax.whileLoop((x: Tensor) => np.less(x, 10), (x: Tensor) => (nnx.sow(x, 'h'), x.add(1)), x);
    expect(message(() => nnx.capture(run)(x))).toMatchInlineSnapshot(`
      "[UNSUPPORTED] whileLoop(anonymous): 'h' is sown in the body, and how many iterations there will be is not known
        fix: lax.foriLoop(0, n, body, init), whose steps are stacked"
    `);
    expect(() => on(() => run(x))).not.toThrow();
    const asking = (x: Tensor): Tensor => lax.whileLoop((x: Tensor) => (nnx.sow(x, 'h'), np.less(x, 10)), (x: Tensor) => x.add(1), x);
    expect(message(() => nnx.capture(asking)(x))).toMatchInlineSnapshot(`
      "[STATE_WRITE] the condition of whileLoop(anonymous) wrote what is sown as 'h', and conditions only read
        fix: write it in the body"
    `);
  });

  test('a derivative of one’s own', () => {
    const f = customVjp((x: Tensor) => x.mul(2), (x) => [x.mul(2), null], (_, ct) => (nnx.sow(ct, 'ct'), [ct]));
    expect(message(() => nnx.capture(grad(f))(x))).toMatchInlineSnapshot(`
      "[CUSTOM_RULE] customVjp(anonymous): bwd must write no Variables:
        what is sown as 'ct': written by bwd
        fix: write them in f and in fwd"
    `);
  });

  test('names and kinds', () => {
    expect(message(() => nnx.capture(() => nnx.sow(x, ''))())).toMatchInlineSnapshot(`
      "[VALUE] sow: the name is '', and must be one part of a path
        fix: nnx.sow(x, 'h')"
    `);
    expect(message(() => nnx.capture(() => nnx.sow(x, 'a/b'))())).toMatchInlineSnapshot(`
      "[VALUE] sow: the name is 'a/b', and must be one part of a path
        fix: nnx.sow(x, 'h')"
    `);
    expect(message(() => nnx.capture(sowing, 3 as never)(x))).toMatchInlineSnapshot(`
      "[VALUE] nnx.capture: the number 3 is no class of Variables
        fix: nnx.capture(f, nnx.Intermediate)"
    `);
    expect(message(() => nnx.capture(async () => x)())).toMatchInlineSnapshot(`
      "[PROMISE] capture(anonymous) returned a Promise, and captures only until it returns
        fix: await before or after the call"
    `);
  });
});
