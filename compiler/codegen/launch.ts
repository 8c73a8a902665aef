/** From the flat number of an invocation or a workgroup to the index variables of a kernel. */
import { sizeOf } from '../shape.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import type { Grid, Launch, ModuleWriter } from './module.ts';

export type LoopVariable = Pick<IndexVariable, 'name' | 'size'>;

export function countPoints(variables: readonly LoopVariable[]): number {
  return sizeOf(variables.map(({ size }) => size));
}

/** A thread or a workgroup that knows its number among `count`; those above return at once. */
export interface Numbered {
  /** A name or a literal. */
  readonly number: string;
  readonly launch: Launch;
}

/** One invocation for each of `count` points. */
export function numberInvocations(writer: ModuleWriter, count: number, largest: number): Numbered {
  const workgroup = Math.min(largest, count);
  const grid = foldGrid(Math.ceil(count / workgroup), writer);
  if (count === 1) return { number: '0u', launch: { workgroup, grid } };
  const id = writer.parameter('thread');
  const number = grid[1] === 1 ? `${id}.x` : `${id}.y * ${grid[0] * workgroup}u + ${id}.x`;
  return { number: bounded(writer, number, count, grid[0] * grid[1] * workgroup), launch: { workgroup, grid } };
}

/** One workgroup for each of `count` tasks. */
export function numberWorkgroups(writer: ModuleWriter, count: number, workgroup: number): Numbered {
  const grid = foldGrid(count, writer);
  if (count === 1) return { number: '0u', launch: { workgroup, grid } };
  const id = writer.parameter('group');
  const number = grid[1] === 1 ? `${id}.x` : `${id}.y * ${grid[0]}u + ${id}.x`;
  return { number: bounded(writer, number, count, grid[0] * grid[1]), launch: { workgroup, grid } };
}

function bounded({ root }: ModuleWriter, text: string, count: number, started: number): string {
  const number = root.define(text, 'id');
  if (started > count) root.line(`if (${number} >= ${count}u) { return; }`);
  return number;
}

function foldGrid(workgroups: number, { profile }: ModuleWriter): Grid {
  const y = Math.ceil(workgroups / profile.maxComputeWorkgroupsPerDimension);
  return [Math.ceil(workgroups / y), y, 1];
}

/** Gives the variables their values at a point of their domain; `number` is its flat row-major number, a name or a literal. */
export function unflatten(env: Env, block: Block, number: string, variables: readonly LoopVariable[]): Env {
  const outermost = variables.find(({ size }) => size > 1);
  let stride = sizeOf(variables.map(({ size }) => size));
  const entries = variables.map((variable) => {
    const { name, size } = variable;
    stride /= size;
    if (size === 1) return [name, '0u'] as const;
    const quotient = stride === 1 ? number : `${number} / ${stride}u`;
    const text = variable === outermost ? quotient : `${quotient} % ${size}u`;
    return [name, (): string => block.define(text, name)] as const;
  });
  return env.bind(block, entries);
}
