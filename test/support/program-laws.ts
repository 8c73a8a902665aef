/** What holds of every program: its text, its optimized form, its maps and what a device computes agree with the reference. */
import { expect } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { equalJaxprs } from '../../compiler/ir/hash.ts';
import { Literal, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { parseJaxpr } from '../../compiler/ir/parse.ts';
import { printJaxpr } from '../../compiler/ir/print.ts';
import { verifyJaxpr } from '../../compiler/ir/verify.ts';
import { PASSES, optimize } from '../../compiler/optimize/pipeline.ts';
import { insertAt } from '../../compiler/primitives/batching.ts';
import type { BatchAxis } from '../../compiler/primitives/primitive.ts';
import type { DeviceProfile } from '../../compiler/program.ts';
import { fromNumbers } from '../../compiler/reference/arrays.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { batchJaxpr } from '../../compiler/transforms/vmap.ts';
import { Storage } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { BatchStat, jit, lax, makeJaxpr } from '../../src/index.ts';
import type { Tensor } from '../../src/index.ts';
import { bind } from '../../src/trace/bind.ts';
import { runJaxpr } from '../../src/trace/execute.ts';
import { hostTensor } from '../../src/trace/literal.ts';
import { expectSameBits } from './arrays.ts';
import { vmapIsLoop } from './laws.ts';
import type { RandomProgram } from './random-programs.ts';
import { MAX_DIFFERENCE } from './random-programs/workbench.ts';

/** The text parses back to an equal jaxpr, which prints the same. */
export function textIsWhole(jaxpr: Jaxpr): void {
  const text = printJaxpr(jaxpr);
  const parsed = parseJaxpr(text);
  verifyJaxpr(parsed);
  expect(equalJaxprs(parsed, jaxpr), text).toBe(true);
  expect(printJaxpr(parsed)).toBe(text);
}

const EXACT = PASSES.filter(({ exact }) => exact);

/** Optimizing by exact passes keeps types and bits, and every pass on the way gives a well-formed jaxpr. */
export function optimizingIsIdentity({ jaxpr, inputs }: RandomProgram): void {
  const optimized = optimize(jaxpr, (_, between) => verifyJaxpr(between), EXACT);
  expect(optimized.outputs.map(({ aval }) => showAval(aval))).toEqual(jaxpr.outputs.map(({ aval }) => showAval(aval)));
  const expected = evaluate(jaxpr, inputs);
  evaluate(optimized, inputs).forEach((array, i) => expectSameBits(array, expected[i]!));
}

const ROWS = 3;

/** The program mapped over an axis; `draw` says which inputs have it, and where. Rows hold the input's elements, turned by one each. */
export function drawMapping({ jaxpr, inputs }: RandomProgram, draw: number): { axes: BatchAxis[]; program: RandomProgram } {
  const axes = inputs.map(({ shape }, i): BatchAxis => {
    const choice = (draw >>> (3 * i)) % (shape.length + 2);
    return choice > shape.length ? null : choice;
  });
  const mapped = inputs.map((input, i) => (axes[i] === null ? input : turned(input, axes[i]!)));
  return { axes, program: { jaxpr: batchJaxpr(jaxpr, ROWS, axes).jaxpr, inputs: mapped } };
}

function turned({ dtype, shape, data }: HostArray, axis: number): HostArray {
  const inner = sizeOf(shape.slice(axis));
  const elements = Array.from({ length: data.length * ROWS }, (_, i) => {
    const [block, row] = [Math.floor(i / inner / ROWS), Math.floor(i / inner) % ROWS];
    return data[(block * inner + (i % inner) + row) % data.length]!;
  });
  return fromNumbers(dtype, insertAt(shape, axis, ROWS), elements);
}

/** vmap is a loop over rows. */
export function mappingIsLoop(program: RandomProgram, draw: number): void {
  const { axes, program: mapped } = drawMapping(program, draw);
  if (axes.some((axis) => axis !== null)) vmapIsLoop(program.jaxpr, mapped.inputs, axes, ROWS);
}

/** A function that applies the equations one after the other. */
export function interpret(jaxpr: Jaxpr): (...inputs: Tensor[]) => Tensor[] {
  return (...inputs) => {
    const values = new Map<Atom, Tensor>(jaxpr.inputs.map((variable, i) => [variable, inputs[i]!]));
    for (const { primitive, params, inputs: operands, outputs } of jaxpr.equations) {
      const results = bind(primitive, operands.map((atom) => (atom instanceof Literal ? atom : values.get(atom)!)), params);
      outputs.forEach((variable, i) => values.set(variable, results[i]!));
    }
    return jaxpr.outputs.map((atom) => values.get(atom)!);
  };
}

export function tensorsOf(arrays: readonly HostArray[]): Tensor[] {
  return arrays.map(({ data, shape, dtype }) => hostTensor(data, shape, dtype));
}

/** Applying the equations of a program in a trace gives the program back. */
export function tracingGivesItBack({ jaxpr, inputs }: RandomProgram): void {
  const traced = makeJaxpr(interpret(jaxpr))(...tensorsOf(inputs));
  expect(printJaxpr(traced.jaxpr)).toBe(printJaxpr(jaxpr));
}

/** jit on the device computes what the reference does, at the first call and at the second. */
export async function deviceIsReference({ jaxpr, inputs }: RandomProgram): Promise<void> {
  const expected = evaluate(jaxpr, inputs);
  const jitted = jit(interpret(jaxpr));
  const tensors = tensorsOf(inputs);
  const [first, second] = [await readAll(jitted(...tensors)), await readAll(jitted(...tensors))];
  expectFromDevice(first, expected);
  second.forEach((array, i) => expectSameBits(array, first[i]!));
}

/** What the program computes on the device. */
export async function onDevice(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<HostArray[]> {
  return readAll(runJaxpr(jaxpr, tensorsOf(inputs), 'program'));
}

/** Calls in flight at the same time do not disturb each other; results are read in the opposite order. */
export async function callsAreIndependent(programs: readonly RandomProgram[]): Promise<void> {
  const pending = programs.map(({ jaxpr, inputs }) => ({ jaxpr, inputs, results: jit(interpret(jaxpr))(...tensorsOf(inputs)) }));
  for (const { jaxpr, inputs, results } of pending.reverse()) expectFromDevice(await readAll(results), evaluate(jaxpr, inputs));
}

/**
 * A step that writes its results over the Variables from which it computed them, three times: in memory that the next call reuses.
 * Programs of integers only, since what comes back is not known to be well-conditioned.
 */
export async function stateIsThreaded({ jaxpr, inputs }: RandomProgram): Promise<void> {
  const targets = feedback(jaxpr);
  const cells = tensorsOf(inputs).map((tensor) => new BatchStat(tensor));
  const step = jit(() => {
    const results = interpret(jaxpr)(...cells.map(({ value }) => value));
    targets.forEach((target, i) => {
      if (target >= 0) cells[target]!.value = results[i]!;
    });
    return results;
  });
  let state = inputs;
  for (let call = 0; call < 3; call++) {
    const expected = evaluate(jaxpr, state);
    const results = step();
    state = state.map((old, cell) => expected[targets.indexOf(cell)] ?? old);
    expectFromDevice(await readAll(cells.map(({ value }) => value)), state);
    if (call !== 1) expectFromDevice(await readAll(results), expected);
    results.forEach((result) => result.dispose());
  }
}

/** For every output an input of its type that it can be written over, or -1; each input once. */
function feedback(jaxpr: Jaxpr): number[] {
  const free = new Set(jaxpr.inputs.keys());
  return jaxpr.outputs.map(({ aval }) => {
    const target = [...free].find((i) => showAval(jaxpr.inputs[i]!.aval) === showAval(aval)) ?? -1;
    free.delete(target);
    return target;
  });
}

/** Donated inputs give their memory to results; for programs of integers, which two negations bring to the device as they are. */
export async function donationIsInvisible({ jaxpr, inputs }: RandomProgram): Promise<void> {
  const donating = jit(interpret(jaxpr), { donate: [...inputs.keys()] });
  for (let call = 0; call < 2; call++) {
    const tensors = tensorsOf(inputs).map((tensor) => lax.bitwiseNot(lax.bitwiseNot(tensor)));
    expectFromDevice(await readAll(donating(...tensors)), evaluate(jaxpr, inputs));
  }
}

/** Equation by equation, each as a program of its own, the device computes what the reference does. */
export async function eagerIsReference({ jaxpr, inputs }: RandomProgram): Promise<void> {
  expectFromDevice(await readAll(interpret(jaxpr)(...tensorsOf(inputs))), evaluate(jaxpr, inputs));
}

/** Compiled for another kind of device than it runs on. */
export async function profileIsReference({ jaxpr, inputs }: RandomProgram, device: Device, profile: DeviceProfile): Promise<void> {
  const { program } = compile(optimize(jaxpr), profile, 'program');
  const results = device.run(device.load({ kind: 'program', program }), inputs.map((array) => Storage.host(array)), { label: 'program' });
  const data = await Promise.all(results.map((result) => device.read(result)));
  expectFromDevice(results.map(({ dtype, shape }, i) => ({ dtype, shape, data: data[i]! })), evaluate(jaxpr, inputs));
}

export async function readAll(tensors: readonly Tensor[]): Promise<HostArray[]> {
  return Promise.all(tensors.map(async (tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, data: await tensor.data() })));
}

/** Equal types; integers equal; floats to what the errors of a device can do to a well-conditioned program. */
export function expectFromDevice(actual: readonly HostArray[], expected: readonly HostArray[]): void {
  expect(actual.map(({ dtype, shape }) => [dtype, shape])).toEqual(expected.map(({ dtype, shape }) => [dtype, shape]));
  expected.forEach(({ dtype, data }, i) => {
    data.forEach((want, k) => {
      const got = actual[i]!.data[k]!;
      const error = MAX_DIFFERENCE[dtype] * Math.max(1, Math.abs(want));
      if (!(Math.abs(got - want) <= error)) expect.fail(`element ${k} of output ${i} is ${got}, expected ${want}`);
    });
  });
}
