/** A stack as a user writes it: jit, vmap, loops and branches around functions that read and write a module. */
import { jit, lax, np, vmap } from '../../../src/index.ts';
import type { Jitted, Tensor } from '../../../src/index.ts';
import { Cell, LAYERS, STATEFUL } from './layers.ts';
import type { CellState, Flow } from './layers.ts';
import { MOST, close, rowsOf, weight } from './plain.ts';
import type { Reach, Stack } from './stack.ts';

/** Writes to the Cell's Variables go where the transforms send them. */
export type Stateful = (flow: Flow, cell: Cell) => Flow;

/** Functions that can be jitted once are, so that later calls find them in their caches. */
export function transformed(stack: Stack): Stateful {
  switch (stack.kind) {
    case 'layer':
      return LAYERS[stack.name]!;
    case 'stateful':
      return (flow, cell) => {
        const [result, next] = STATEFUL[stack.name](flow, cell.state);
        if (stack.name === 'drift') cell.total.value = next.total;
        if (stack.name === 'tick') cell.calls.update(() => next.calls);
        return result;
      };
    case 'then': {
      const [first, second] = [transformed(stack.first), transformed(stack.second)];
      return (flow, cell) => second(first(flow, cell), cell);
    }
    case 'jit':
      return jitted(stack);
    case 'scan':
      return scanned(stack);
    case 'for':
      return counted(stack);
    case 'while':
      return repeated(stack);
    case 'cond':
      return branching(stack);
    case 'vmap':
      return mapped(stack);
  }
}

/** The same from values to values: its Cell lives inside. */
export function pure(stack: Stack): (flow: Flow, state: CellState) => [Flow, CellState] {
  const run = transformed(stack);
  return (flow, state) => {
    const cell = new Cell(state);
    const result = run(flow, cell);
    return [result, cell.state];
  };
}

/** `of`, with what the body does when it closes over `around`. */
function around(of: Stateful, { closes }: { readonly closes: boolean }, outer: Flow): Stateful {
  return closes ? (flow, cell) => close(of(flow, cell), outer) : of;
}

function jitted(stack: Stack & { readonly kind: 'jit' }): Stateful {
  const of = transformed(stack.of);
  const jit1 = jit(of);
  const byCell = new WeakMap<Cell, Jitted<[Flow, Cell?], Flow>>();
  return (outer, cell) => {
    const passed = stack.reach === 'captured' ? undefined : cell;
    if (stack.closes) {
      const closing = around(of, stack, outer);
      return jit((flow: Flow, inner?: Cell) => closing(flow, stack.reach === 'argument' ? inner! : cell))(outer, passed);
    }
    if (stack.reach === 'argument') return jit1(outer, cell);
    const known = byCell.get(cell) ?? jit((flow: Flow, _inner?: Cell) => of(flow, cell));
    byCell.set(cell, known);
    return known(outer, passed);
  };
}

function scanned(stack: Stack & { readonly kind: 'scan' }): Stateful {
  const of = transformed(stack.of);
  const { length, reverse, unroll } = stack;
  return (outer, cell) => {
    const closing = around(of, stack, outer);
    const step = ({ n, x }: Flow, k: Tensor, inner: Cell): Flow => closing({ n: n.add(k), x }, inner);
    const ks = np.arange(length);
    const [{ n, x }, ys] = stack.reach === 'captured' ? capturing() : withCell();
    const weights = np.array(new Float32Array(Array.from({ length }, (_, k) => weight(k)))).reshape([length, 1]);
    return { n, x: x.add(np.sum(ys.mul(weights), { axis: 0 })) };

    function withCell(): [Flow, Tensor] {
      const body = ({ flow, inner }: { flow: Flow; inner: Cell }, k: Tensor): [{ flow: Flow; inner: Cell }, Tensor] => {
        const next = step(flow, k, stack.reach === 'argument' ? inner : cell);
        return [{ flow: next, inner }, next.x];
      };
      const [{ flow }, stacked] = lax.scan(body, { flow: outer, inner: cell }, ks, { reverse, unroll });
      return [flow, stacked];
    }

    function capturing(): [Flow, Tensor] {
      const body = (flow: Flow, k: Tensor): [Flow, Tensor] => {
        const next = step(flow, k, cell);
        return [next, next.x];
      };
      return lax.scan(body, outer, ks, { reverse, unroll });
    }
  };
}

