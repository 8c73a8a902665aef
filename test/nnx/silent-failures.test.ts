/**
 * What Flax, or the tiny-NNX document, drops or gets wrong without a word: here each is an error with the path and a fix, or does what
 * the program says.
 */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, PathRngs, Rngs, State, cpu, grad, jit, lax, nnx, np, random, vmap, withDevice,
} from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { codeOf } from '../support/host.ts';
import { messageOf } from '../support/messages.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);

class Layer extends Module {
  k: number = 1;
  w: Param = new Param(1);
  readonly mean: BatchStat = new BatchStat(0);
  extra?: Param;
  list: Module[] = [];

  forward(x: Tensor): Tensor {
    return x.mul(this.w);
  }
}

class Model extends Module {
  a: Layer = new Layer();
  b: Layer = new Layer();

  forward(x: Tensor): Tensor {
    return this.b.forward(this.a.forward(x));
  }
}

/** The whole message of what the change of a model inside jit raises. */
const inJit = (change: (model: Model) => void): string =>
  messageOf(() => on(() => jit(function step(model: Model) {
    change(model);
  })(new Model())));

const changed = (line: string): string =>
  `[STRUCTURE] jit(step): the structure of an argument changed while it was traced:\n  args[0].${line}\n`;
const FIX = 'fix: change fields and submodules outside the transformed function';

describe('changes of a model inside jit', () => {
  test.each<[string, string, (model: Model) => void]>([
    ['a new attribute', 'a.extra: added', ({ a }) => (a.extra = new Param(2))],
    ['a changed static field', 'a.k: 1 -> 5', ({ a }) => (a.k = 5)],
    ['a replaced Variable', 'a.w: another Param', ({ a }) => (a.w = new Param(3))],
    ['swapped submodules', 'a.mean: another BatchStat\n  args[0].a.w: another Param\n  args[0].b.mean: another BatchStat', (m) => ([m.a, m.b] = [m.b, m.a])],
    ['a removed attribute', 'a.w: removed', ({ a }) => Reflect.deleteProperty(a, 'w')],
    ['a shared reference', 'b: changed', (m) => (m.b = m.a)],
    ['a module put into an array', 'a.list', ({ a }) => a.list.push(new Layer())],
  ])('%s', (_, line, change) => {
    const message = inJit(change);
    expect(message).toContain(changed(line).slice(0, -1));
    expect(message).toContain(FIX);
  });

  test('the model that jit refused to change is as it was, and works', async () => {
    const model = new Model();
    const step = jit((m: Model, grow: boolean, x: Tensor) => {
      m.a.mean.value = x;
      if (grow) m.a.k++;
      return m.forward(x);
    });
    expect(codeOf(() => on(() => step(model, true, np.array(2))))).toBe('STRUCTURE');
    await assertAllClose([model.a.mean.value, on(() => step(model, false, np.array(2)))], [np.array(0), np.array(2)]);
  });

  test('so it is in vmap, scan, cond and grad', () => {
    const grow = (m: Layer, x: Tensor): Tensor => {
      m.k++;
      return x.mul(m.w);
    };
    const stacked = (): Layer => Object.assign(new Layer(), { w: new Param(np.ones([2])), mean: new BatchStat(np.ones([2])) });
    const x = np.ones([2]);
    expect(messageOf(() => on(() => vmap(grow)(stacked(), x)))).toContain('args[0].k: 1 -> 2');
    expect(messageOf(() => on(() => grad(grow)(new Layer(), np.array(1))))).toContain('args[0].k: 1 -> 2');
    expect(messageOf(() => on(() => lax.cond(np.scalar(true), grow, grow, new Layer(), x)))).toContain('operands[0].k: 1 -> 2');
    expect(messageOf(() => on(() => lax.scan((m: Layer, row: Tensor) => [m, grow(m, row)] as const, new Layer(), x)))).toContain('carry.k: 1 -> 2');
  });

  test('and for a module that is reached by closure and called', () => {
    class Counter extends Layer {
      override forward(x: Tensor): Tensor {
        this.k++;
        return x;
      }
    }
    const model = Object.assign(new Model(), { b: new Counter() });
    expect(messageOf(() => on(() => jit(function step(x: Tensor) {
      return model.forward(x);
    })(np.array(1))))).toContain(
      '[STRUCTURE] jit(step): the structure of a captured module changed while it was traced:\n  Model.b.k: 1 -> 2\n',
    );
    class Caching extends Layer {
      cache: Tensor | null = null;
      override forward(x: Tensor): Tensor {
        return (this.cache = x);
      }
    }
    const caching = new Caching();
    expect(messageOf(() => on(() => jit((x: Tensor) => caching.forward(x))(np.array(1))))).toContain(
      '[PYTREE] cache is Tracer(f32[] in jit(anonymous)): data of a module lives in Variables',
    );
    // A module that the trace made may be built as it runs.
    const fresh = jit((x: Tensor) => new Counter().forward(x));
    expect(on(() => fresh(np.array(1))).shape).toEqual([]);
  });

  test('metadata', () => {
    expect(inJit(({ a }) => a.w.setMetadata({ tag: 'x' }))).toContain('[STRUCTURE] jit(step): the metadata of args[0].a.w changed while it was traced');
  });

  test('a Variable that is taken out', () => {
    const message = inJit((model) => nnx.pop(model, BatchStat));
    expect(message).toContain("[STRUCTURE] nnx.pop: 'a/mean' (BatchStat) may not leave its model inside jit(step)");
    expect(message).toContain('fix: nnx.pop(model, filter) outside jit(step)');
  });

  test('an update that would add a Variable', () => {
    const message = inJit((model) => nnx.update(model, new State([['a/extra', new Param(1)]])));
    expect(message).toContain("[STRUCTURE] update: Model has no Variable 'a/extra', and a trace may not add one");
  });
});

