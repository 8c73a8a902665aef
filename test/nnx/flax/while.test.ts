/** Flax's tests of while and fori loops as behaviours, under their names. */
import { expect, it } from 'vitest';
import { Module, Param, Rngs, cpu, jit, lax, nnx, np, random, withDevice } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { assertAllClose } from '../../../src/testing/index.ts';

const on = <T>(f: () => T): T => withDevice(cpu, f);
const messageOf = (f: () => unknown): string => {
  try {
    on(f);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

const linear = (useBias: boolean = true): nnx.Linear => on(() => new nnx.Linear(10, 10, { useBias, rngs: new Rngs(0) }));
const x = on(() => random.normal(random.key(0), [10]).mul(10));

type Carry<M> = readonly [m: M, x: Tensor, left: Tensor];

/** The carry after `times` calls of the body. */
const loop = <M>(body: (m: M, x: Tensor) => readonly [M, Tensor], m: M, times: number): Carry<M> => {
  const init: unknown = [m, x, np.array(times)];
  const step = (carry: unknown): unknown => {
    const [m, x, left] = carry as Carry<M>;
    return [...body(m, x), left.sub(1)];
  };
  return on(() => lax.whileLoop((carry) => np.greater((carry as Carry<M>)[2], 0), step, init)) as Carry<M>;
};

it('test_shared_module: a tied kernel stays tied, and is written once', async () => {
  class Tied extends Module {
    readonly first: nnx.Linear = linear();
    readonly kernel: Param = this.first.kernel;

    forward(x: Tensor): Tensor {
      return this.first.forward(x).matmul(this.kernel);
    }
  }
  const m = new Tied();
  const [same, y] = loop((m, x) => {
    const y = m.forward(x);
    m.kernel.value = np.zerosLike(m.kernel.value);
    return [m, y];
  }, m, 2);
  expect([same === m, m.kernel === m.first.kernel, m.split()[0].size]).toEqual([true, true, 2]);
  await assertAllClose([m.first.kernel.value, y], [np.zeros([10, 10]), np.zeros([10])]);
});

it('test_value_changed: a body may write the module it carries', async () => {
  const m = linear();
  const [same, y] = loop((m, x) => {
    m.kernel.value = np.zerosLike(m.kernel.value);
    return [m, m.forward(x)];
  }, m, 3);
  expect(same).toBe(m);
  await assertAllClose([m.kernel.value, y], [np.zeros([10, 10]), np.zeros([10])]);
});

it('test_ref_changed: and not put another Variable into it', () => {
  const body = (m: nnx.Linear, x: Tensor): readonly [nnx.Linear, Tensor] => {
    Object.assign(m, { kernel: new Param(np.zeros([10, 10])) });
    return [m, x];
  };
  expect(messageOf(() => loop(body, linear(), 2))).toMatch(/\[(STRUCTURE|CARRY)\][\s\S]*kernel/);
});

it('test_structure_changed: nor return a module of another structure', () => {
  const body = (_: nnx.Linear, x: Tensor): readonly [nnx.Linear, Tensor] => [linear(false), x];
  expect(messageOf(() => loop(body, linear(), 2))).toMatch(/\[CARRY\][\s\S]*carry\[0\]\.bias/);
});

it('test_repeated_object: one module twice in the carry is an error that names both places', () => {
  const m = linear();
  const repeat = (): unknown =>
    lax.whileLoop(([i]: readonly [Tensor, nnx.Linear, nnx.Linear]) => np.less(i, 2), ([i, a, b]) => [i.add(1), a, b], [np.array(0), m, m] as const);
  expect(messageOf(repeat)).toMatch(/\[ALIASING\].*carry\[1\]\.\w+ and at carry\[2\]\.\w+/);
});

it('test_fori_loop_with_sharing: a submodule that three hold', async () => {
  class A extends Module {
    readonly params: Param = new Param(np.zeros([10]));
  }
  class Holder extends Module {
    readonly a: A;

    constructor(a: A) {
      super();
      this.a = a;
    }
  }
  class D extends Module {
    readonly a: A = new A();
    readonly b: Holder = new Holder(this.a);
    readonly c: Holder = new Holder(this.a);
  }
  const d = new D();
  const increment = (_: Tensor, d: D): D => {
    d.b.a.params.update((params) => params.add(1));
    return d;
  };
  jit((d: D) => void lax.foriLoop(0, 10, increment, d), { device: cpu })(d);
  await assertAllClose(d.c.a.params.value, np.full([10], 10));
});
