/** The object model against the tiny-NNX document as JAX ran it; see the stated deviations at each case. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BatchStat, GraphDef, HeddleError, Module, Param, PathRngs, State, Variable, np, random } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { assertAllClose } from '../../src/testing/index.ts';
import { pythonGraphDef, pythonState } from '../../examples/support/python-format.ts';
import { BatchNorm, Dropout, Linear } from '../../examples/support/tiny-layers.ts';
import { stableHash } from '../../src/nnx/path-rngs.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

interface Golden {
  readonly structure_cases: Record<string, { readonly state_paths: readonly string[]; readonly graphdef_repr: string }>;
  readonly repr_cases: Record<string, string>;
  readonly partitionable: Record<string, never>;
  readonly batchnorm: Record<'x' | 'y_train' | 'y_eval_after', number[][]> & Record<'mean_after' | 'var_after', number[]>;
}

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));
const golden = read('seed') as Golden;
const prng = read('prng') as { stable_hash: { values: Record<string, { tuple: number[]; uint32_be: number }> } };

const param = (value = 0): Param => new Param(value);

class L extends Module {
  readonly w: Param = param();
}

class Shared extends Module {
  readonly k: number = 3;
  readonly b: L = new L();
  readonly a: L = this.b;
}

class Cycle extends Module {
  readonly w: Param = param();
  readonly me: Cycle = this;
}

class Child extends Module {
  readonly v: Param = param();
  readonly parent: Module;

  constructor(parent: Module) {
    super();
    this.parent = parent;
  }
}

class Parent extends Module {
  readonly w: Param = param();
  readonly child: Child = new Child(this);
}

class Box extends Module {
  readonly inner: L;

  constructor(inner: L) {
    super();
    this.inner = inner;
  }
}

class Diamond extends Module {
  readonly left: Box;
  readonly right: Box;
  readonly z: L;

  constructor() {
    super();
    const inner = new L();
    this.right = new Box(inner);
    this.left = new Box(inner);
    this.z = inner;
  }
}

class Sort extends Module {
  constructor() {
    super();
    for (const name of ['b', 'a10', 'a2', '_a', 'Z', 'B', 'aB', 'a_b', 'a1b', 'z_', 'é', '～', '😀'])
      Object.assign(this, { [name]: param() });
  }
}

class Empty extends Module {}

class Two extends Module {
  readonly y: L = new L();
  readonly x: L = new L();
}

class Nested extends Module {
  readonly b: Two = new Two();
  readonly a: Two = new Two();
}

describe('structure, as JAX printed it', () => {
  const cases: Record<string, Module> = {
    shared_submodule: new Shared(),
    self_cycle: new Cycle(),
    parent_child_cycle: new Parent(),
    diamond: new Diamond(),
    sort_order: new Sort(),
    empty: new Empty(),
    preorder_index: new Nested(),
  };
  for (const [name, module] of Object.entries(cases)) {
    test(name, () => {
      const expected = golden.structure_cases[name]!;
      const [state, graphdef] = module.split();
      expect([...state.keys()]).toEqual(expected.state_paths);
      expect(pythonGraphDef(graphdef, '')).toBe(expected.graphdef_repr);
    });
  }

  test('merge restores sharing and cycles', () => {
    const [state, graphdef] = new Shared().split();
    const merged = graphdef.merge(state);
    expect(merged.a).toBe(merged.b);
    const [cycleState, cycleDef] = new Cycle().split();
    const cycle = cycleDef.merge(cycleState);
    expect(cycle.me).toBe(cycle);
    const [parentState, parentDef] = new Parent().split();
    const parent = parentDef.merge(parentState);
    expect(parent.child.parent).toBe(parent);
  });

  test('every case of the document is here or is a stated deviation', () => {
    const deviations = ['shared_variable', 'lists_are_static', 'scan_mlp_10_5'];
    expect([...Object.keys(cases), ...deviations].sort()).toEqual(Object.keys(golden.structure_cases).sort());
  });
});

describe('stated deviations from the document', () => {
  test('arrays, objects and Maps of modules are traversed, and come back', () => {
    class Lists extends Module {
      readonly layers: readonly L[] = [new L(), new L()];
      readonly named: Readonly<Record<string, L>> = { b: new L(), a: new L() };
      readonly map: ReadonlyMap<string, L> = new Map([['m', new L()]]);
      readonly t: readonly number[] = [1, 2];
      readonly d: object = { a: 1 };
      readonly n: null = null;
    }
    const lists = new Lists();
    const [state, graphdef] = lists.split();
    expect([...state.keys()]).toEqual(['layers/0/w', 'layers/1/w', 'map/m/w', 'named/a/w', 'named/b/w']);
    expect(graphdef.staticFields).toEqual({ t: [1, 2], d: { a: 1 }, n: null });
    const merged = graphdef.merge(state);
    expect(merged.layers).toHaveLength(2);
    expect(merged.layers[1]).toBeInstanceOf(L);
    expect(merged.map.get('m')).toBeInstanceOf(L);
    expect(merged.split()[1]).toBe(graphdef);
  });

  test('numbers in a path sort numerically', () => {
    class Many extends Module {
      readonly layers: readonly L[] = Array.from({ length: 11 }, () => new L());
    }
    const paths = [...new Many().split()[0].keys()];
    expect(paths.slice(0, 3)).toEqual(['layers/0/w', 'layers/1/w', 'layers/2/w']);
    expect(paths.at(-1)).toBe('layers/10/w');
  });

  test('a shared Variable is one entry, and shared again after merge', () => {
    class SharedVar extends Module {
      readonly a: Param = param(1);
      readonly b: Param = this.a;
    }
    const [state, graphdef] = new SharedVar().split();
    expect([...state.keys()]).toEqual(['a']);
    const merged = graphdef.merge(state);
    expect(merged.a).toBe(merged.b);
    expect(merged.a).not.toBe(state.get('a'));
  });

  test('apply is pure, also outside a transform', async () => {
    const bn = new BatchNorm(2);
    const [state, graphdef] = bn.split();
    const x = np.array([
      [1, 2],
      [3, 6],
    ]);
    const [, [next, nextDef]] = graphdef.apply(state)(x, { train: true });
    expect(nextDef).toBe(graphdef);
    await assertAllClose(state.get('mean').value, np.zeros([2]));
    await assertAllClose(next.get('mean').value, np.array([0.1, 0.2]));
  });

  test('update keeps the identity of Variables, and creates what is missing', async () => {
    const module = new L();
    const variable = module.w;
    module.update(
      new State<unknown, Variable>([
        ['w', param(5)],
        ['extra', new BatchStat(7)],
      ]),
    );
    expect(module.w).toBe(variable);
    await assertAllClose(variable.value, np.array(5));
    expect((module as unknown as { extra: Variable }).extra).toBeInstanceOf(BatchStat);
    expect(() => module.update(new State([['nowhere/w', param()]]))).toThrow(HeddleError);
  });

  test('GraphDefs of equal structure are one object', () => {
    expect(new Nested().split()[1]).toBe(new Nested().split()[1]);
    expect(new Shared().split()[1]).not.toBe(new Nested().split()[1]);
  });
});

describe('State', () => {
  test('prints as the document prints it', () => {
    const shown = (text: string) => (): string => text;
    expect(pythonState(new State(), shown(''))).toBe(golden.repr_cases['State({})']);
    expect(pythonState(new State([['a', param(1)]]), shown('1'))).toBe(golden.repr_cases['one']);
    const two = new State<unknown, Variable>([
      ['a', param(1)],
      ['b', new BatchStat(2, { sharding: ['x', null] })],
    ]);
    const values: Record<string, string> = { Param: '1', BatchStat: '2' };
    expect(pythonState(two, (variable) => values[variable.constructor.name]!)).toBe(golden.repr_cases['two']);
    expect(pythonState(new State([['a', param(1)]]), shown('[[0. 0.]\n [0. 0.]]'))).toBe(
      golden.repr_cases['multiline array value'],
    );
    expect(String(two)).toBe(
      "State({\n  'a': Param(value=float32[], sharding=null),\n  'b': BatchStat(value=float32[], sharding=[\"x\",null])\n})",
    );
  });

  test('extract matches subclasses, keeps objects, and merges back to an equal structure', () => {
    class Special extends Param {}
    const state = new State<unknown, Variable>([
      ['b', new BatchStat(0)],
      ['a', param()],
      ['c', new Special(0)],
    ]);
    expect([...state.extract(Param).keys()]).toEqual(['a', 'c']);
    expect([...state.extract(Variable).keys()]).toEqual(['a', 'b', 'c']);
    expect(state.extract(BatchStat).get('b')).toBe(state.get('b'));
    const merged = State.merge(state.extract(BatchStat), state.extract(Param));
    expect([...merged.keys()]).toEqual([...state.keys()]);
  });

  test('split aliases the module, merge does not', () => {
    const module = new L();
    const [state, graphdef] = module.split();
    expect(state.get('w')).toBe(module.w);
    expect(graphdef).toBeInstanceOf(GraphDef);
    expect(graphdef.merge(state).w).not.toBe(module.w);
  });
});

describe('PathRngs', () => {
  test('stable hashes', () => {
    for (const { tuple, uint32_be: hash } of Object.values(prng.stable_hash.values)) expect(stableHash(tuple)).toBe(hash);
  });

  test('the sequence of keys and forks', async () => {
    const rngs = new PathRngs(random.key(0));
    const keys = async (source: PathRngs, count: number): Promise<unknown[]> =>
      Promise.all(Array.from({ length: count }, () => source.makeRng().array()));
    const bySeed = golden.partitionable['make_rng_first4_by_seed'] as unknown as Record<string, number[][]>;
    expect(await keys(rngs, 2)).toEqual(bySeed['0']!.slice(0, 2));
    const fork = rngs.fork();
    expect(fork.countPath).toEqual([2]);
    expect(await keys(fork, 2)).toEqual([
      [1702328059, 2437353669],
      [1816811982, 953130528],
    ]);
    expect(fork.fork().countPath).toEqual([2, 2]);
    expect(await keys(rngs, 1)).toEqual([bySeed['0']![3]]);
    for (const [seed, expected] of Object.entries(bySeed))
      expect(await keys(new PathRngs(random.key(Number(seed))), 4)).toEqual(expected);
  });
});

describe('layers', () => {
  test('Linear', async () => {
    const linear = new Linear(3, 2, { rngs: new PathRngs(random.key(0)) });
    const expected = golden.partitionable['Linear(3,2,rngs=Rngs(key(0))).w'] as unknown as number[][];
    await assertAllClose(linear.w.value, np.array(expected), { rtol: 0, atol: 0 });
    await assertAllClose(linear.b.value, np.zeros([2]));
  });

  test('BatchNorm', async () => {
    const { x, y_train: trained, y_eval_after: evaluated, mean_after: mean, var_after: variance } = golden.batchnorm;
    const bn = new BatchNorm(3);
    await assertAllClose(bn.forward(np.array(x), { train: true }), np.array(trained), { atol: 1e-5 });
    await assertAllClose([bn.mean.value, bn.var.value], [np.array(mean), np.array(variance)]);
    await assertAllClose(bn.forward(np.array(x), { train: false }), np.array(evaluated), { atol: 1e-5 });
  });

  test('Dropout', async () => {
    const expected = golden.partitionable['Dropout(0.1)(ones(2,10),train,Rngs(key(1)))'] as unknown as number[][];
    const rngs = new PathRngs(random.key(1));
    const dropout = new Dropout(0.1);
    await assertAllClose(dropout.forward(np.ones([2, 10]), { train: true, rngs }), np.array(expected));
    expect(rngs.count).toBe(1);
    const x: Tensor = np.ones([2, 10]);
    expect(dropout.forward(x, { train: false, rngs })).toBe(x);
    expect(rngs.count).toBe(1);
    const all = await new Dropout(1).forward(np.ones([2]), { train: true, rngs }).data();
    expect([...all].every(Number.isNaN)).toBe(true);
  });
});