describe('between calls', () => {
  test('a static field of an argument that changed selects another program', async () => {
    const step = jit((m: Layer, x: Tensor) => m.forward(x).mul(m.k));
    const layer = new Layer();
    const first = on(() => step(layer, np.array(3)));
    layer.k = 2;
    await assertAllClose([first, on(() => step(layer, np.array(3)))], [np.array(3), np.array(6)]);
  });

  test('and so does one of a module that is captured and called, also below another jit', async () => {
    class Block extends Module {
      readonly inner: Layer = new Layer();
      readonly options: { scale: number } = { scale: 1 };
      forward(x: Tensor): Tensor {
        return this.inner.forward(x).mul(this.inner.k).mul(this.options.scale);
      }
    }
    const block = new Block();
    const inner = jit((x: Tensor) => block.forward(x));
    const outer = jit((x: Tensor) => inner(x).add(1));
    const run = (): Tensor[] => on(() => [inner(np.array(3)), outer(np.array(3))]);
    const before = run();
    block.inner.k = 2;
    const after = run();
    block.options.scale = 10;
    await assertAllClose([...before, ...after, ...run()], [3, 4, 6, 7, 60, 61].map((y) => np.array(y)));
    const { traces } = inner.stats();
    run();
    expect(inner.stats().traces).toBe(traces);
  });

  test('a Variable that was replaced outside is read', async () => {
    const step = jit((m: Layer, x: Tensor) => m.forward(x));
    const layer = new Layer();
    const first = on(() => step(layer, np.array(3)));
    layer.w = new Param(5);
    await assertAllClose([first, on(() => step(layer, np.array(3)))], [np.array(3), np.array(15)]);
  });
});

describe('state', () => {
  test('a Variable that scan does not map is carried when it is written', async () => {
    const layer = new Layer();
    on(() => lax.scan((carry: null, x: Tensor) => {
      layer.w.update((w) => w.add(x));
      return [carry, null] as const;
    }, null, np.ones([3])));
    await assertAllClose(layer.w.value, 4);
  });

  test('a mapped value in a Variable that vmap does not map names its path', () => {
    const write = (model: Model, x: Tensor): Tensor => (model.a.mean.value = x);
    const message = messageOf(() => on(() => vmap(write, { inAxes: [null, 0] })(new Model(), np.ones([2]))));
    expect(message).toContain('[STATE_WRITE]');
    expect(message).toContain('args[0].a.mean');
  });

  test('one Variable with two axes, or in two roles, names both paths', () => {
    const layer = Object.assign(new Layer(), { w: new Param(np.ones([2, 2])), mean: new BatchStat(np.ones([2, 2])) });
    const message = messageOf(() => on(() => vmap((a: Layer, b: Layer) => a.w.value.add(b.w), { inAxes: [0, 1] })(layer, layer)));
    expect(message).toContain('[ALIASING]');
    expect(message).toMatch(/args\[0\]\.\w+ with axis 0 and at args\[1\]\.\w+ with axis 1/);
    expect(codeOf(() => on(() => grad((a: Layer, b: Layer) => a.w.value.mul(b.w), { argnums: 0 })(new Layer(), layer)))).toBe('DERIVATIVE');
    const same = new Layer();
    expect(codeOf(() => on(() => grad((a: Layer, b: Layer) => a.w.value.mul(b.w))(same, same)))).toBe('ALIASING');
  });

  test('one module as two arguments of jit is one module', async () => {
    const layer = new Layer();
    const step = jit((a: Layer, b: Layer) => {
      a.w.update((w) => w.add(1));
      return b.w.value;
    });
    await assertAllClose([on(() => step(layer, layer)), on(() => step(new Layer(), layer)), layer.w.value], [np.array(2), np.array(2), np.array(2)]);
  });

  test('what goes in or is captured comes out as itself', async () => {
    const [layer, captured] = [new Layer(), new Layer()];
    const step = jit((m: Layer) => {
      captured.w.update((w) => w.add(1));
      return { m, captured };
    });
    const out = on(() => step(layer));
    expect([out.m === layer, out.captured === captured]).toEqual([true, true]);
    await assertAllClose(captured.w.value, 2);
  });

  test('a Variable that outlives its trace', () => {
    let leaked!: Param;
    on(() => jit((x: Tensor) => {
      leaked = new Param(x);
      return x;
    })(np.array(1)));
    expect(messageOf(() => leaked.value)).toContain('[LEAKED_TRACER] a Param was made inside jit(anonymous) and reached outside it');
    const holder = Object.assign(new Layer(), { w: leaked });
    expect(codeOf(() => on(() => jit((m: Layer) => m.w.value)(holder)))).toBe('LEAKED_TRACER');
  });

  test('an error inside leaves every Variable as it was', async () => {
    const layer = Object.assign(new Layer(), { w: new Param(np.ones([2])), mean: new BatchStat(np.zeros([2])) });
    const fail = vmap((m: Layer, x: Tensor): Tensor => {
      m.mean.value = x;
      throw new RangeError('on purpose');
    });
    expect(() => on(() => fail(layer, np.ones([2])))).toThrow(RangeError);
    await assertAllClose(layer.mean.value, np.zeros([2]));
  });

  test('Variables that are shared stay shared', async () => {
    const model = new Model();
    model.b.w = model.a.w;
    const [graphdef, state] = nnx.split(model);
    const copy = nnx.merge(graphdef, on(() => jit((s: typeof state) => s)(state)));
    expect(copy.b.w).toBe(copy.a.w);
    copy.a.w.value = np.array(7);
    await assertAllClose([copy.b.w.value, model.a.w.value], [np.array(7), np.array(1)]);
  });
});

