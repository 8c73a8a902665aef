/** What a module may consist of, and what comes back when it is taken apart and put together. */
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Module, Param, State, grad, jit, nnx, np } from '../../src/index.ts';
import type { BatchStat, GraphDef, Tensor, Variable } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

class Box extends Module {
  readonly w: Param;

  constructor(value = 1) {
    super();
    this.w = new Param(value);
  }

  forward(x: Tensor): Tensor {
    return x.mul(this.w);
  }
}

/** A module with the given fields. */
class Holder extends Module {
  [field: string]: unknown;

  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

const structure = (fields: object): GraphDef => new Holder(fields).split()[1];
const errorOf = (fields: object): string => messageOf(() => structure(fields));
const value = (variable: Variable): Promise<unknown> => variable.value.array();

describe('fields', () => {
  test('getters of the class are no fields, and undefined fields are as missing ones', () => {
    class Derived extends Box {
      parent?: Module = undefined;
      get twice(): Tensor {
        return this.w.value.mul(2);
      }
    }
    const [, graphdef] = new Derived().split();
    expect(graphdef.staticFields).toEqual({});
    expect(structure({ a: 1, b: undefined })).toBe(structure({ a: 1 }));
  });

  test('an accessor of the object itself is refused', () => {
    const fields = new Holder({});
    Object.defineProperty(fields, 'now', { get: () => 3, enumerable: true });
    expect(messageOf(() => fields.split())).toContain('[PYTREE] now is an accessor of the object itself');
  });

  test('dates, sets, regular expressions and functions are static, each as itself', () => {
    const fields = { date: new Date(0), set: new Set([1]), pattern: /x/, f: (x: number) => x };
    const holder = new Holder(fields);
    expect(String(holder.split()[1])).toBe(
      'GraphDef(type=Holder, index=0, submodules={}, staticFields={date: Date, f: f, pattern: RegExp, set: Set})',
    );
    expect(nnx.clone(holder)).toMatchObject(fields);
    expect(structure({ date: fields.date })).toBe(structure({ date: fields.date }));
    expect(structure({ date: fields.date })).not.toBe(structure({ date: new Date(0) }));
  });

  test('arrays of mixed content keep their places', () => {
    const holder = new Holder({ list: [new Box(), 3, 'x', null, undefined, [new Param(2), { deep: new Box(), n: 1 }], Math.sin] });
    const [state, graphdef] = holder.split();
    expect([...state.keys()]).toEqual(['list/0/w', 'list/5/0', 'list/5/1/deep/w']);
    const list = nnx.clone(holder)['list'] as unknown[];
    expect(list.slice(1, 5)).toEqual([3, 'x', null, undefined]);
    expect(list[6]).toBe(Math.sin);
    expect(graphdef).toBe(nnx.clone(holder).split()[1]);
  });

  test('objects and Maps keep their order, which programs may depend on', async () => {
    const boxes = { z: new Box(2), a: new Box(3) };
    const holder = new Holder({ object: boxes, map: new Map(Object.entries(boxes)) });
    const copy = nnx.clone(holder) as unknown as { object: object; map: Map<string, Box> };
    expect([Object.keys(copy.object), [...copy.map.keys()]]).toEqual([['z', 'a'], ['z', 'a']]);
    expect([...holder.split()[0].keys()]).toEqual(['map/a/w', 'map/z/w']);

    const chain = jit((m: Holder, x: Tensor) => Object.values(m['object'] as Record<string, Box>).reduce((y, box) => box.forward(y).add(1), x));
    const run = async (object: object): Promise<unknown> => chain(new Holder({ object }), np.array(1)).array();
    for (let call = 0; call < 3; call++) {
      expect(await run({ z: new Box(2), a: new Box(3) })).toBe(10);
      expect(await run({ a: new Box(3), z: new Box(2) })).toBe(9);
    }
  });

  test('cycles through arrays and Maps', () => {
    class Node extends Module {
      readonly children: Node[] = [];
      readonly named: Map<string, Node> = new Map();
      readonly w: Param = new Param(1);
    }
    const [root, child] = [new Node(), new Node()];
    root.children.push(child);
    child.children.push(root);
    child.named.set('self', child);
    const copy = nnx.clone(root);
    expect(copy.children[0]!.children[0]).toBe(copy);
    expect(copy.children[0]!.named.get('self')).toBe(copy.children[0]);
    expect(String(root.split()[1])).toBe(
      'GraphDef(type=Node, index=0, submodules={children: [GraphDef(type=Node, index=1, submodules={children: [0], named: Map{self: 1}}, ' +
        'staticFields={})]}, staticFields={named: Map})',
    );
    expect(inspect(root, { depth: 9 })).toContain('[Circular');
  });

  test('static objects that contain themselves are printed once', () => {
    const loop: Record<string, unknown> = { n: -0 };
    loop['me'] = [loop];
    expect(String(structure({ loop }))).toBe('GraphDef(type=Holder, index=0, submodules={}, staticFields={loop: {n: -0, me: [...]}})');
  });

  test('static data that is changed in place is not that of other modules of the same structure', () => {
    const first = new Holder({ options: { scale: 2 }, list: [{ n: 2 }, new Box()] });
    const [state, graphdef] = first.split();
    Object.assign(first['options'] as object, { scale: 3 });
    expect(graphdef.merge(state)).toMatchObject({ options: { scale: 2 } });
    const second = new Holder({ options: { scale: 2 }, list: [{ n: 2 }, new Box()] });
    expect(second.split()[1]).toBe(graphdef);
    const copy = nnx.clone(second) as unknown as { options: { scale: number }; list: [{ n: number }] };
    copy.options.scale = copy.list[0].n = 4;
    expect(second).toMatchObject({ options: { scale: 2 } });
    expect(nnx.clone(second)).toMatchObject({ options: { scale: 2 }, list: [{ n: 2 }, {}] });
    expect(first.split()[1]).not.toBe(graphdef);
  });

  test('containers from which nothing could come back', () => {
    expect(errorOf({ boxes: [{ set: new Set([new Box()]) }] })).toContain('[PYTREE] boxes/0/set is a Set of modules or Variables');
    expect(errorOf({ boxes: new Map([[1, new Box()]]) })).toContain('[PYTREE] boxes is a Map with the key 1');
    expect(errorOf({ data: [1, new Float32Array(2)] })).toContain('fix: this.data[1] = new Param(value)');
    const list: unknown[] = [new Box()];
    list.push(list);
    expect(errorOf({ list })).toContain('[PYTREE] list/1 is a container that contains itself');
  });
});

describe('classes', () => {
  test('static typeName names a class where it prints', () => {
    class A extends Module {
      static readonly typeName: string = 'Fancy';
      readonly w: Param = new (class B extends Param {
        static readonly typeName: string = 'Weight';
      })(1);
    }
    const [state, graphdef] = new A().split();
    expect(String(graphdef)).toBe('GraphDef(type=Fancy, index=0, submodules={}, staticFields={})');
    expect(String(state)).toBe("State({\n  'w': Weight(value=float32[], sharding=null)\n})");
    expect(messageOf(() => new A().update(new State([['norm/w', new Param(1)]])))).toContain('update: Fancy has no submodule');
  });

  test('#private members are missing in a merged module, which says so', () => {
    class Secret extends Box {
      readonly #power = 2;
      power(): number {
        return this.#power;
      }
      override forward(x: Tensor): Tensor {
        return x.mul(this.power());
      }
    }
    const module = new Secret();
    module.forward(np.ones([2]));
    expect(messageOf(() => nnx.clone(module).forward(np.ones([2])))).toContain(
      '[UNSUPPORTED] Secret is a merged module, whose constructor did not run, and lacks #private fields: Cannot read private member #power',
    );
    const [state, graphdef] = module.split();
    expect(messageOf(() => graphdef.apply(state, (copy) => copy.power()))).toContain('[UNSUPPORTED] Secret is a merged module');
  });

  test('Variables of classes with constructors and fields of their own', async () => {
    class Scaled extends Param {
      readonly scale: number;
      constructor(start: Tensor, scale: number) {
        super(start, { sharding: ['x'] });
        this.scale = scale;
      }
    }
    const copies = [
      nnx.clone(new Holder({ v: new Scaled(np.array(1), 3) }))['v'] as Scaled,
      jit((x: Tensor) => new Scaled(x, 3))(np.array(1)),
    ];
    for (const copy of copies) {
      expect(copy).toBeInstanceOf(Scaled);
      expect([copy.scale, copy.sharding, await value(copy)]).toEqual([3, ['x'], 1]);
    }
    const scaleOf = jit((v: Scaled) => v.scale);
    expect([3, 4].map((scale) => scaleOf(new Scaled(np.array(1), scale)))).toEqual([3, 4]);
  });
});

test('on a device: tied weights, a hook, and a view in one program', async () => {
  class Tied extends Module {
    readonly training: boolean = true;
    readonly a: Box;
    readonly b: Box = new Box(2);

    constructor() {
      super();
      this.a = Object.assign(new Box(), { w: this.b.w });
      this.b.w.setMetadata({ onGetValue: (_, w) => w.mul(3) });
    }

    forward(x: Tensor): Tensor {
      return this.b.forward(this.training ? this.a.forward(x) : x);
    }
  }
  const both = jit((m: Tied, x: Tensor) => {
    const gradient = grad((model: Tied) => model.forward(x).sum())(m);
    return [gradient.get('a/w').value, nnx.view(m, { training: false }).forward(x)] as const;
  });
  const model = new Tied();
  // The derivative of (3 w)² x by w is 18 w x.
  const [slope, evaluated] = both(model, np.array([1, 2]));
  expect([await slope.array(), await evaluated.array()]).toEqual([108, [6, 12]]);
  expect(await both(nnx.clone(model), np.array([1, 0]))[0].array()).toBe(36);
});

describe('states', () => {
  test('integer-like keys sort as numbers, level by level', () => {
    const state = new State(['10/w', 'a', '9', '9/w', '2/10', '2/9'].map((path) => [path, new Param(0)]));
    expect([...state.keys()]).toEqual(['2/9', '2/10', '9', '9/w', '10/w', 'a']);
    expect([state.has('9'), state.get('9/w') === state.get('9')]).toEqual([true, false]);
  });

  test('the class of the entries is known', () => {
    const params = new Box().split()[0].extract(Param);
    expectTypeOf(params.get('w')).toEqualTypeOf<Param>();
    expectTypeOf<Param>().not.toExtend<BatchStat>();
    expect(params.get('w')).toBeInstanceOf(Param);
  });

  test('update reads all values before it writes one, and writes all or none', async () => {
    const pair = new Holder({ a: new Param(1), b: new Param(2) }) as Holder & { a: Param; b: Param };
    pair.update(new State([['a', pair.b], ['b', pair.a]]));
    expect([await value(pair.a), await value(pair.b)]).toEqual([2, 1]);
    expect(messageOf(() => pair.update(new State([['a', new Param(5)], ['no/b', new Param(5)]])))).toContain("no submodule 'no'");
    expect(await value(pair.a)).toBe(2);
  });

  test('merge with its arguments in another order', () => {
    const [state, graphdef] = new Box().split();
    expectTypeOf(state).not.toExtend<GraphDef>();
    expect(messageOf(() => nnx.merge(state as never, graphdef as never))).toContain(
      '[VALUE] merge takes a GraphDef, then States, and was given an object of class State',
    );
  });
});
