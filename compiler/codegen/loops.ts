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
   * A long sum is accumulated in blocks, about as many as the square root of its length: its error grows with that root and not with
   * the length. After every `interval` steps of loop `level` a block ends.
   */
  readonly blocks: { readonly level: number; readonly interval: number } | undefined;
}

/** Sums shorter than this are accurate enough in one block. */
const LONGEST_BLOCK = 128;

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

function planBlocks(steps: readonly number[]): LoopPlan['blocks'] {
  const length = steps.reduce((product, count) => product * count, 1);
  if (length <= LONGEST_BLOCK) return undefined;
  const wanted = Math.sqrt(length);
  let inner = 1;
  let level = steps.length - 1;
  while (inner * (steps[level] ?? length) < wanted) inner *= steps[level--] ?? 1;
  return { level, interval: 2 ** Math.round(Math.log2(wanted / inner)) };
}

/**
 * Writes the loops into `block`. `step` writes one step, for as many points as there are environments; `endBlock` is called where a
 * block of the plan ends.
 */
export function serialLoop(
  block: Block,
  env: Env,
  plan: LoopPlan,
  step: (block: Block, points: readonly Env[]) => void,
  endBlock?: (block: Block) => void,
): void {
  const { levels } = plan;
  const blocks = endBlock === undefined ? undefined : plan.blocks;
  const nest = (depth: number, outer: Block, known: Env): void => {
    const level = levels[depth];
    if (level === undefined) return step(outer, [known]);
    const { name, steps } = level;
    const body = (inner: Block, counter: string): void => {
      if (depth === levels.length - 1) step(inner, neighbours(inner, known, name, counter, plan.unroll));
      else nest(depth + 1, inner, known.bind(inner, [[name, counter]]));
      if (endBlock === undefined || blocks?.level !== depth) return;
      if (blocks.interval === 1) endBlock(inner);
      else inner.nest(`if (${counter} % ${blocks.interval}u == ${blocks.interval - 1}u)`, endBlock);
    };
    outer.loop(name, steps, body);
    if (blocks?.level === depth && steps % blocks.interval !== 0) endBlock?.(outer);
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
