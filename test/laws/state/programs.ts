/** Stateful programs in every transform, each beside the same program written functionally. */
import { BatchStat, Module, checkpoint, customJvp, customVjp, grad, jit, lax, np, vmap } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';

/** A module with two Variables, one below a submodule, so that paths and order matter. */
export class Inner extends Module {
  readonly total: BatchStat;

  constructor(total: Tensor) {
    super();
    this.total = new BatchStat(total);
  }
}

export class Counter extends Module {
  readonly calls: BatchStat;
  readonly inner: Inner;

  constructor(calls: Tensor, total: Tensor) {
    super();
    this.calls = new BatchStat(calls);
    this.inner = new Inner(total);
  }

  /** Adds x to the total, counts the call, returns total * calls. */
  step(x: Tensor): Tensor {
    this.calls.update((calls) => calls.add(1));
    this.inner.total.value = this.inner.total.value.add(x);
    return this.inner.total.value.mul(this.calls);
  }
}

/** The state of a Counter as values. */
export interface CounterState {
  readonly calls: Tensor;
  readonly total: Tensor;
}

/** The step as a pure function. */
export function pureStep({ calls, total }: CounterState, x: Tensor): [Tensor, CounterState] {
  const next = { calls: calls.add(1), total: total.add(x) };
  return [next.total.mul(next.calls), next];
}

export interface StatefulProgram {
  readonly transform: 'jit' | 'grad' | 'vmap' | 'scan' | 'cond' | 'whileLoop' | 'foriLoop' | 'foriLoop over tensors' | 'map' | 'checkpoint' | 'customJvp' | 'customVjp';
  readonly role: 'argument' | 'captured';
  make(): Counter;
  input(seed: number): Tensor;
  /** The stateful program; the transform is applied once, so that a second call can hit a cache. */
  program(counter: Counter): (counter: Counter, x: Tensor) => Tensor;
  /** The same, written with values. */
  functional(state: CounterState, x: Tensor): [Tensor, CounterState];
}

const vector = (...values: number[]): Tensor => np.array(values);
const single = (): Counter => new Counter(np.array(0), vector(1, 2, 3));
const mapped = (): Counter =>
  new Counter(
    np.zeros([2]),
    np.array([
      [1, 2, 3],
      [4, 5, 6],
    ]),
  );
const one = (seed: number): Tensor => vector(seed, seed + 1, -seed);
const rows = (seed: number): Tensor =>
  np.array([
    [seed, 1, 2],
    [3, seed, 4],
  ]);

/** The derivative of sum((total + x) * calls * x), which is (total + 2 x) * calls; the state as after the step. */
function pureGradient(state: CounterState, x: Tensor): [Tensor, CounterState] {
  const [, next] = pureStep(state, x);
  return [next.total.add(x).mul(next.calls), next];
}

/** Rows of xs one after the other. */
function pureLoop(state: CounterState, xs: Tensor): [Tensor, CounterState] {
  const outputs: Tensor[] = [];
  for (const x of xs) {
    const [output, next] = pureStep(state, x);
    outputs.push(output);
    state = next;
  }
  return [np.stack(outputs), state];
}

