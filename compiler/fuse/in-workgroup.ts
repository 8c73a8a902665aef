/**
 * Loops that one kernel runs, each of its workgroups all steps for one row of the carries: recurrent cells, whose weights all
 * rows share. What a step hands on lies in workgroup memory. Barriers are dear on software adapters, so this is for hardware.
 */
import type { Expr } from '../scalar/expression.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import { sizeOf } from '../shape.ts';
import type { Loop } from './block.ts';
import { kernelOf } from './build.ts';
import type { BuildContext } from './build.ts';
import { LARGEST_WORKGROUP, worthGroups } from './costs.ts';
import type { StepWork } from './costs.ts';
import type { GroupKernel, GroupPart } from './kernel.ts';
import { RowMemory, loadsOfKernel, parallelOf, storesOf } from './row-memory.ts';
import { isKernel } from './units.ts';
import type { Unit } from './units.ts';
import { survey } from './walk.ts';

/** The kernel, or why there is none: part of a sentence. */
export type Attempt = GroupKernel | string;

/** `units` are those of the loop's body, in order. */
export function buildInWorkgroup(loop: Loop, units: readonly Unit[], context: BuildContext): Attempt {
  const kernels: GroupPart['kernel'][] = [];
  for (const unit of units) {
    const isPart = isKernel(unit) && unit.content[0]!.guard === loop.body.guard;
    const kernel = isPart ? kernelOf(unit.content, context)?.kernel : undefined;
    if (kernel === undefined || kernel.kind === 'scan' || kernel.kind === 'group') return 'a step holds loops or branches';
    kernels.push(kernel);
  }
  if (kernels.length === 0 || loop.carries.length === 0) return 'nothing would be kept';
  const memory = RowMemory.of(loop, kernels, context);
  if (memory === undefined) return 'its carries have different numbers of rows';
  const parts: GroupPart[] = [];
  for (const kernel of kernels) {
    const row = memory.rowOf(kernel);
    if (row === undefined && !memory.isAlike(kernel)) return `${kernel.label} computes rows from one another`;
    parts.push({ kernel, row });
  }
  const group = groupOf(loop, parts, memory);
  return obstacleOf(group, memory, context) ?? group;
}

function groupOf(loop: Loop, parts: readonly GroupPart[], { rows, carries, locals, written }: RowMemory): GroupKernel {
  const kernels = parts.map(({ kernel }) => kernel);
  const [first] = kernels;
  const more = kernels.length > 1 ? `_and_${kernels.length - 1}_more` : '';
  const outer = kernels.flatMap(({ loops }) => loops).filter(({ name }) => name !== loop.counter.name);
  return {
    kind: 'group',
    label: `scan_${first!.label}${more}`,
    counter: loop.counter,
    rows,
    parts,
    carries,
    locals,
    written: [...written].map(([buffer, { dtype }]) => ({ buffer, dtype })),
    loops: [...new Map(outer.map((counter) => [counter.name, counter])).values()],
    sources: [...new Set(kernels.flatMap(({ sources }) => sources))],
    ...(first!.guard === undefined ? {} : { guard: first!.guard }),
  };
}

function obstacleOf(group: GroupKernel, memory: RowMemory, { plan, profile }: BuildContext): string | undefined {
  const bytes = memory.bytes();
  if (bytes > profile.maxComputeWorkgroupStorageSize) return `the state of a row takes ${bytes} bytes of workgroup memory`;
  const buffers = buffersOf(group, memory);
  if (buffers.size > profile.maxStorageBuffersPerShaderStage) return `one kernel would need ${buffers.size} buffers`;
  const shapes = plan.buffers.map(({ shape }) => shape);
  const sizes = (buffer: number): number => sizeOf(shapes[buffer]!);
  return worthGroups(workOf(group, memory, sizes), profile) ? undefined : 'every row would read the weights for itself';
}

/** The storage buffers of the kernel. */
function buffersOf({ parts, carries, guard }: GroupKernel, memory: RowMemory): Set<number> {
  const used = parts.flatMap(({ kernel }) => [...loadsOfKernel(kernel), ...storesOf(kernel)].map(({ buffer }) => buffer));
  const ends = carries.flatMap(({ initial, final }) => [initial, ...(final === undefined ? [] : [final])]);
  const all = [...used.filter((buffer) => !memory.holds(buffer)), ...ends, ...(guard === undefined ? [] : [guard.buffer])];
  return new Set(all);
}

function workOf({ parts, rows, counter }: GroupKernel, memory: RowMemory, sizes: (buffer: number) => number): StepWork {
  const bytes = new Map<number, number>();
  let [flops, turns] = [0, 0];
  for (const { kernel, row } of parts) {
    const points = sizesOf(parallelOf(kernel).filter((variable) => variable !== row));
    const operations = operationsOf(kernel);
    flops += points * operations;
    turns += Math.ceil(points / LARGEST_WORKGROUP) * operations;
    for (const { buffer, index } of loadsOfKernel(kernel)) {
      if (memory.holds(buffer)) continue;
      const { variables } = survey([], [index]);
      const slices = variables.has(counter.name) ? counter.size : 1;
      const shares = row !== undefined && variables.has(row.name) ? rows : 1;
      bytes.set(buffer, (4 * sizes(buffer)) / slices / shares);
    }
  }
  return { kernels: parts.length, rows, flops, turns, bytes: [...bytes.values()].reduce((sum, each) => sum + each, 0) };
}

function sizesOf(variables: readonly IndexVariable[]): number {
  return sizeOf(variables.map(({ size }) => size));
}

/** Of one point. */
function operationsOf(kernel: GroupPart['kernel']): number {
  const flopsOf = (exprs: readonly Expr[]): number => exprs.length + survey(exprs, []).flops;
  const stored = flopsOf(storesOf(kernel).map(({ value }) => value));
  switch (kernel.kind) {
    case 'map':
      return stored;
    case 'row':
      return sizesOf(kernel.columns) * (flopsOf(kernel.stages.map(({ value }) => value)) + stored);
    case 'contract':
      return sizesOf(kernel.k) * flopsOf([kernel.lhs, kernel.rhs]) + stored;
  }
}
