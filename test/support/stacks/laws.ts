/** A stack of transforms means what loops mean, whatever is put around it. */
import { expect } from 'vitest';
import { isFloat } from '../../../compiler/dtype.ts';
import type { HostArray } from '../../../compiler/dtype.ts';
import type { Jaxpr } from '../../../compiler/ir/jaxpr.ts';
import { insertAt } from '../../../compiler/primitives/batching.ts';
import { fromNumbers } from '../../../compiler/reference/arrays.ts';
import { evaluate } from '../../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../../compiler/shape.ts';
import { jit, makeJaxpr, tree, vmap } from '../../../src/index.ts';
import type { Tensor } from '../../../src/index.ts';
import { at } from '../arrays.ts';
import { readAll, tensorsOf, textIsWhole } from '../program-laws.ts';
import { Cell, captured } from './layers.ts';
import type { CellState, Flow } from './layers.ts';
import { plain } from './plain.ts';
import type { Stack } from './stack.ts';
import { pure, transformed } from './transformed.ts';

/** Layers are smooth with slopes near 1, and a stack has a few dozen of them. */
const TOLERANCE = 1e-4;

export type Axis = -2 | -1 | 0 | 1;

type StepFunction = (flow: Flow, state: CellState) => readonly [Flow, CellState];

/** n, x, calls, total: the leaves of a flow and a state. */
type Leaves = readonly HostArray[];

function start(n: number): Leaves {
  return [
    fromNumbers('int32', [], [n]),
    fromNumbers('float32', [3], [0.5 + n / 16, -1.25, 0.75]),
    fromNumbers('float32', [], [1]),
    fromNumbers('float32', [3], [0.25, 0.5, -n / 8]),
  ];
}

function valuesOf(leaves: Leaves): [Flow, CellState] {
  const [n, x, calls, total] = tensorsOf(leaves) as [Tensor, Tensor, Tensor, Tensor];
  return [{ n, x }, { calls, total }];
}

interface Traced {
  readonly jaxpr: Jaxpr;
  /** What comes before the arguments. */
  readonly captures: Leaves;
}

async function trace(f: StepFunction, like: Leaves): Promise<Traced> {
  const { jaxpr, consts, reads } = makeJaxpr(f)(...valuesOf(like));
  textIsWhole(jaxpr);
  const variables = reads.length === 0 ? [] : captured().map(({ value }) => value);
  return { jaxpr, captures: await readAll([...consts, ...variables]) };
}

/** What a traced function computes, by the reference interpreter. */
function results({ jaxpr, captures }: Traced, leaves: Leaves): Leaves {
  return evaluate(jaxpr, [...captures, ...leaves]);
}

async function computed(values: unknown): Promise<Leaves> {
  return readAll(tree.leaves(values) as Tensor[]);
}

function expectEqual(actual: Leaves, expected: Leaves, what: string): void {
  expect(actual.map(({ dtype, shape }) => [dtype, shape]), what).toEqual(expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ dtype, data }, i) => {
    data.forEach((want, k) => {
      const got = actual[i]!.data[k]!;
      const close = isFloat(dtype) ? Math.abs(got - want) <= TOLERANCE * Math.max(1, Math.abs(want)) : got === want;
      if (!close) expect.fail(`${what}: element ${k} of result ${i} is ${got}, expected ${want}`);
    });
  });
}

/** Scalars get the mapped axis at 0, vectors at `axis`. */
function place(array: HostArray, axis: Axis): number {
  return array.shape.length === 0 ? 0 : (axis + 2) % 2;
}

function stack(rows: readonly HostArray[], axis: number): HostArray {
  const { dtype, shape } = rows[0]!;
  const inner = sizeOf(shape.slice(axis));
  const elements = Array.from({ length: sizeOf(shape) * rows.length }, (_, i) => {
    const [block, row] = [Math.floor(i / inner / rows.length), Math.floor(i / inner) % rows.length];
    return rows[row]!.data[block * inner + (i % inner)]!;
  });
  return fromNumbers(dtype, insertAt(shape, axis, rows.length), elements);
}

