/** Serial loops of one thread over the points of a domain. */
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import type { LoopVariable } from './launch.ts';

export interface LoopPlan {
  /** The variables of the nested loops, and how many steps each loop makes. */
  readonly levels: readonly { readonly name: string; readonly steps: number }[];
  /** Variables of size 1. */
  readonly fixed: readonly string[];
  /** How many neighbouring points along the innermost variable a step takes. */
  readonly unroll: number;
  /**
   * A long sum is accumulated in blocks, and a very long one in blocks of blocks, from the smallest to the largest: its error
   * grows with a root of its length. After every `interval` steps of loop `level` a block ends.
   */
  readonly blocks: readonly Blocking[];
}

export interface Blocking {
  readonly level: number;
  /** A power of two. */
  readonly interval: number;
}

/** `unroll` is an upper bound: the steps must divide the innermost extent, so that no loop has a remainder. */
export function planLoop(variables: readonly LoopVariable[], unroll: number): LoopPlan {
  const extended = variables.filter(({ size }) => size > 1);
  const innermost = extended.at(-1);
  let factor = innermost === undefined ? 1 : unroll;
  while ((innermost?.size ?? 1) % factor !== 0) factor--;
  const levels = extended.map(({ name, size }) => ({ name, steps: name === innermost?.name ? size / factor : size }));
  const fixed = variables.filter(({ size }) => size === 1).map(({ name }) => name);
  return { levels, fixed, unroll: factor, blocks: planBlocks(levels.map(({ steps }) => steps)) };
}

/** Sums of fewer steps than this are accurate enough; as long as that are blocks at most. */
const LONGEST_BLOCK = 128;

function planBlocks(steps: readonly number[]): Blocking[] {
  const length = steps.reduce((product, count) => product * count, 1);
  const depth = length <= LONGEST_BLOCK ? 0 : length <= LONGEST_BLOCK ** 2 ? 1 : 2;
  return Array.from({ length: depth }, (_, order) => {
    const wanted = length ** ((order + 1) / (depth + 1));
    let inner = 1;
    let level = steps.length - 1;
    while (inner * (steps[level] ?? length) < wanted) inner *= steps[level--] ?? 1;
    return { level, interval: 2 ** Math.round(Math.log2(wanted / inner)) };
  });
}

/**
 * Writes the loops into `block`. `step` writes one step, for as many points as there are environments; `endBlock` is called where
 * a block of the plan ends, with its place among the blockings.
 */
export function serialLoop(
  block: Block,
  env: Env,
  plan: LoopPlan,
  step: (block: Block, points: readonly Env[]) => void,
  endBlock?: (block: Block, order: number) => void,
): void {
  const { levels } = plan;
  const endings = endBlock === undefined ? [] : plan.blocks.map((blocking, order) => ({
    ...blocking,
    end: (ended: Block): void => endBlock(ended, order),
  }));
  const nest = (depth: number, outer: Block, known: Env): void => {
    const level = levels[depth];
    if (level === undefined) return step(outer, [known]);
    const { name, steps } = level;
    const here = endings.filter((ending) => ending.level === depth);
    outer.loop(name, steps, (inner, counter) => {
      if (depth === levels.length - 1) step(inner, neighbours(inner, known, name, counter, plan.unroll));
      else nest(depth + 1, inner, known.bind(inner, [[name, counter]]));
      for (const { interval, end } of here) {
        if (interval === 1) end(inner);
        else inner.nest(`if (${counter} % ${interval}u == ${interval - 1}u)`, end);
      }
    });
    here.filter(({ interval }) => steps % interval !== 0).forEach(({ end }) => end(outer));
  };
  nest(0, block, env.bind(block, plan.fixed.map((name) => [name, '0u'])));
}

/** The environments of the points that a step takes; `counter` counts the steps. */
function neighbours(block: Block, env: Env, name: string, counter: string, count: number): Env[] {
  if (count === 1) return [env.bind(block, [[name, counter]])];
  return Array.from({ length: count }, (_, copy) => {
    const first = `${counter} * ${count}u`;
    const text = copy === 0 ? first : `${first} + ${copy}u`;
    return env.bind(block, [[name, counter === '0u' ? `${copy}u` : (): string => block.define(text, name)]]);
  });
}
