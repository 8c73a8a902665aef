/** Programs written by hand, for tests of the runtime without a compiler. */
import type { DType } from '../../compiler/dtype.ts';
import type { BufferPlan, BufferRef, KernelCode, Program, Step } from '../../compiler/program.ts';
import { storageBytes } from '../../runtime/layout.ts';

export function input(shape: readonly number[], dtype: DType = 'float32'): BufferPlan {
  return { role: 'input', dtype, shape, bytes: storageBytes(dtype, shape), slot: null };
}

export function output(shape: readonly number[], dtype: DType = 'float32'): BufferPlan {
  return { ...input(shape, dtype), role: 'output' };
}

export function temporary(shape: readonly number[], slot: number): BufferPlan {
  return { ...input(shape), role: 'temporary', slot };
}

/** `out[i] = expression`, in which a, b, ... are the inputs and t0, t1, ... the loop counters. */
export function mapKernel(
  label: string,
  inputs: number,
  expression: string,
  { loops = 0, type = 'f32' }: { loops?: number; type?: string } = {},
): KernelCode {
  const names = [...'abcdefgh'].slice(0, inputs);
  const counters = Array.from({ length: loops }, (_, i) => `t${i}`);
  const wgsl = [
    ...names.map((name, i) => `@group(0) @binding(${i}) var<storage, read> ${name}: array<${type}>;`),
    `@group(0) @binding(${inputs}) var<storage, read_write> out: array<${type}>;`,
    ...counters.map((name, i) => `@group(1) @binding(${i}) var<uniform> ${name}: u32;`),
    '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {',
    '  let i = id.x;',
    `  if (i < arrayLength(&out)) { out[i] = ${expression}; }`,
    '}',
  ].join('\n');
  const bindings = [...names.map(() => 'read' as const), 'read_write' as const];
  return { label, kind: 'map', wgsl, bindings, loops, sources: [`${label}.ts:1:1`] };
}

export function dispatch(kernel: number, buffers: readonly BufferRef[], loops: readonly number[] = []): Step {
  return { kind: 'dispatch', kernel, buffers, grid: [1, 1, 1], loops };
}

export function loop(number: number, length: number, steps: readonly Step[]): Step {
  return { kind: 'loop', loop: number, length, steps };
}

/** A carry of a loop, as it is read and as it is written. */
export function carry(number: number, initial: BufferRef, even: number, odd: number): { read: BufferRef; write: BufferRef } {
  const ref = { loop: number, initial, even, odd };
  return { read: { ...ref, side: 'read' }, write: { ...ref, side: 'write' } };
}

export function program(label: string, parts: Omit<Program, 'version' | 'label'>): Program {
  return { version: 1, label, ...parts };
}

/** One input, one output, one map. */
export function unary(label: string, expression: string, shape: readonly number[] = [4]): Program {
  return program(label, {
    buffers: [input(shape), output(shape)],
    inputs: [0],
    outputs: [1],
    kernels: [mapKernel(label, 1, expression)],
    steps: [dispatch(0, [0, 1])],
  });
}
