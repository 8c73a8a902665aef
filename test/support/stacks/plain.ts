/** What a stack means, written with loops and choices instead of transforms, and with state as values. */
import { np } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { LAYERS, STATEFUL } from './layers.ts';
import type { CellState, Flow } from './layers.ts';
import type { Stack } from './stack.ts';

type Result = readonly [Flow, CellState];

export function plain(stack: Stack, flow: Flow, state: CellState): Result {
  switch (stack.kind) {
    case 'layer':
      return [LAYERS[stack.name]!(flow), state];
    case 'stateful':
      return STATEFUL[stack.name](flow, state);
    case 'then': {
      const [between, next] = plain(stack.first, flow, state);
      return plain(stack.second, between, next);
    }
    case 'jit':
      return body(stack, stack.of, flow, flow, state);
    case 'cond':
      return choose(flow, body(stack, stack.of, flow, flow, state), body(stack, stack.otherwise, flow, flow, state));
    case 'scan':
      return loop(stack, stack.reverse, flow, state);
    case 'for':
      return loop(stack, false, flow, state);
    case 'while':
      return repeat(stack, flow, state);
    case 'vmap':
      return rows(stack, flow, state);
  }
}

function body({ closes }: { readonly closes: boolean }, of: Stack, around: Flow, flow: Flow, state: CellState): Result {
  const [result, next] = plain(of, flow, state);
  return [closes ? close(result, around) : result, next];
}

/** What a closure over `around` does to a result. */
export function close({ n, x }: Flow, around: Flow): Flow {
  return { n: n.add(around.n), x: x.add(around.x.mul(0.125)) };
}

/** The weight of what step k of a scan gives out. */
export function weight(k: number): number {
  return (k + 1) / 16;
}

function choose({ n }: Flow, yes: Result, no: Result): Result {
  return where(np.equal(np.mod(n, 2), 0), yes, no);
}

function where(truth: Tensor, yes: Result, no: Result): Result {
  return [
    { n: np.where(truth, yes[0].n, no[0].n), x: np.where(truth, yes[0].x, no[0].x) },
    { calls: np.where(truth, yes[1].calls, no[1].calls), total: np.where(truth, yes[1].total, no[1].total) },
  ];
}

/** At most this often a while of a stack runs. */
export const MOST = 2;

function repeat(stack: Stack & { readonly kind: 'while' }, flow: Flow, state: CellState): Result {
  let current: Result = [flow, state];
  for (let k = 0; k < MOST; k++) {
    const next = body(stack, stack.of, flow, ...current);
    current = where(np.less(k, np.mod(flow.n, MOST + 1)), next, current);
  }
  return current;
}

function loop(stack: Stack & { readonly kind: 'scan' | 'for' }, reverse: boolean, flow: Flow, state: CellState): Result {
  const steps = Array.from({ length: stack.length }, (_, k) => k);
  if (reverse) steps.reverse();
  let [{ n, x }, current] = [flow, state];
  let sum = np.zeros([3]);
  for (const k of steps) {
    [{ n, x }, current] = body(stack, stack.of, flow, { n: n.add(k), x }, current);
    sum = sum.add(x.mul(weight(k)));
  }
  return [{ n, x: x.add(sum) }, current];
}

/** The two rows that a vmap makes of what flows into it, and of the state. */
export function rowsOf({ n, x }: Flow, { calls, total }: CellState): readonly (readonly [Flow, CellState])[] {
  return [
    [{ n, x }, { calls, total }],
    [{ n: n.add(1), x: x.mul(-0.5) }, { calls: calls.mul(2), total: total.add(1) }],
  ];
}

function rows(stack: Stack & { readonly kind: 'vmap' }, flow: Flow, state: CellState): Result {
  const results = rowsOf(flow, state).map(([row, own]) => body(stack, stack.of, flow, row, stack.own ? own : state));
  const [[a, first], [b, second]] = results as [Result, Result];
  const joined = { n: a.n.sub(b.n), x: a.x.add(b.x.mul(0.5)) };
  return [joined, stack.own ? { calls: second.calls, total: first.total.add(second.total.mul(0.25)) } : first];
}
