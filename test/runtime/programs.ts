/** Programs written by hand, for tests of the runtime without a compiler. */
import type { DType } from '../../compiler/dtype.ts';
import type { BufferPlan, KernelCode, Program, Step } from '../../compiler/program.ts';
import { storageBytes } from '../../runtime/layout.ts';

export function buffer(role: BufferPlan['role'], shape: readonly number[], dtype: DType = 'float32', slot: number | null = null): BufferPlan {
  return { role, dtype, shape, bytes: storageBytes(dtype, shape), slot };
}

/** `out[i] = expression`, where the expression may use a[i], b[i], ... of the inputs and the loop counters t0, t1, ... */
export function mapKernel(label: string, inputs: number, expression: string, options: { loops?: number; type?: string } = {}): KernelCode {
  const { loops = 0, type = 'f32' } = options;
  const names = Array.from('abcdefgh').slice(0, inputs);
  const wgsl = [
    ...names.map((name, i) => `@group(0) @binding(${i}) var<storage, read> ${name}: array<${type}>;`),
    `@group(0) @binding(${inputs}) var<storage, read_write> out: array<${type}>;`,
    ...Array.from({ length: loops }, (_, i) => `@group(1) @binding(${i}) var<uniform> t${i}: u32;`),
    '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {',
    '  let i = id.x;',
    `  if (i < arrayLength(&out)) { out[i] = ${expression}; }`,
    '}',
  ].join('\n');
  return { label, kind: 'map', wgsl, bindings: [...names.map(() => 'read' as const), 'read_write'], loops, sources: [`${label}.ts:1:1`] };
}

export function dispatch(kernel: number, buffers: Extract<Step, { kind: 'dispatch' }>['buffers'], loops: readonly number[] = []): Step {
  return { kind: 'dispatch', kernel, buffers, grid: [1, 1, 1], loops };
}

export function program(label: string, parts: Omit<Program, 'version' | 'label'>): Program {
  return { version: 1, label, ...parts };
}

/** (x) -> expression of a[i] = x[i] */
export function unary(label: string, expression: string, shape: readonly number[] = [4]): Program {
  return program(label, {
    buffers: [buffer('input', shape), buffer('output', shape)],
    inputs: [0],
    outputs: [1],
    kernels: [mapKernel(label, 1, expression)],
    steps: [dispatch(0, [0, 1])],
  });
}
