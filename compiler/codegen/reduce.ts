/** One pass over the columns of a row, in which every reduction is accumulated whose value is known before. */
import { isFloat } from '../dtype.ts';
import type { Stage } from '../fuse/kernel.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { reductionOf, type Reduction } from './monoids.ts';
import { columnLoop, combineTeam, type RowWork } from './team.ts';
import { stageName, type TermTable } from './terms.ts';

/** Stages that share a pass, and the names of their results. */
export type Pass = readonly { readonly stage: Stage; readonly name: string }[];

/** A stage is in the first pass after those whose results it needs. */
export function passesOf(stages: readonly Stage[], table: TermTable): Pass[] {
  const passes: { stage: Stage; name: string }[][] = [];
  const passOf: number[] = [];
  stages.forEach((stage, number) => {
    const { needs } = table.of(stage.value);
    const earlier = passOf.filter((_, other) => needs.has(stageName(other)));
    const pass = Math.max(-1, ...earlier) + 1;
    passOf.push(pass);
    (passes[pass] ??= []).push({ stage, name: stageName(number) });
  });
  return passes;
}

interface Accumulator {
  readonly stage: Stage;
  readonly name: string;
  readonly reduction: Reduction;
  /** The variable with the whole result. */
  readonly state: string;
  /** The partial results of a long float sum, from the smallest blocks to the largest, and the state. */
  readonly sums: readonly string[];
}

/** Writes the pass into `root`; in the environment that it returns the results have their names. */
export function reducePass(work: RowWork, env: Env, pass: Pass, root: Block = work.writer.root): Env {
  const { writer } = work;
  const accumulators = pass.map(({ stage, name }) => declare(work, stage, name, root));
  const step = (block: Block, points: readonly Env[]): void => {
    for (const { stage, reduction, sums: [target = ''] } of accumulators) {
      const { value, position } = stage;
      const states = points.map((point) => {
        const text = writer.emitter.text(value, point, block, points.length > 1);
        return reduction.lift(text, position === undefined ? '' : writer.emitter.text(position, point, block));
      });
      block.line(`${target} = ${reduction.combine(target, pairwise(states, reduction))};`);
    }
  };
  const blocked = accumulators.filter(({ sums }) => sums.length > 1);
  const endBlock = (block: Block, order: number): void => {
    for (const { sums, reduction } of blocked) {
      block.line(`${sums[order + 1]} += ${sums[order]};`);
      block.line(`${sums[order]} = ${reduction.identity};`);
    }
  };
  columnLoop(work, root, env, step, blocked.length > 0 ? endBlock : undefined);
  const totals = combineTeam(writer, work.team, accumulators);
  const results = accumulators.map(({ name, reduction }, position) => {
    const total = totals[position] ?? '';
    const result = reduction.result(total);
    return [name, result === total ? total : root.let(result, 'v')] as const;
  });
  return env.bind(root, results);
}

function declare({ writer, plan }: RowWork, stage: Stage, name: string, root: Block): Accumulator {
  const reduction = reductionOf(stage);
  reduction.helpers.forEach((helper) => writer.require(helper));
  const variable = (prefix: string): string => {
    const identifier = root.numbered(prefix);
    root.line(`var ${identifier} = ${reduction.identity};`);
    return identifier;
  };
  const state = variable('acc');
  const blocks = stage.monoid === 'sum' && isFloat(stage.dtype) ? plan.blocks : [];
  return { stage, name, reduction, state, sums: [...blocks.map(() => variable('part')), state] };
}

/** A balanced tree of combinations. */
function pairwise(states: readonly string[], reduction: Reduction): string {
  if (states.length <= 1) return states[0] ?? '';
  const middle = states.length >> 1;
  return reduction.combine(pairwise(states.slice(0, middle), reduction), pairwise(states.slice(middle), reduction));
}