export const PROGRAMS: readonly StatefulProgram[] = [
  {
    transform: 'jit',
    role: 'argument',
    make: single,
    input: one,
    program: () => jit((counter: Counter, x: Tensor) => counter.step(x)),
    functional: pureStep,
  },
  {
    transform: 'jit',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => {
      const inner = jit((x: Tensor) => captured.step(x));
      return (_, x) => inner(x);
    },
    functional: pureStep,
  },
  {
    transform: 'grad',
    role: 'argument',
    make: single,
    input: one,
    program: () => {
      const gradient = grad((x: Tensor, counter: Counter) => np.sum(counter.step(x).mul(x)));
      return (counter, x) => gradient(x, counter);
    },
    functional: pureGradient,
  },
  {
    transform: 'grad',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => {
      const inner = grad((x: Tensor) => np.sum(captured.step(x).mul(x)));
      return (_, x) => inner(x);
    },
    functional: pureGradient,
  },
  {
    transform: 'vmap',
    role: 'argument',
    make: mapped,
    input: rows,
    program: () => vmap((counter: Counter, x: Tensor) => counter.step(x)),
    functional: ({ calls, total }, x) => {
      const next = { calls: calls.add(1), total: total.add(x) };
      return [next.total.mul(next.calls.reshape([2, 1])), next];
    },
  },
  {
    transform: 'vmap',
    role: 'captured',
    make: single,
    input: rows,
    // What is captured is not mapped: it may be read anywhere, and written with values that do not depend on the mapped axis.
    program: (captured) => {
      const inner = vmap((x: Tensor) => {
        captured.calls.update((calls) => calls.add(1));
        captured.inner.total.value = captured.inner.total.value.mul(2);
        return captured.inner.total.value.add(x).mul(captured.calls);
      });
      return (_, x) => inner(x);
    },
    functional: ({ calls, total }, x) => {
      const next = { calls: calls.add(1), total: total.mul(2) };
      return [next.total.add(x).mul(next.calls), next];
    },
  },
  {
    transform: 'scan',
    role: 'argument',
    make: single,
    input: rows,
    program: () => (counter, xs) => lax.scan((carry: Counter, x: Tensor) => [carry, carry.step(x)] as const, counter, xs)[1],
    functional: pureLoop,
  },
  {
    transform: 'scan',
    role: 'captured',
    make: single,
    input: rows,
    program: (captured) => (_, xs) => lax.scan((carry: null, x: Tensor) => [carry, captured.step(x)] as const, null, xs)[1],
    functional: pureLoop,
  },
  {
    transform: 'cond',
    role: 'argument',
    make: single,
    input: one,
    program: () => (counter, x) =>
      lax.cond(
        np.greater(np.sum(x), 2),
        (c: Counter, y: Tensor) => c.step(y),
        (c: Counter, y: Tensor) => c.calls.value.add(y),
        counter,
        x,
      ),
    functional: pureBranch,
  },
  {
    transform: 'cond',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => (_, x) =>
      lax.cond(
        np.greater(np.sum(x), 2),
        (y: Tensor) => captured.step(y),
        (y: Tensor) => captured.calls.value.add(y),
        x,
      ),
    functional: pureBranch,
  },
  {
    transform: 'whileLoop',
    role: 'argument',
    make: single,
    input: one,
    program: () => (counter, x) => {
      const end = counter.calls.value.add(3);
      const body = ([c, y]: readonly [Counter, Tensor]) => [c, c.step(y)] as const;
      return lax.whileLoop(([c]: readonly [Counter, Tensor]) => np.less(c.calls, end), body, [counter, x] as const)[1];
    },
    functional: pureChain,
  },
  {
    transform: 'whileLoop',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => (_, x) => {
      const end = captured.calls.value.add(3);
      return lax.whileLoop(() => np.less(captured.calls, end), (y: Tensor) => captured.step(y), x);
    },
    functional: pureChain,
  },
  {
    transform: 'foriLoop',
    role: 'argument',
    make: single,
    input: one,
    program: () => (counter, x) =>
      lax.foriLoop(0, 3, (_, [c, y]: readonly [Counter, Tensor]) => [c, c.step(y)] as const, [counter, x] as const)[1],
    functional: pureChain,
  },
  {
    transform: 'foriLoop over tensors',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => (_, x) => {
      const start = captured.calls.value.astype('int32');
      return lax.foriLoop(start, start.add(3), (__, y: Tensor) => captured.step(y), x);
    },
    functional: pureChain,
  },
  {
    transform: 'map',
    role: 'captured',
    make: single,
    input: rows,
    program: (captured) => (_, xs) => lax.map((x: Tensor) => captured.step(x), xs),
    functional: pureLoop,
  },
  {
    transform: 'checkpoint',
    role: 'argument',
    make: single,
    input: one,
    program: () => checkpoint((counter: Counter, x: Tensor) => counter.step(x)),
    functional: pureStep,
  },
  {
    transform: 'checkpoint',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => {
      const inner = checkpoint((x: Tensor) => captured.step(x));
      return (_, x) => inner(x);
    },
    functional: pureStep,
  },
  {
    transform: 'customJvp',
    role: 'argument',
    make: single,
    input: one,
    program: () =>
      customJvp(
        (counter: Counter, x: Tensor) => counter.step(x),
        ([counter, x], [, t]) => [counter.step(x), t],
      ),
    functional: pureStep,
  },
  {
    transform: 'customJvp',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => {
      const inner = customJvp((x: Tensor) => captured.step(x), ([x], [t]) => [captured.step(x), t]);
      return (_, x) => inner(x);
    },
    functional: pureStep,
  },
  {
    transform: 'customVjp',
    role: 'argument',
    make: single,
    input: one,
    program: () =>
      customVjp(
        (counter: Counter, x: Tensor) => counter.step(x),
        (counter, x) => [counter.step(x), counter],
        (counter, ct) => [null, ct.mul(counter.calls)],
      ),
    functional: pureStep,
  },
  {
    transform: 'customVjp',
    role: 'captured',
    make: single,
    input: one,
    program: (captured) => {
      const inner = customVjp((x: Tensor) => captured.step(x), (x) => [captured.step(x), null], (_, ct) => [ct]);
      return (_, x) => inner(x);
    },
    functional: pureStep,
  },
];

/** Three steps, each on the output of the one before. */
function pureChain(state: CounterState, x: Tensor): [Tensor, CounterState] {
  for (let i = 0; i < 3; i++) [x, state] = pureStep(state, x);
  return [x, state];
}

/** `one(seed)` sums to seed + 1, so seeds 1 and 3 take the two branches. */
function pureBranch(state: CounterState, x: Tensor): [Tensor, CounterState] {
  const [stepped, next] = pureStep(state, x);
  const test = np.greater(np.sum(x), 2);
  return [
    np.where(test, stepped, state.calls.add(x)),
    { calls: np.where(test, next.calls, state.calls), total: np.where(test, next.total, state.total) },
  ];
}
