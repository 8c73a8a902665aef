/** A loop is what its steps do one after the other: random bodies, some of whose carries are state, under all options. */
import fc from 'fast-check';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { sameShape } from '../../compiler/shape.ts';
import { BatchStat, lax, makeJaxpr, np, vmap } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { applyJaxpr } from '../../src/trace/apply.ts';
import { expectSameBits } from '../support/arrays.ts';
import { property } from '../support/property.ts';
import { tensorsOf } from '../support/program-laws.ts';
import { randomPrograms } from '../support/random-programs.ts';
import type { RandomProgram } from '../support/random-programs.ts';

/** The first `carries` inputs of the program are carries, of which the first `cells` are state; the others are slices of xs. */
interface RandomLoop {
  readonly program: RandomProgram;
  readonly carries: number;
  readonly cells: number;
  readonly length: number;
  readonly reverse: boolean;
}

const loops: fc.Arbitrary<RandomLoop> = fc
  .record({
    program: randomPrograms({ maxEquations: 8, maxElements: 24 }),
    carries: fc.nat(5),
    cells: fc.nat(5),
    length: fc.integer({ min: 0, max: 5 }),
    reverse: fc.boolean(),
  })
  .map(({ program, carries, cells, length, reverse }) => {
    const carried = Math.min(carries, program.inputs.length);
    return { program, carries: carried, cells: Math.min(cells, carried), length, reverse };
  });

/** The next value of each carry: an output of the program of its type, else the carry itself. */
function nextCarries(jaxpr: Jaxpr, carries: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
  return carries.map((carry, i) => {
    const { dtype, shape } = jaxpr.inputs[i]!.aval;
    return outputs.find((output, k) => (k + i) % 2 === 0 && output.dtype === dtype && sameShape(output.shape, shape)) ?? carry;
  });
}

/** One step: state is read from cells and written to them, the other carries come and go. */
function stepOf({ program: { jaxpr } }: RandomLoop, cells: readonly BatchStat[]) {
  return (carries: readonly Tensor[], x: readonly Tensor[]): [Tensor[], Tensor[]] => {
    const before = [...cells.map((cell) => cell.value), ...carries];
    const outputs = applyJaxpr('step', jaxpr, [...before, ...x]);
    const next = nextCarries(jaxpr, before, outputs);
    cells.forEach((cell, i) => {
      if (next[i] !== before[i]) cell.value = next[i]!;
    });
    return [next.slice(cells.length), outputs];
  };
}

/** Slices of xs: the elements of an input, turned by one in each. */
function stacked({ data, dtype, shape }: HostArray, length: number): HostArray {
  const elements = Array.from({ length }, (_, row) => Array.from(data, (__, i) => data[(i + row) % data.length]!));
  return fromNumbers(dtype, [length, ...shape], elements.flat());
}

type Step = ReturnType<typeof stepOf>;
type Run = (step: Step, carries: readonly Tensor[], xs: readonly Tensor[]) => readonly [readonly Tensor[], readonly Tensor[]];

/** What the loop computes when it is run so: carries, ys, then the state afterwards. */
function results(loop: RandomLoop, run: Run): HostArray[] {
  const { program: { inputs }, carries, cells, length } = loop;
  const values = inputs.map((input, i) => (i < carries ? input : stacked(input, length)));
  const whole = (...tensors: Tensor[]): unknown => {
    const state = tensors.slice(0, cells).map((value) => new BatchStat(value));
    const outputs = run(stepOf(loop, state), tensors.slice(cells, carries), tensors.slice(carries));
    return [outputs, state.map((cell) => cell.value)];
  };
  const { jaxpr, consts } = makeJaxpr(whole)(...tensorsOf(values));
  verifyJaxpr(jaxpr);
  if (consts.length > 0) throw new Error('a loop captured something');
  return evaluate(jaxpr, values);
}

function unrolled({ program: { jaxpr }, length, reverse }: RandomLoop): Run {
  return (step, carries, xs) => {
    const ys: Tensor[][] = [];
    for (let i = 0; i < length; i++) {
      const at = reverse ? length - 1 - i : i;
      [carries, ys[at]] = step(carries, xs.map((x) => np.slice(x, at)));
    }
    const empty = (i: number): Tensor => np.zeros([0, ...jaxpr.outputs[i]!.aval.shape], { dtype: jaxpr.outputs[i]!.aval.dtype });
    return [carries, jaxpr.outputs.map((_, i) => (length === 0 ? empty(i) : np.stack(ys.map((y) => y[i]!))))];
  };
}

const expectEqual = (actual: readonly HostArray[], expected: readonly HostArray[]): void => {
  if (actual.length !== expected.length) throw new Error(`${actual.length} results, expected ${expected.length}`);
  actual.forEach((array, i) => expectSameBits(array, expected[i]!));
};

const scanned = ({ length, reverse }: RandomLoop, options: object = {}): Run => (step, carries, xs) =>
  lax.scan<Tensor[], Tensor[], Tensor[]>(step, [...carries], [...xs], { length, reverse, ...options });

property('scan is the unrolled loop', [loops], (loop) => {
  expectEqual(results(loop, scanned(loop)), results(loop, unrolled(loop)));
});

const unrolls = fc.constantFrom<number | true>(1, 2, 3, 7, true);

property('unroll and checkpoint change no result', [loops, unrolls, fc.boolean()], (loop, unroll, checkpoint) => {
  expectEqual(results(loop, scanned(loop, { unroll, checkpoint })), results(loop, unrolled(loop)));
});

property('foriLoop is the unrolled loop, over numbers and over tensors', [loops, fc.boolean()], (drawn, overTensors) => {
  const loop = { ...drawn, reverse: false };
  const bound = (n: number): Tensor | number => (overTensors ? lax.full([], n, 'int32') : n);
  const run: Run = (step, carries, xs) => {
    const slices = (i: Tensor): Tensor[] => xs.map((x) => np.take(x, i, { axis: 0, mode: 'clip' }));
    const body = (i: Tensor, before: Tensor[]): Tensor[] => step(before, slices(i))[0];
    return [lax.foriLoop(bound(0), bound(loop.length), body, [...carries]), []];
  };
  const plain: Run = (...args) => [unrolled(loop)(...args)[0], []];
  // Without steps there is no slice of xs to take, though the body is traced.
  if (loop.length > 0) expectEqual(results(loop, run), results(loop, plain));
});

property('map is the stack of its slices, with state going from slice to slice', [loops], (drawn) => {
  const loop = { ...drawn, carries: drawn.cells, reverse: false };
  if (loop.carries === loop.program.inputs.length) return;
  const run: Run = (step, _, xs) => [[], lax.map((x: Tensor[]) => step([], x)[1], [...xs])];
  expectEqual(results(loop, run), results(loop, unrolled(loop)));
});

property('map in chunks is vmap', [loops, fc.integer({ min: 1, max: 7 })], (drawn, batchSize) => {
  const loop = { ...drawn, carries: 0, cells: 0, length: Math.max(1, drawn.length) };
  const chunks: Run = (step, _, xs) => [[], lax.map((x: Tensor[]) => step([], x)[1], [...xs], { batchSize })];
  const whole: Run = (step, _, xs) => [[], vmap((x: Tensor[]) => step([], x)[1])([...xs])];
  expectEqual(results(loop, chunks), results(loop, whole));
});