/** A carry, and the Cell beside it unless it is captured. */
interface Carried<C> {
  readonly carry: C;
  readonly inner: Cell | null;
}

function begin<C>({ reach }: { readonly reach: Reach }, cell: Cell, carry: C): Carried<C> {
  return { carry, inner: reach === 'captured' ? null : cell };
}

/** The next carry, by a step on the Cell that the stack says. */
function advance<C>(
  { reach }: { readonly reach: Reach },
  cell: Cell,
  { carry, inner }: Carried<C>,
  step: (carry: C, cell: Cell) => C,
): Carried<C> {
  return { carry: step(carry, reach === 'argument' ? inner! : cell), inner };
}

interface Summed {
  readonly flow: Flow;
  readonly sum: Tensor;
}

function counted(stack: Stack & { readonly kind: 'for' }): Stateful {
  const of = transformed(stack.of);
  return (outer, cell) => {
    const closing = around(of, stack, outer);
    const body = (k: Tensor, carried: Carried<Summed>): Carried<Summed> =>
      advance(stack, cell, carried, ({ flow: { n, x }, sum }, inner) => {
        const next = closing({ n: n.add(k), x }, inner);
        return { flow: next, sum: sum.add(next.x.mul(k.add(1).div(16))) };
      });
    const { flow: { n, x }, sum } = lax.foriLoop(0, stack.length, body, begin(stack, cell, { flow: outer, sum: np.zeros([3]) })).carry;
    return { n, x: x.add(sum) };
  };
}

interface Counted {
  readonly flow: Flow;
  readonly k: Tensor;
}

function repeated(stack: Stack & { readonly kind: 'while' }): Stateful {
  const of = transformed(stack.of);
  return (outer, cell) => {
    const closing = around(of, stack, outer);
    const limit = np.mod(outer.n, MOST + 1);
    const body = (carried: Carried<Counted>): Carried<Counted> =>
      advance(stack, cell, carried, ({ flow, k }, inner) => ({ flow: closing(flow, inner), k: k.add(1) }));
    const init = begin(stack, cell, { flow: outer, k: np.zeros([], { dtype: 'int32' }) });
    return lax.whileLoop(({ carry }: Carried<Counted>) => np.less(carry.k, limit), body, init, { maxIterations: MOST }).carry.flow;
  };
}

function branching(stack: Stack & { readonly kind: 'cond' }): Stateful {
  const [of, otherwise] = [transformed(stack.of), transformed(stack.otherwise)];
  return (outer, cell) => {
    const [yes, no] = [around(of, stack, outer), around(otherwise, stack, outer)];
    const isEven = np.equal(np.mod(outer.n, 2), 0);
    if (stack.reach === 'argument') return lax.cond(isEven, yes, no, outer, cell);
    const [onTrue, onFalse] = [yes, no].map((branch) => (flow: Flow, _inner?: Cell) => branch(flow, cell));
    return lax.cond(isEven, onTrue!, onFalse!, outer, stack.reach === 'both' ? cell : undefined);
  };
}

function mapped(stack: Stack & { readonly kind: 'vmap' }): Stateful {
  const of = transformed(stack.of);
  const { inAxis, outAxis } = stack;
  return (outer, cell) => {
    const [[a, first], [b, second]] = rowsOf(outer, cell.state) as [[Flow, CellState], [Flow, CellState]];
    const both: Flow = { n: np.stack([a.n, b.n]), x: np.stack([a.x, b.x], { axis: inAxis }) };
    const closing = around(of, stack, outer);
    const flowAxes = { n: 0, x: inAxis };
    const outAxes = { n: 0, x: outAxis };
    const results = stack.own ? withOwn() : vmap((flow: Flow) => closing(flow, cell), { inAxes: [flowAxes], outAxes })(both);
    const x = np.moveaxis(results.x, outAxis, 0);
    return { n: results.n.slice(0).sub(results.n.slice(1)), x: x.slice(0).add(x.slice(1).mul(0.5)) };

    function withOwn(): Flow {
      const own = new Cell({ calls: np.stack([first.calls, second.calls]), total: np.stack([first.total, second.total]) });
      const body = stack.reach === 'argument' ? closing : (flow: Flow): Flow => closing(flow, own);
      const joined = vmap(body, { inAxes: [flowAxes, 0], outAxes })(both, own);
      const { calls, total } = own.state;
      cell.state = { calls: calls.slice(1), total: total.slice(0).add(total.slice(1).mul(0.25)) };
      return joined;
    }
  };
}
