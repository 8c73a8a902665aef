/** Every way to go wrong that users meet: code, shapes, path, line, fix; the whole message each time. */
import { describe, expect, test } from 'vitest';
import {
  BatchStat, Module, Param, PathRngs, Rngs, State, jit, lax, makeJaxpr, nnx, np, random, registerPytree, vmap,
} from '../../src/index.ts';
import type { Tensor , HeddleError} from '../../src/index.ts';
import { messageOf, messageOfAsync } from '../support/messages.ts';

const a = (): Tensor => np.ones([2, 3]);
const b = (): Tensor => np.ones([4]);

test('use before init()', () => {
  expect(messageOf(() => jit((x: Tensor) => x.add(1))(a()))).toMatchInlineSnapshot(`
    "[NOT_INITIALIZED] jit(anonymous) needs a device, and none has been chosen yet
      at:  test/errors/messages.test.ts:LINE
      fix: await init()"
  `);
});

describe('operands', () => {
  test('shapes', () => {
    expect(messageOf(() => np.add(a(), b()))).toMatchInlineSnapshot(`
      "[SHAPE] np.add: shapes [2,3] and [4] do not broadcast: axis -1 is 3 in one and 4 in the other
        at:  test/errors/messages.test.ts:LINE
        fix: np.add(np.ones([2,3]), np.ones([3]))"
    `);
    expect(messageOf(() => np.matmul(a(), b()))).toMatchInlineSnapshot(`
      "[SHAPE] np.matmul: shapes [2,3] and [4] do not contract: axis 1 of x has extent 3, axis 0 of y 4
        at:  test/errors/messages.test.ts:LINE
        fix: np.matmul(np.ones([2,3]), np.ones([3]))"
    `);
    expect(messageOf(() => a().reshape([4]))).toMatchInlineSnapshot(`
      "[SHAPE] np.reshape: the 6 elements of shape [2,3] do not fill shape [4]
        at:  test/errors/messages.test.ts:LINE
        fix: np.reshape(x, [6])"
    `);
    expect(messageOf(() => np.concatenate([a(), np.ones([2, 4])], { axis: 0 }))).toMatchInlineSnapshot(`
      "[SHAPE] np.concatenate: shapes [2,3] and [2,4] differ in more than axis 0
        at:  test/errors/messages.test.ts:LINE
        fix: np.concatenate(xs, { axis: 1 })"
    `);
  });

  test('the line is the user’s', () => {
    const line = Number(/messages\.test\.ts:(\d+):/.exec(new Error().stack!)?.[1]) + 2;
    try {
      np.add(a(), b());
    } catch (error) {
      expect((error as HeddleError).where).toMatch(new RegExp(`^test/errors/messages\\.test\\.ts:${line}:\\d+$`));
    }
  });

  test('dtypes', () => {
    expect(messageOf(() => lax.add(a(), a().astype('int32')))).toMatchInlineSnapshot(`
      "[DTYPE] add: operands f32[2,3] and i32[2,3] have different dtypes
        at:  test/errors/messages.test.ts:LINE
        fix: y.astype('float32')"
    `);
    expect(messageOf(() => lax.sin(np.arange(3)))).toMatchInlineSnapshot(`
      "[DTYPE] sin: takes f32, f16, was given i32[3]
        at:  test/errors/messages.test.ts:LINE
        fix: x.astype('float32')"
    `);
  });

  test('axes', () => {
    expect(messageOf(() => np.sum(a(), { axis: 2 }))).toMatchInlineSnapshot(`
      "[AXIS] np.sum: axis 2 is outside rank 2; axes go from -2 to 1
        at:  test/errors/messages.test.ts:LINE
        fix: np.sum(..., { axis: 1 })"
    `);
    expect(messageOf(() => np.sum(a(), { axis: [0, 0] }))).toMatchInlineSnapshot(`
      "[AXIS] np.sum: axes [0,0] name one axis twice
        at:  test/errors/messages.test.ts:LINE
        fix: np.sum(..., { axis: [0] })"
    `);
  });

  test('numbers', () => {
    expect(messageOf(() => np.arange(3).add(3e9))).toMatchInlineSnapshot(`
      "[VALUE] 3000000000 is not a value of int32, which holds integers from -2147483648 to 2147483647
        at:  test/errors/messages.test.ts:LINE
        fix: x.astype('float32')"
    `);
    expect(messageOf(() => np.array(new BigInt64Array(2)))).toMatchInlineSnapshot(`
      "[NARROWING] BigInt64Array has 64-bit elements, and tensors have at most 32 bits
        at:  test/errors/messages.test.ts:LINE
        fix: np.array(data, { dtype: 'int32' })"
    `);
    expect(messageOf(() => np.array(new Float64Array(2)))).toMatchInlineSnapshot(`
      "[NARROWING] Float64Array has 64-bit elements, and tensors have at most 32 bits
        at:  test/errors/messages.test.ts:LINE
        fix: np.array(data, { dtype: 'float32' })"
    `);
    expect(messageOf(() => np.add('x' as unknown as number, 1))).toMatchInlineSnapshot(`
      "[PYTREE] the string x is not a tensor
        at:  test/errors/messages.test.ts:LINE
        fix: Number(value)"
    `);
  });
});

