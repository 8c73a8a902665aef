/** Variables, modules and States that loops, branches and maps return: themselves where they are one thing, else fresh ones. */
import { describe, expect, test } from 'vitest';
import { BatchStat, Module, Param, State, Variable, jit, lax, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { messageOf } from '../support/messages.ts';
import { useWgsl } from '../support/wgsl.ts';

useWgsl();

class Box extends Module {
  readonly w: Param;

  constructor(value: Tensor) {
    super();
    this.w = new Param(value);
  }
}

const number = (value: number): Tensor => np.array(value);
/** `onTrue()` or `onFalse()`, chosen on the device. */
const choose = <R>(truth: boolean, onTrue: () => R, onFalse: () => R) => lax.cond(np.array(truth), onTrue, onFalse);
const values = (...things: readonly (Tensor | Variable)[]): Promise<unknown[]> =>
  Promise.all(things.map((thing) => (thing instanceof Variable ? thing.value : thing).array()));

describe('cond', () => {
  test('one Variable or module of both branches comes back itself', async () => {
    const box = new Box(number(1));
    const write = (): Box => {
      box.w.value = box.w.value.add(1);
      return box;
    };
    expect(choose(true, write, () => box)).toBe(box);
    expect(choose(false, () => box.w, () => box.w)).toBe(box.w);
    expect(await values(box.w)).toEqual([2]);
  });

  test.each([[true, 1], [false, 10]])('different ones give a fresh one with the value of the branch taken (%s)', async (truth, expected) => {
    const [one, ten] = [new Box(number(1)), new Box(number(10))];
    const variable = choose(truth, () => one.w, () => ten.w);
    const box = choose(truth, () => one, () => ten);
    expect([one.w, ten.w]).not.toContain(variable);
    expect([one, ten]).not.toContain(box);
    expect(await values(variable, box.w)).toEqual([expected, expected]);
    box.w.value = 5;
    expect(await values(one.w, ten.w)).toEqual([1, 10]);
  });

  test('things made in the branches: modules, States, one Variable twice', async () => {
    const twice = (value: number) => () => {
      const variable = new Param(number(value));
      return { variable, again: variable, box: new Box(number(value)), state: new Box(number(value)).split()[0] };
    };
    for (const [truth, expected] of [[true, 3], [false, 4]] as const) {
      const { variable, again, box, state } = choose(truth, twice(3), twice(4));
      expect(again).toBe(variable);
      expect(await values(variable, box.w, state.get('w'))).toEqual([expected, expected, expected]);
    }
  });

  test('kinds that differ', () => {
    const [x, y] = [number(1), number(2)];
    expect(messageOf(() => choose<Variable>(true, () => new Param(x), () => new BatchStat(y)))).toContain('output: a BatchStat -> a Param');
    expect(messageOf(() => choose(true, () => new Param(x, { sharding: 'i' }), () => new Param(y)))).toContain(
      'output: a Param -> a Param of {"sharding":"i"}',
    );
    expect(messageOf(() => choose<Variable | Tensor>(true, () => new Param(x), () => y))).toContain('output: float32[] -> a Param');
  });

  test('a Variable that ends with different types', () => {
    const v = new BatchStat(number(1));
    const grow = (stat: BatchStat): void => {
      stat.value = np.ones([2]);
    };
    expect(messageOf(() => lax.cond(np.array(true), grow, () => undefined, v))).toContain(
      'operands[0] is f32[] after cond(branch 0) and f32[2] after cond(grow)',
    );
  });

  test('a Variable to which every branch gives one new type', async () => {
    const v = new BatchStat(number(1));
    choose(true, () => void (v.value = v.value.add(np.ones([2]))), () => void (v.value = np.zeros([2])));
    expect(await values(v)).toEqual([[2, 2]]);
  });
});

describe('scan', () => {
  test('a Variable or State of xs that is returned as y is itself, with its slices written back', async () => {
    const box = new Box(np.array([1, 2]));
    const double = (carry: null, { state, w }: { state: State; w: BatchStat }) => {
      state.get('w').update((value) => value.mul(2));
      return [carry, { state, w }] as const;
    };
    const stat = new BatchStat(np.array([5, 6]));
    const [, y] = lax.scan(double, null, { state: box.split()[0], w: stat });
    expect(y.w).toBe(stat);
    expect(y.state.get('w')).toBe(box.w);
    expect(await values(box.w, stat)).toEqual([[2, 4], [5, 6]]);
  });

  test('any other Variable that is returned as y is a fresh one, with its values after each step', async () => {
    const [captured, box] = [new BatchStat(number(0)), new Box(number(0))];
    const step = (carry: null, x: Tensor) => {
      captured.value = captured.value.add(x);
      box.w.value = x;
      const made = new Param(x.mul(10));
      return [carry, { captured, box, made, again: made }] as const;
    };
    const [, y] = lax.scan(step, null, np.array([1, 2]));
    expect(y.captured).toBeInstanceOf(BatchStat);
    expect([y.captured === captured, y.box === box, y.again === y.made]).toEqual([false, false, true]);
    expect(await values(y.captured, y.box.w, y.made)).toEqual([[1, 3], [1, 2], [10, 20]]);
    expect(await values(captured, box.w)).toEqual([3, 2]);
  });

  test('carries of State, Module, and Variables in a Map', async () => {
    const add = (variable: Variable, x: Tensor): void => variable.update((value) => value.add(x));
    const box = new Box(number(0));
    const xs = np.array([1, 2]);
    const [state] = lax.scan((s: State, x: Tensor) => [(add(s.get('w'), x), s), null] as const, box.split()[0], xs);
    expect(state.get('w')).toBe(box.w);
    const [module] = lax.scan((m: Box, x: Tensor) => [(add(m.w, x), m), null] as const, box, xs);
    expect(module).toBe(box);
    const [map] = lax.scan((m: Map<string, Param>, x: Tensor) => [(add(m.get('k')!, x), m), null] as const, new Map([['k', box.w]]), xs);
    expect(map.get('k')).toBe(box.w);
    expect(await values(box.w)).toEqual([9]);
    const replace = (s: State, x: Tensor) => [new State([['w', new Param(s.get('w').value.add(x))]]), null] as const;
    const [fresh] = lax.scan(replace, box.split()[0], xs);
    expect(await values(fresh.get('w'), box.w)).toEqual([12, 9]);
  });

  test('a carry of another kind', () => {
    const run = (init: unknown, body: (carry: never) => unknown): string =>
      messageOf(() => lax.scan((carry: unknown) => [body(carry as never), null] as const, init, null, { length: 2 }));
    expect(run(new Param(1), ({ value }: Param) => new BatchStat(value))).toContain('carry: a Param -> a BatchStat');
    expect(run(new Param(1), ({ value }: Param) => value)).toContain('carry: a Param -> float32[]');
    expect(run(number(1), (value: Tensor) => new Param(value))).toContain('carry: float32[] -> a Param');
  });
});

describe('vmap', () => {
  test('Variables on another axis, and one that is written with one value for all', async () => {
    const rows = np.array([[1, 2, 3], [4, 5, 6]]);
    const [last, all] = [new BatchStat(rows), new BatchStat(np.array([1, 2, 3]))];
    const sums = vmap(
      (column: BatchStat, one: BatchStat) => {
        column.value = column.value.mul(10);
        one.value = number(7);
        return column.value.sum();
      },
      { inAxes: [-1, 0] },
    )(last, all);
    expect(await values(sums, last, all)).toEqual([[50, 70, 90], [[10, 20, 30], [40, 50, 60]], [7, 7, 7]]);
  });

  test('a module under nested maps of different axes', async () => {
    const box = new Box(np.array([[1, 2, 3], [4, 5, 6]]));
    const inner = (m: Box, y: Tensor): Tensor => (m.w.value = m.w.value.add(y));
    const outer = (m: Box, x: Tensor): Tensor => vmap(inner)(m, x);
    const sums = vmap(outer, { inAxes: [1, 0] })(box, np.array([[10, 20], [30, 40], [50, 60]]));
    expect(await values(sums, box.w)).toEqual([[[11, 24], [32, 45], [53, 66]], [[11, 32, 53], [24, 45, 66]]]);
  });

  test('one new Variable returned twice is one, on one axis', async () => {
    const make = (x: Tensor) => {
      const variable = new Param(x);
      return [variable, variable] as const;
    };
    const [one, again] = vmap(make)(np.ones([2, 3]));
    expect(again).toBe(one);
    expect(await values(one)).toEqual([[[1, 1, 1], [1, 1, 1]]]);
    expect(messageOf(() => vmap(make, { outAxes: [0, 1] })(np.ones([2, 3])))).toContain('output[0] is returned with outAxes 0 and again with 1');
  });
});

test('writes of nested scans in a branch of a mapped function', async () => {
  const repeat = (f: (carry: Tensor) => Tensor, length: number): Tensor =>
    lax.scan((carry: Tensor) => [f(carry), null] as const, number(0), null, { length })[0];
  const grow = (total: BatchStat, x: Tensor): Tensor => repeat((carry) => carry.add(repeat(() => (total.value = total.value.add(x)), 2)), 3);
  const shrink = (total: BatchStat): Tensor => (total.value = total.value.sub(1));
  const step = (total: BatchStat, x: Tensor): Tensor => lax.cond(np.greater(x, 0), grow, shrink, total, x);
  for (const run of [vmap(step), jit(vmap(step))]) {
    const total = new BatchStat(np.zeros([3]));
    const sums = run(total, np.array([1, -1, 2]));
    // x is added 6 times; the sums after each pair of additions are 2x, 4x and 6x.
    expect(await values(sums, total)).toEqual([[12, -1, 24], [6, -1, 12]]);
  }
});