function stackLeaves(rows: readonly Leaves[], placeOf: (array: HostArray) => number): Leaves {
  return rows[0]!.map((first, leaf) => stack(rows.map((row) => row[leaf]!), placeOf(first)));
}

const ROWS = [3, 4, 9].map(start);
const axesOf = (axis: Axis): [Record<string, number>, Record<string, number>] => [{ n: 0, x: axis }, { calls: 0, total: axis }];

/** On the reference: the stack, and jit, vmap and both of it in either order, are the loops. */
export async function transformsAreLoops(stacked: Stack, inAxis: Axis, outAxis: Axis): Promise<void> {
  const f = pure(stacked);
  const loops = await trace((flow, state) => plain(stacked, flow, state), start(3));
  const expected = ROWS.map((row) => results(loops, row));
  expectEqual(results(await trace(f, ROWS[0]!), ROWS[0]!), expected[0]!, 'f');
  expectEqual(results(await trace(jit(f), ROWS[0]!), ROWS[0]!), expected[0]!, 'jit(f)');

  const options = { inAxes: axesOf(inAxis), outAxes: axesOf(outAxis) };
  const mapped = stackLeaves(ROWS, (array) => place(array, inAxis));
  const forms = { 'vmap(f)': vmap(f, options), 'vmap(jit(f))': vmap(jit(f), options), 'jit(vmap(f))': jit(vmap(f, options)) };
  for (const [name, form] of Object.entries(forms)) expectRows(results(await trace(form, mapped), mapped), expected, outAxis, name);

  const twice = stackLeaves([mapped, mapped], () => 0);
  const nested = results(await trace(vmap(vmap(f, options)), twice), twice);
  for (const row of [0, 1]) expectRows(nested.map((array) => at(array, 0, row)), expected, outAxis, 'vmap(vmap(f))');
}

function expectRows(actual: Leaves, expected: readonly Leaves[], outAxis: Axis, what: string): void {
  expected.forEach((row, i) => {
    expectEqual(actual.map((array, leaf) => at(array, place(row[leaf]!, outAxis), i)), row, `row ${i} of ${what}`);
  });
}

/** On the device: eagerly and jitted, call after call, with two Cells passed or captured in turn, results and state are those of the loops. */
export async function deviceThreadsState(stacked: Stack, jitting: 'no' | 'argument' | 'captured'): Promise<void> {
  const f = transformed(stacked);
  const loops = await trace((flow, state) => plain(stacked, flow, state), start(3));
  const cells = [5, 8].map((n) => new Cell(valuesOf(start(n))[1]));
  const closed = cells.map((cell) => jit((input: Flow) => f(input, cell)));
  const call = { no: f, argument: jit(f), captured: (input: Flow, cell: Cell) => closed[cells.indexOf(cell)]!(input) }[jitting];
  let [flow] = valuesOf(start(5));
  for (const [i, cell] of [...cells, ...cells].entries()) {
    const expected = results(loops, await computed([flow, cell.state]));
    flow = call(flow, cell);
    expectEqual(await computed([flow, cell.state]), expected, `call ${i}`);
  }
}

/** On the device: vmap(jit(f)) is the loop. */
export async function deviceMaps(stacked: Stack, inAxis: Axis, outAxis: Axis): Promise<void> {
  const loops = await trace((flow, state) => plain(stacked, flow, state), start(3));
  const f = vmap(jit(pure(stacked)), { inAxes: axesOf(inAxis), outAxes: axesOf(outAxis) });
  const mapped = stackLeaves(ROWS, (array) => place(array, inAxis));
  const expected = ROWS.map((row) => results(loops, row));
  expectRows(await computed(f(...valuesOf(mapped))), expected, outAxis, 'vmap(jit(f))');
}