describe('tracing', () => {
  test('a Promise', () => {
    const load = async (x: Tensor): Promise<Tensor> => Promise.resolve(x);
    expect(messageOf(() => jit((x: Tensor) => ({ y: load(x) }))(a()))).toMatchInlineSnapshot(`
      "[PROMISE] output.y is a Promise, and a tree holds values
        at:  test/errors/messages.test.ts:LINE
        fix: const x = await promise"
    `);
    expect(messageOf(() => jit(load)(a()))).toMatchInlineSnapshot(`
      "[PROMISE] jit(load) returned a Promise: a traced function runs once, synchronously, to record its operations
        at:  test/errors/messages.test.ts:LINE
        fix: await the data before the call, and pass it as an argument"
    `);
  });

  test('operators on tracers and tensors', () => {
    const compare = (x: Tensor): Tensor => ((x as unknown as number) > 0 ? x : x.neg());
    expect(messageOf(() => makeJaxpr(compare)(a()))).toMatchInlineSnapshot(`
      "[CONCRETIZATION] an operator needs a JavaScript value, but Tracer(f32[2,3] in makeJaxpr(compare)) has none while it is traced
        at:  test/errors/messages.test.ts:LINE
        fix: x.mul(y), np.where(np.greater(x, 0), a, b), or lax.cond(np.greater(x, 0), f, g, x)"
    `);
    expect(messageOf(() => (a() as unknown as number) + 1)).toMatchInlineSnapshot(`
      "[CONCRETIZATION] the operator + or == needs a JavaScript value, but the elements of Tensor(float32[2,3]) live on a device
        at:  test/errors/messages.test.ts:LINE
        fix: x.add(y), or np.equal(x, y)"
    `);
    expect(messageOf(() => (new Param(a()) as unknown as number) * 2)).toMatchInlineSnapshot(`
      "[CONCRETIZATION] an operator needs a JavaScript value, but the elements of Tensor(float32[2,3]) live on a device
        at:  test/errors/messages.test.ts:LINE
        fix: x.mul(y), np.where(np.greater(x, 0), a, b), or lax.cond(np.greater(x, 0), f, g, x)"
    `);
    expect(messageOf(() => `${a() as unknown as string}`)).toMatchInlineSnapshot(`
      "[CONCRETIZATION] a string needs a JavaScript value, but the elements of Tensor(float32[2,3]) live on a device
        at:  test/errors/messages.test.ts:LINE
        fix: x.describe(), or outside of traces await x.array()"
    `);
    expect(messageOf(() => JSON.stringify({ x: a() }))).toMatchInlineSnapshot(`
      "[CONCRETIZATION] JSON.stringify needs a JavaScript value, but the elements of Tensor(float32[2,3]) live on a device
        at:  test/errors/messages.test.ts:LINE
        fix: JSON.stringify(await x.array())"
    `);
    const write = (x: Tensor): unknown => ((x as unknown as number[])[0] = 1);
    expect(() => write(a())).toThrow(TypeError);
  });

  test('a leaked tracer', () => {
    let leak!: Tensor;
    makeJaxpr(function keep(x: Tensor) {
      leak = x.mul(2);
      return x;
    })(a());
    expect(messageOf(() => leak.add(1))).toMatchInlineSnapshot(`
      "[LEAKED_TRACER] a tracer float32[2,3] of makeJaxpr(keep), whose trace has ended, was used outside any trace; it was made at test/errors/messages.test.ts:LINE
        at:  test/errors/messages.test.ts:LINE
        fix: return it from the function given to makeJaxpr instead of storing it"
    `);
    expect(messageOf(() => makeJaxpr(function use(x: Tensor) {
      return x.add(leak);
    })(a()))).toMatchInlineSnapshot(`
      "[LEAKED_TRACER] a tracer float32[2,3] of makeJaxpr(keep), whose trace has ended, was used in makeJaxpr(use); it was made at test/errors/messages.test.ts:LINE
        at:  test/errors/messages.test.ts:LINE
        fix: return it from the function given to makeJaxpr instead of storing it"
    `);
  });

  test('reading inside a trace', async () => {
    const reads: Promise<unknown>[] = [];
    makeJaxpr(function peek(x: Tensor) {
      reads.push(x.item());
      reads.push(x.data());
      return x;
    })(a());
    expect(await messageOfAsync(() => reads[1]!)).toMatchInlineSnapshot(`
      "[CONCRETIZATION] data() needs a JavaScript value, but Tracer(f32[2,3] in makeJaxpr(peek)) has none while it is traced
        at:  test/errors/messages.test.ts:LINE
        fix: return x from the function, and read the result outside"
    `);
    await reads[0]!.catch(() => undefined);
  });

  test('unknown and cyclic leaves', () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    expect(messageOf(() => makeJaxpr((x: object) => x)(cyclic))).toMatchInlineSnapshot(`
      "[PYTREE] the tree contains itself: args[0].self is one of its own ancestors
        at:  test/errors/messages.test.ts:LINE
        fix: nnx.Module for object graphs with cycles"
    `);
    expect(messageOf(() => makeJaxpr((x: Date) => x)(new Date(0)))).toMatchInlineSnapshot(`
      "[PYTREE] args[0] is an object of class Date, which is not a pytree
        at:  test/errors/messages.test.ts:LINE
        fix: registerPytree(Date, { flatten, unflatten })"
    `);
    class Point {
      x: Tensor | null = null;
    }
    registerPytree(Point, { flatten: (p) => [[p.x], null], unflatten: (_, [x]) => Object.assign(new Point(), { x }) });
    expect(String(makeJaxpr((p: Point) => p.x)(Object.assign(new Point(), { x: a() })))).toBe('{ lambda ; a:f32[2,3]. let  in (a,) }');
  });
});

