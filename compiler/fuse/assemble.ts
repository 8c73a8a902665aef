/** From the kernel graph to a Program: WGSL, each text once; buffers that are used, in slots; dispatches and loops. */
import { generator } from '../codegen/generate.ts';
import { deviceBytes } from '../dtype.ts';
import type { BufferPlan, BufferRef, DeviceProfile, KernelCode, Program, Step } from '../program.ts';
import { sizeOf } from '../shape.ts';
import type { GraphBuffer, GraphStep, KernelGraph } from './graph.ts';
import { assignSlots, lifetimesOf } from './memory.ts';

export function assemble(graph: KernelGraph, profile: DeviceProfile, label: string): Program {
  const kernels: KernelCode[] = [];
  const numbers = new Map<string, number>();
  const loopOf = new Map<string, number>();
  const generate = generator(profile);

  const dispatchOf = (step: Extract<GraphStep, { kind: 'kernel' }>): Step => {
    const { code, buffers, grid } = generate(step.kernel);
    const key = `${code.bindings.join()}\n${code.wgsl}`;
    const kernel = numbers.get(key) ?? kernels.push(code) - 1;
    numbers.set(key, kernel);
    const { [kernel]: known = code } = kernels;
    kernels[kernel] = { ...known, sources: [...new Set([...known.sources, ...code.sources])] };
    const loops = step.kernel.loops.map(({ name }) => loopOf.get(name)!);
    return { kind: 'dispatch', kernel, buffers: buffers.map((buffer) => refOf(buffer, graph)), grid, loops };
  };
  const stepsOf = (steps: readonly GraphStep[]): Step[] => {
    return steps.map((step) => {
      if (step.kind === 'kernel') return dispatchOf(step);
      const { loop, counter, until } = step;
      loopOf.set(counter.name, loop);
      const inner = stepsOf(step.steps);
      if (until === undefined) return { kind: 'loop', loop, length: counter.size, steps: inner };
      return { kind: 'while', loop, running: refOf(until, graph), steps: inner };
    });
  };

  const steps = stepsOf(graph.steps);
  const { buffers, renumbered } = planBuffers(graph, steps);
  const inputs = graph.inputs.map((buffer) => renumbered.get(buffer)!);
  const outputs = graph.outputs.map((buffer) => renumbered.get(buffer)!);
  return { version: 1, label, buffers, inputs, outputs, kernels, steps: steps.map((step) => renumber(step, renumbered)) };
}

function refOf(buffer: number, graph: KernelGraph): BufferRef {
  const { carry } = graph.buffers[buffer]!;
  if (carry === undefined) return buffer;
  const { loop, side, initial, even, odd } = carry;
  return { loop, side, initial: refOf(initial, graph), even, odd };
}

/** The buffers that are inputs, outputs or used by some dispatch; a temporary that stayed inside one kernel is none. */
function planBuffers(graph: KernelGraph, steps: readonly Step[]): { buffers: BufferPlan[]; renumbered: Map<number, number> } {
  const lifetimes = lifetimesOf(steps);
  const used = [...new Set([...graph.inputs, ...graph.outputs, ...lifetimes.keys()])].sort((a, b) => a - b);
  const temporaries = used.flatMap((buffer) => {
    const range = lifetimes.get(buffer);
    const plan = graph.buffers[buffer]!;
    return plan.role === 'temporary' && range !== undefined ? [{ buffer, bytes: bytesOf(plan), range }] : [];
  });
  const slots = assignSlots(temporaries);
  const buffers = used.map((buffer): BufferPlan => {
    const plan = graph.buffers[buffer]!;
    const role = plan.role === 'carry' ? 'temporary' : plan.role;
    return { role, dtype: plan.dtype, shape: plan.shape, bytes: bytesOf(plan), slot: slots.get(buffer) ?? null };
  });
  return { buffers, renumbered: new Map(used.map((buffer, number) => [buffer, number])) };
}

/** At least one word, and whole words: WebGPU binds nothing smaller. */
function bytesOf({ dtype, shape }: GraphBuffer): number {
  return Math.max(4, Math.ceil((sizeOf(shape) * deviceBytes(dtype)) / 4) * 4);
}

function renumber(step: Step, numbers: ReadonlyMap<number, number>): Step {
  const rename = (ref: BufferRef): BufferRef => {
    if (typeof ref === 'number') return numbers.get(ref)!;
    return { ...ref, initial: rename(ref.initial), even: numbers.get(ref.even)!, odd: numbers.get(ref.odd)! };
  };
  if (step.kind === 'dispatch') return { ...step, buffers: step.buffers.map(rename) };
  const steps = step.steps.map((inner) => renumber(inner, numbers));
  return step.kind === 'while' ? { ...step, running: rename(step.running), steps } : { ...step, steps };
}
