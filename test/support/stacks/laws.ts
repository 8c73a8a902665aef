/** A stack of transforms means what loops mean, whatever is put around it. */
import { expect } from 'vitest';
import { isFloat } from '../../../compiler/dtype.ts';
import type { HostArray } from '../../../compiler/dtype.ts';
import { evaluate } from '../../../compiler/reference/evaluate.ts';
import { jit, makeJaxpr, np, tree, vmap } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { textIsWhole } from '../program-laws.ts';
import { Cell, captured } from './layers.ts';
import type { CellState, Flow } from './layers.ts';
import { plain } from './plain.ts';
import type { Stack } from './stack.ts';
import { pure, transformed } from './transformed.ts';

/** Layers are smooth with slopes near 1, and a stack has a few dozen of them. */
const TOLERANCE = 1e-4;

export type Axis = -2 | -1 | 0 | 1;

type Values = readonly [Flow, CellState];

export function start(n: number): Values {
  return [
    { n: np.array(n, { dtype: 'int32' }), x: np.array([0.5 + n / 16, -1.25, 0.75]) },
    { calls: np.array(1), total: np.array([0.25, 0.5, -n / 8]) },
  ];
}

/** What a function computes, by the reference interpreter on its jaxpr. */
async function reference(f: (...args: never[]) => unknown, args: readonly unknown[]): Promise<HostArray[]> {
  const { jaxpr, consts, reads } = makeJaxpr(f as (...args: unknown[]) => unknown)(...args);
  textIsWhole(jaxpr);
  const variables = reads.length === 0 ? [] : captured().map(({ value }) => value);
  const inputs = tree.leavesOf(args) as Tensor[];
  return evaluate(jaxpr, await Promise.all([...consts, ...variables, ...inputs].map(hostArray)));
}

async function hostArray(tensor: Tensor): Promise<HostArray> {
  return { dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() };
}

async function computed(results: unknown): Promise<HostArray[]> {
  return Promise.all((tree.leavesOf(results) as Tensor[]).map(hostArray));
}

function expectEqual(actual: readonly HostArray[], expected: readonly HostArray[], what: string): void {
  expect(actual.map(({ dtype, shape }) => [dtype, shape]), what).toEqual(expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ dtype, data }, i) => {
    data.forEach((want, k) => {
      const got = actual[i]!.data[k]!;
      const close = isFloat(dtype) ? Math.abs(got - want) <= TOLERANCE * Math.max(1, Math.abs(want)) : got === want;
      if (!close) expect.fail(`${what}: element ${k} of result ${i} is ${got}, expected ${want}`);
    });
  });
}

/** Values on a new axis: of x and of the state's total at `axis`, of scalars at 0. */
function stacked(rows: readonly Values[], axis: Axis): Values {
  const join = (pick: (values: Values) => Tensor, at: number): Tensor => np.stack(rows.map(pick), { axis: at });
  return [
    { n: join(([flow]) => flow.n, 0), x: join(([flow]) => flow.x, axis) },
    { calls: join(([, state]) => state.calls, 0), total: join(([, state]) => state.total, axis) },
  ];
}

const axesOf = (axis: Axis): [Record<string, number>, Record<string, number>] => [{ n: 0, x: axis }, { calls: 0, total: axis }];

/** On the reference: the stack, and jit, vmap and both of it in either order, are the loops. */
export async function transformsAreLoops(stack: Stack, inAxis: Axis, outAxis: Axis): Promise<void> {
  const f = pure(stack);
  const loops = (flow: Flow, state: CellState): Values => plain(stack, flow, state);
  const expected = await reference(loops, start(3));
  expectEqual(await reference(f, start(3)), expected, 'f');
  expectEqual(await reference(jit(f), start(3)), expected, 'jit(f)');

  const rows = [start(3), start(4), start(9)];
  const mapped = stacked(rows, inAxis);
  const options = { inAxes: axesOf(inAxis), outAxes: axesOf(outAxis) };
  const looped = await reference(() => stacked(rows.map(([flow, state]) => loops(flow, state)), outAxis), []);
  expectEqual(await reference(vmap(f, options), mapped), looped, 'vmap(f)');
  expectEqual(await reference(vmap(jit(f), options), mapped), looped, 'vmap(jit(f))');
  expectEqual(await reference(jit(vmap(f, options)), mapped), looped, 'jit(vmap(f))');

  const grid = [rows, rows.map(([flow, state]): Values => [{ ...flow, n: flow.n.add(1) }, state])];
  const inner = vmap(f, options);
  const nested = await reference(() => stackedTwice(grid.map((row) => row.map(([flow, state]) => loops(flow, state))), outAxis), []);
  expectEqual(await reference(vmap(inner), stackedTwice(grid, inAxis)), nested, 'vmap(vmap(f))');
}

function stackedTwice(grid: readonly (readonly Values[])[], axis: Axis): Values {
  return stacked(grid.map((row) => stacked(row, axis)), 0);
}

/** On the device: eagerly and jitted, call after call, with a Cell passed or captured, results and state are those of the loops. */
export async function deviceThreadsState(stack: Stack, jitting: 'no' | 'argument' | 'captured'): Promise<void> {
  let [flow, state] = start(5);
  const cell = new Cell(state);
  const f = transformed(stack);
  const call = {
    no: (): typeof f => f,
    argument: (): typeof f => jit(f),
    captured: (): typeof f => {
      const closed = jit((input: Flow) => f(input, cell));
      return (input) => closed(input);
    },
  }[jitting]();
  for (let i = 0; i < 3; i++) {
    const expected = await reference((a: Flow, s: CellState) => plain(stack, a, s), [flow, state]);
    flow = call(flow, cell);
    expectEqual(await computed([flow, cell.state]), expected, `call ${i}`);
    state = { calls: cell.calls.value.add(0), total: cell.total.value.add(0) };
  }
}

/** On the device: vmap(jit(f)) is the loop. */
export async function deviceMaps(stack: Stack, inAxis: Axis, outAxis: Axis): Promise<void> {
  const rows = [start(3), start(4), start(9)];
  const looped = await reference(() => stacked(rows.map(([flow, state]) => plain(stack, flow, state)), outAxis), []);
  const f = vmap(jit(pure(stack)), { inAxes: axesOf(inAxis), outAxes: axesOf(outAxis) });
  expectEqual(await computed(f(...stacked(rows, inAxis))), looped, 'vmap(jit(f))');
}