describe('control flow and vmap', () => {
  test('a carry that changes', () => {
    expect(messageOf(() => makeJaxpr((x: Tensor) => lax.scan((c: Tensor, row: Tensor) => [np.stack([c, c]), row] as const, x, x))(np.ones([3])))).toMatchInlineSnapshot(`
      "[CARRY] scan(anonymous): the carry that the body returns must have the type of the carry that it takes:
        carry: f32[3] -> f32[2,3]
        at:  test/errors/messages.test.ts:LINE
        fix: init = np.zeros([2,3], { dtype: 'float32' })"
    `);
    const step = ({ h, n }: { h: Tensor; n: Tensor }, x: Tensor) => [{ h: h.astype('int32'), n, extra: x }, x] as never;
    expect(messageOf(() => makeJaxpr((x: Tensor) => lax.scan(step, { h: np.zeros([2]), n: x }, x))(np.ones([3])))).toMatchInlineSnapshot(`
      "[CARRY] scan(step): the carry that the body returns must have the type of the carry that it takes:
        carry.extra: added
        carry.h: f32[2] -> i32[2]
        at:  test/errors/messages.test.ts:LINE
        fix: return [{ ...carry, x }, y]"
    `);
  });

  test('branches that differ', () => {
    const choose = (x: Tensor): unknown => lax.cond(true, (y: Tensor): unknown => [y, y.sum()], (y: Tensor): unknown => [y.sum(), y.astype('int32')], x);
    expect(messageOf(() => makeJaxpr(choose)(a()))).toMatchInlineSnapshot(`
      "[BRANCH] cond: the branches must return the same structure and types:
        output[0]: f32[] -> f32[2,3]
        output[1]: i32[2,3] -> f32[]
        at:  test/errors/messages.test.ts:LINE
        fix: lax.cond(p, (x) => x, (x) => np.zerosLike(x), x)"
    `);
    expect(messageOf(() => lax.cond(a(), (x: Tensor) => x, (x: Tensor) => x, a()))).toMatchInlineSnapshot(`
      "[SHAPE] cond: the predicate is f32[2,3], and must be a bool scalar
        at:  test/errors/messages.test.ts:LINE
        fix: lax.cond(np.any(mask), f, g, x), or np.where(mask, a, b) to choose per element"
    `);
  });

  test('mapped axes', () => {
    expect(messageOf(() => vmap((x: Tensor, y: Tensor) => x.add(y))(a(), b()))).toMatchInlineSnapshot(`
      "[VMAP_AXIS] vmap(anonymous): the mapped axes differ in size:
        args[0]: float32[2,3], axis 0 has size 2
        args[1]: float32[4], axis 0 has size 4
        at:  test/errors/messages.test.ts:LINE
        fix: vmap(f, { inAxes: [0, null] }) for an argument that is the same for every element"
    `);
    expect(messageOf(() => vmap((x: Tensor) => x, { inAxes: 2 })(a()))).toMatchInlineSnapshot(`
      "[VMAP_AXIS] vmap(anonymous): args[0] is float32[2,3] and has no axis 2 to map
        at:  test/errors/messages.test.ts:LINE
        fix: vmap(f, { inAxes: 0 })"
    `);
    expect(messageOf(() => vmap((x: Tensor) => x, { inAxes: null })(a()))).toMatchInlineSnapshot(`
      "[VMAP_AXIS] vmap(anonymous): no argument is mapped, so the size of the mapped axis is not known
        at:  test/errors/messages.test.ts:LINE
        fix: vmap(f, { axisSize: n })"
    `);
    expect(messageOf(() => vmap((x: Tensor) => x, { outAxes: null })(a()))).toMatchInlineSnapshot(`
      "[VMAP_AXIS] vmap(anonymous): output has outAxes null, but its value depends on the mapped axis
        at:  test/errors/messages.test.ts:LINE
        fix: vmap(f, { outAxes: 0 })"
    `);
  });
});