describe('structure', () => {
  test('modules in arrays, objects and Maps are state', () => {
    const holder = Object.assign(new Layer(), { parts: [{ x: new Layer() }], named: new Map([['y', new Layer()]]) });
    const paths = [...nnx.state(holder).keys()];
    expect(paths).toEqual(['mean', 'named/y/mean', 'named/y/w', 'parts/0/x/mean', 'parts/0/x/w', 'w']);
  });

  test('data beside Variables', () => {
    const message = messageOf(() => nnx.split(Object.assign(new Layer(), { k: { scale: np.ones([2]) } })));
    expect(message).toContain('[PYTREE] k/scale is Tensor(float32[2]): data of a module lives in Variables');
    expect(message).toContain('fix: this.k.scale = new Param(value)');
  });

  test('paths with numbers sort as numbers', () => {
    const layers = Array.from({ length: 11 }, () => new Layer());
    expect([...nnx.state({ layers }, Param).keys()].slice(-2)).toEqual(['layers/9/w', 'layers/10/w']);
  });

  test('a State that lacks Variables, or has others', () => {
    const [graphdef, state] = nnx.split(new Layer());
    expect(messageOf(() => nnx.merge(graphdef, state.extract(Param)))).toContain("[STATE_PATH] merge: Layer has 2 Variables, and the States lack 1: 'mean'");
    expect(messageOf(() => nnx.merge(graphdef, state, new State([['x', new Param(0)]])))).toContain("no place for 'x'");
  });

  test('filters that leave Variables out', () => {
    const message = messageOf(() => nnx.split(new Model(), Param, 'tag'));
    expect(message).toContain("[VALUE] nnx.split: none of the filters Param, tag 'tag' chooses 'a/mean' (BatchStat), 'b/mean' (BatchStat)");
    expect(message).toContain('fix: nnx.split(model, ...filters, nnx.rest)');
    expect(messageOf(() => new Model().split(Param))).toContain("none of the filters Param chooses 'a/mean' (BatchStat)");
  });
});

describe('random state', () => {
  test('Rngs through jit give other keys at every call', async () => {
    const draw = jit((rngs: Rngs) => rngs.makeRng());
    const rngs = new Rngs(0);
    const [first, second] = [on(() => draw(rngs)), on(() => draw(rngs))];
    const fresh = new Rngs(0);
    await assertAllClose([first, second], [fresh.makeRng(), fresh.makeRng()]);
    expect(await np.equal(first, second).all().item()).toBe(false);
  });

  test('a plain counter through jit would give the same key twice', () => {
    const message = messageOf(() => on(() => jit((rngs: PathRngs) => rngs.makeRng())(new PathRngs(random.key(0)))));
    expect(message).toContain('[RNG] PathRngs.makeRng() was called in jit(anonymous)');
    expect(message).toContain('fix: ');
  });

  test('a stream that vmap does not map would give every element the same key', () => {
    const rngs = new Rngs(0);
    expect(messageOf(() => on(() => vmap((x: Tensor) => x.add(random.normal(rngs.makeRng(), [])))(np.ones([2]))))).toContain(
      "[RNG] the stream 'default' was drawn inside vmap(anonymous), which does not map it",
    );
  });
});
