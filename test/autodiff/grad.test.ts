/** grad and valueAndGrad: which leaves are differentiated, and what comes back for them. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, Rngs, State, Variable, cpu, grad, jit, lax, np, random, registerPytree, valueAndGrad, vmap, withDevice,
} from '../../src/index.ts';
import type { Filter, Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const square = (x: Tensor): Tensor => x.mul(x);
const vector = (...values: number[]): Tensor => np.array(values);

class Affine extends Module {
  readonly w: Param;
  readonly b: Param;
  readonly calls: BatchStat;

  constructor(w: Tensor, b: Tensor) {
    super();
    this.w = new Param(w, { tag: 'slow' });
    this.b = new Param(b);
    this.calls = new BatchStat(0);
  }

  forward(x: Tensor): Tensor {
    this.calls.update((calls) => calls.add(1));
    return x.mul(this.w).add(this.b);
  }
}

const affine = (): Affine => new Affine(vector(2, 3), vector(4, 5));
const loss = (model: Affine, x: Tensor): Tensor => np.sum(model.forward(x));
const x = vector(10, 20);

describe('arguments', () => {
  test('a number is a float32 tensor inside, and a number that is not differentiated is a number', async () => {
    const seen: unknown[] = [];
    const power = (base: Tensor, exponent: number): Tensor => {
      seen.push(base.describe(), exponent);
      return np.power(base, exponent);
    };
    await assertAllClose(on(() => grad(power)(3, 2)), 6);
    expect(seen).toEqual(['float32[]', 2]);
  });

  test('argnums names one argument, or several in any order', async () => {
    const f = (a: Tensor, b: Tensor, c: Tensor): Tensor => a.mul(b).mul(b).mul(c);
    await assertAllClose(on(() => grad(f, { argnums: 1 })(np.array(2), 3, np.array(5))), 60);
    await assertAllClose(on(() => grad(f, { argnums: [2, 0] })(2, np.array(3), 5)), [np.array(18), np.array(45)]);
    await assertAllClose(on(() => grad(f, { argnums: -1 })(np.array(2), np.array(3), np.array(5))), 18);
    await assertAllClose(on(() => grad(f, { argnums: [] })(np.array(2), np.array(3), np.array(5))), []);
  });

  test('trees of arrays, objects, Maps and null', async () => {
    interface Tree {
      readonly [key: string]: unknown;
      readonly a: readonly [Tensor, Tensor];
      readonly m: Map<string, Tensor>;
      readonly none: null;
    }
    const f = ({ a: [x, y], m }: Tree): Tensor => x.mul(y).add(m.get('k')!.mul(7));
    const gradient: unknown = on(() => grad(f)({ a: [np.array(2), np.array(3)], m: new Map([['k', np.array(1)]]), none: null }));
    await assertAllClose(gradient, { a: [np.array(3), np.array(2)], m: new Map([['k', np.array(7)]]), none: null });
  });

  test('registered classes', async () => {
    class Pair {
      readonly one: Tensor;
      readonly two: Tensor;
      constructor(one: Tensor, two: Tensor) {
        this.one = one;
        this.two = two;
      }
    }
    registerPytree(Pair, {
      flatten: (pair) => [[pair.one, pair.two], null],
      unflatten: (_, [one, two]) => new Pair(one as Tensor, two as Tensor),
    });
    const gradient = on(() => grad((pair: Pair) => pair.one.mul(pair.two))(new Pair(np.array(2), np.array(3))));
    expect(gradient).toBeInstanceOf(Pair);
    await assertAllClose([gradient.one, gradient.two], [np.array(3), np.array(2)]);
  });

  test('typed arrays are tensors', async () => {
    await assertAllClose(on(() => grad((v: Tensor) => np.sum(square(v)))(Float32Array.of(1, 2))), vector(2, 4));
  });

  test('what the value does not depend on has gradient zero', async () => {
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(np.zerosLike(a)))(vector(1, 2))), vector(0, 0));
    await assertAllClose(on(() => grad((a: Tensor) => a.ndim)(vector(1, 2))), vector(0, 0));
    await assertAllClose(on(() => grad((a: Tensor) => np.floor(np.sum(a)))(vector(1, 2))), vector(0, 0));
  });

  test('float16 stays float16', async () => {
    const half = np.array([1, 2], { dtype: 'float16' });
    const gradient = on(() => grad((v: Tensor) => np.sum(square(v).astype('float32')))(half));
    await assertAllClose(gradient, np.array([2, 4], { dtype: 'float16' }));
  });
});

describe('results', () => {
  test('value, auxiliary results and gradient', async () => {
    const f = (a: Tensor): readonly [Tensor, { readonly doubled: Tensor; readonly name: string; readonly n: Tensor }] => [
      square(a),
      { doubled: a.mul(2), name: 'aux', n: np.arange(2) },
    ];
    const expected = { doubled: np.array(6), name: 'aux', n: np.arange(2) };
    await assertAllClose(on(() => valueAndGrad(f, { hasAux: true })(3)), [[np.array(9), expected], np.array(6)]);
    await assertAllClose(on(() => grad(f, { hasAux: true })(3)), [np.array(6), expected]);
    await assertAllClose(on(() => valueAndGrad(square)(3)), [np.array(9), np.array(6)]);
  });

  test('auxiliary results have no derivative', async () => {
    const f = (a: Tensor): readonly [Tensor, Tensor] => [square(a), square(a).mul(100)];
    const gradient = on(() => grad((a: Tensor) => grad(f, { hasAux: true })(a)[1])(3));
    // Of the outer transform, to which it is a value like any other, it has one.
    await assertAllClose(gradient, 600);
  });

  test('a Variable is its value', async () => {
    const model = affine();
    const total = new Param(1);
    const gradient = on(() =>
      grad((m: Affine) => {
        total.value = np.sum(m.w.value);
        return total;
      })(model),
    );
    await assertAllClose(gradient.get('w').value, vector(1, 1));
  });
});

describe('orders and other transforms', () => {
  test('derivatives of derivatives', async () => {
    const cubic = (a: Tensor): Tensor => a.mul(a).mul(a);
    await assertAllClose(on(() => grad(grad(cubic))(2)), 12);
    await assertAllClose(on(() => grad(grad(grad(cubic)))(2)), 6);
    await assertAllClose(on(() => grad((a: Tensor) => grad(np.sin)(a).mul(a))(0.5)), Math.cos(0.5) - 0.5 * Math.sin(0.5));
  });

  test('inside and around jit and vmap', async () => {
    const f = (a: Tensor): Tensor => np.sum(np.sin(a));
    const expected = np.cos(x);
    await assertAllClose(on(() => jit(grad(f))(x)), expected);
    await assertAllClose(on(() => grad(jit(f))(x)), expected);
    await assertAllClose(on(() => vmap(grad(np.sin))(x)), expected);
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(vmap(np.sin)(a)))(x)), expected);
  });

  test('captured tensors and tracers are constants', async () => {
    const y = vector(3, 4);
    await assertAllClose(on(() => grad((a: Tensor) => np.sum(a.mul(y)))(x)), y);
    await assertAllClose(on(() => jit((b: Tensor) => grad((a: Tensor) => np.sum(a.mul(b)))(b))(y)), y);
  });
});

describe('modules', () => {
  test('the gradient is a State of the Params, as Params, with what was not read', async () => {
    const model = affine();
    const [value, gradient] = on(() => valueAndGrad((m: Affine, input: Tensor) => np.sum(m.w.value.mul(input)))(model, x));
    await assertAllClose(value, 80);
    expect(gradient).toBeInstanceOf(State);
    expect([...gradient.keys()]).toEqual(['b', 'w']);
    expect([...gradient.values()].every((variable) => variable instanceof Param)).toBe(true);
    expect(gradient.get('w').metadata['tag']).toBe('slow');
    await assertAllClose([gradient.get('w').value, gradient.get('b').value], [x, vector(0, 0)]);
    await assertAllClose(model.w.value, vector(2, 3));
  });

  test('wrt: a class, a tag, a predicate', async () => {
    const keys = (wrt: Filter): string[] => [...on(() => grad(loss, { wrt })(affine(), x)).keys()];
    expect(keys(Param)).toEqual(['b', 'w']);
    expect(keys(BatchStat)).toEqual(['calls']);
    expect(keys(Variable)).toEqual(['b', 'calls', 'w']);
    expect(keys('slow')).toEqual(['w']);
    expect(keys((path, variable) => path === 'b' && variable instanceof Param)).toEqual(['b']);
  });

  test('a State: all of it, or what wrt chooses', async () => {
    const model = affine();
    const [state, graphdef] = model.split();
    const f = (given: State, input: Tensor): Tensor => loss(graphdef.merge(given), input);
    const all = on(() => grad(f)(state, x));
    expect([...all.keys()]).toEqual(['b', 'calls', 'w']);
    await assertAllClose([all.get('w').value, all.get('b').value, all.get('calls').value], [x, vector(1, 1), np.array(0)]);
    expect([...on(() => grad(f, { wrt: Param })(state, x)).keys()]).toEqual(['b', 'w']);
  });

  test('the functional form: parameters apart, new statistics as an auxiliary result', async () => {
    const [state, graphdef] = affine().split();
    const [params, stats] = [state.extract(Param), state.extract(BatchStat)];
    const f = (p: State, s: State, input: Tensor): readonly [Tensor, State] => {
      const [y, [next]] = graphdef.apply(State.merge(p, s))(input);
      return [np.sum(y), next.extract(BatchStat)];
    };
    const [[value, next], gradient] = on(() => jit(valueAndGrad(f, { hasAux: true }))(params, stats, x));
    await assertAllClose([value, next.get('calls').value], [np.array(89), np.array(1)]);
    await assertAllClose([gradient.get('w').value, gradient.get('b').value], [x, vector(1, 1)]);
    await assertAllClose(stats.get('calls').value, 0);
  });

  test('a shared Variable has one entry, with the sum', async () => {
    class Tied extends Module {
      readonly one: Affine;
      readonly two: Affine;
      constructor() {
        super();
        this.one = affine();
        this.two = new Affine(vector(1, 1), vector(0, 0));
        Object.assign(this.two, { w: this.one.w });
      }
    }
    const gradient = on(() => grad((m: Tied) => np.sum(m.one.w.value.mul(2).add(m.two.w.value.mul(3))))(new Tied()));
    expect([...gradient.keys()]).toEqual(['one/b', 'one/w', 'two/b']);
    await assertAllClose(gradient.get('one/w').value, vector(5, 5));
  });

  test('modules among tensors in a tree', async () => {
    const f = ({ models, scale }: { models: readonly Affine[]; scale: Tensor }): Tensor =>
      np.sum(models[0]!.w.value.mul(scale)).add(np.sum(models[1]!.b.value));
    const gradient = on(() => grad(f)({ models: [affine(), affine()], scale: np.array(2) }));
    const [first, second] = gradient.models as [State, State];
    await assertAllClose([first.get('w').value, second.get('b').value], [vector(2, 2), vector(1, 1)]);
    await assertAllClose(gradient.scale, 5);
  });

  test('a module without Params beside tensors', async () => {
    const f = ({ w, rngs }: { w: Tensor; rngs: Rngs }): Tensor => np.sum(w.mul(random.bernoulli(rngs.makeRng(), 1, [2])));
    const gradient = on(() => grad(f)({ w: x, rngs: new Rngs(0) }));
    await assertAllClose(gradient.w, vector(1, 1));
    expect([...(gradient.rngs as State).keys()]).toEqual([]);
  });

  test('a Variable outside of modules gives a tensor', async () => {
    const gradient = on(() => grad((w: Param, input: Tensor) => np.sum(w.value.mul(input)))(new Param(vector(1, 2)), x));
    await assertAllClose(gradient, x);
  });

  test('the gradient can be used to update', async () => {
    const model = affine();
    on(() => {
      const gradient = grad(loss)(model, x);
      for (const [path, { value }] of gradient) model.split()[0].get(path).update((before) => before.sub(value.mul(0.1)));
    });
    await assertAllClose([model.w.value, model.b.value], [vector(1, 1), vector(3.9, 4.9)]);
  });

  test('random streams pass through', async () => {
    const rngs = new Rngs(0);
    const noisy = (w: Tensor, streams: Rngs): Tensor => np.sum(w.mul(random.normal(streams.makeRng(), [2])));
    const first = on(() => grad(noisy)(x, rngs));
    const again = on(() => jit(grad(noisy))(x, new Rngs(0)));
    await assertAllClose(first, again);
    await assertAllClose(rngs.streams['default']!.count.value, np.array(1, { dtype: 'uint32' }));
  });

  test('scan and cond over a module', async () => {
    const model = new Affine(np.array(2), np.array(1));
    const f = (m: Affine, xs: Tensor): Tensor => {
      const [last] = lax.scan((carry: Tensor, row: Tensor) => [m.forward(carry).add(row), null] as const, np.array(1), xs);
      return lax.cond(np.greater(last, 0), (y: Tensor) => y.mul(m.w.value), (y: Tensor) => y, last);
    };
    const gradient = on(() => grad(f)(model, vector(1, 1)));
    // last = (w + b + 1) w + b + 1; the value is last * w.
    await assertAllClose([gradient.get('w').value, gradient.get('b').value], [np.array(10 + 2 * 6), np.array(2 * 3)]);
    await assertAllClose(model.calls.value, 2);
  });
});