describe('state', () => {
  test('paths', () => {
    const [state] = new nnx.BatchNorm(2, { rngs: new nnx.Rngs(0) }).split();
    expect(messageOf(() => (state as State).get('scle'))).toMatchInlineSnapshot(`
      "[STATE_PATH] the State has no entry 'scle'; it has 'bias', 'mean', 'scale', 'var'
        at:  test/errors/messages.test.ts:LINE
        fix: state.get('scale')"
    `);
    expect(messageOf(() => new nnx.BatchNorm(2, { rngs: new nnx.Rngs(0) }).update(new State([['norm/scale', new Param(1)]])))).toMatchInlineSnapshot(`
      "[STATE_PATH] update: BatchNorm has no submodule 'norm' for 'norm/scale'
        at:  test/errors/messages.test.ts:LINE
        fix: new State([...state].filter(([path]) => path !== 'norm/scale'))"
    `);
    class Raw extends Module {
      readonly w: Tensor = a();
    }
    expect(messageOf(() => new Raw().split())).toMatchInlineSnapshot(`
      "[PYTREE] w is Tensor(float32[2,3]): data of a module lives in Variables
        at:  test/errors/messages.test.ts:LINE
        fix: this.w = new Param(value)"
    `);
  });

  test('aliasing', () => {
    const stat = new BatchStat(np.ones([2, 2]));
    expect(messageOf(() => vmap((x: BatchStat, y: BatchStat) => x.value.add(y), { inAxes: [0, 1] })(stat, stat))).toMatchInlineSnapshot(`
      "[ALIASING] vmap(anonymous): one Variable is reached at args[0] with axis 0 and at args[1] with axis 1
        at:  test/errors/messages.test.ts:LINE
        fix: give both places the same entry of inAxes, or pass nnx.clone(model) for one"
    `);
  });

  test('writes that a transform cannot keep', () => {
    const stat = new BatchStat(0);
    expect(messageOf(() => vmap(function body(x: Tensor) {
      stat.value = x;
      return x;
    })(b()))).toMatchInlineSnapshot(`
      "[STATE_WRITE] vmap(body): a value that depends on the mapped axis was written to a captured BatchStat (f32[]), which is not mapped
        at:  test/errors/messages.test.ts:LINE
        fix: map it (inAxes 0 for its argument), or write its mean over the axis outside vmap"
    `);
  });

  test('a structure that changes in a trace', () => {
    class Grows extends Module {
      count = 0;
      forward(x: Tensor): Tensor {
        this.count++;
        return x;
      }
    }
    expect(messageOf(() => makeJaxpr((m: Grows, x: Tensor) => m.forward(x))(new Grows(), a()))).toMatchInlineSnapshot(`
      "[STRUCTURE] makeJaxpr(anonymous): the structure of an argument changed while it was traced:
        args[0].count: 0 -> 1
        at:  test/errors/messages.test.ts:LINE
        fix: change fields and submodules outside the transformed function"
    `);
  });

  test('random state', () => {
    const rngs = new PathRngs(random.key(0));
    expect(messageOf(() => makeJaxpr(function draw() {
      return rngs.makeRng();
    })())).toMatchInlineSnapshot(`
      "[RNG] PathRngs.makeRng() was called in makeJaxpr(draw), but the PathRngs was made outside the trace: its counter is a plain number, and the next call would draw the same keys again
        at:  test/errors/messages.test.ts:LINE
        fix: new PathRngs(key) inside the function with the key as argument, or Rngs"
    `);
    const streams = new Rngs(0);
    expect(messageOf(() => vmap(function noise(x: Tensor) {
      return x.add(random.normal(streams.makeRng(), []));
    })(b()))).toMatchInlineSnapshot(`
      "[RNG] the stream 'default' was drawn inside vmap(noise), which does not map it: every element would get the same key
        at:  test/errors/messages.test.ts:LINE
        fix: vmap((rngs, x) => f(rngs, x))(rngs.split(n), x), or new Rngs(0, { broadcast: true })"
    `);
    expect(messageOf(() => new Rngs({ params: 0 }).dropout())).toMatchInlineSnapshot(`
      "[RNG] there is no stream 'dropout' and no default stream; the streams are params
        at:  test/errors/messages.test.ts:LINE
        fix: new Rngs({ default: 0, dropout: 1 })"
    `);
  });

  test('a disposed tensor', () => {
    const x = a();
    x.dispose();
    expect(messageOf(() => x.add(1))).toMatchInlineSnapshot(`
      "[DISPOSED] add: the tensor float32[2,3] was disposed or donated
        at:  test/errors/messages.test.ts:LINE
        fix: read or copy it before dispose(), or leave it out of { donate }"
    `);
  });
});
