/** Reductions over the columns of rows: softmax, norms, statistics, sums over any axes. */
import { isFloat } from '../dtype.ts';
import type { RowKernel, Stage } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, unflatten } from './launch.ts';
import type { LoopPlan } from './loops.ts';
import { ModuleWriter, type GeneratedKernel } from './module.ts';
import { reductionOf, type Reduction } from './monoids.ts';
import { chooseRowSchedule, type RowSchedule } from './schedule.ts';
import { columnLoop, combineTeam, gatherTeams, planColumns, type Team } from './team.ts';
import { stageName, type TermTable } from './terms.ts';

export function generateRow(kernel: RowKernel, profile: DeviceProfile, chosen?: RowSchedule): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { rows, columns, stages, rowStores, elementStores } = kernel;
  const { root, bindings } = writer;
  const roots = stages.flatMap(({ value, position }) => (position === undefined ? [value] : [value, position]));
  writer.count(roots, [...elementStores, ...rowStores]);
  const schedule = chosen ?? chooseRowSchedule(kernel, writer.emitter.table.size, profile);
  const team = gatherTeams(writer, countPoints(rows), schedule);
  const plan = planColumns(team, columns, schedule.unroll);
  let env = unflatten(writer.env, root, team.row, rows);
  for (const pass of passesOf(stages, writer.emitter.table)) env = reducePass(writer, kernel, team, plan, env, pass);

  if (elementStores.length > 0) {
    const step = (block: Block, points: readonly Env[]): void =>
      points.forEach((point) => writer.stores(elementStores, point, block).forEach((statement) => block.line(statement)));
    const loop = (block: Block): void => columnLoop(writer, block, team, env, columns, plan, step);
    if (team.active === undefined) loop(root);
    else root.nest(`if (${team.active})`, loop);
  }
  if (rowStores.length > 0) {
    const statements = writer.stores(rowStores, env, root);
    if (schedule.members > 1) {
      // The other members may still have to load what is now overwritten.
      if (rowStores.some(({ buffer }) => bindings.isLoaded(buffer))) root.line('workgroupBarrier();');
      const leads = `${team.member} == 0u${team.active === undefined ? '' : ` && ${team.active}`}`;
      root.nest(`if (${leads})`, (block) => statements.forEach((statement) => block.line(statement)));
    } else statements.forEach((statement) => root.line(statement));
  }
  return writer.finish(team.launch);
}

/** Stages that do not name each other's results share a pass over the columns. */
function passesOf(stages: readonly Stage[], table: TermTable): number[][] {
  const passes: number[][] = [];
  const passOf: number[] = [];
  stages.forEach(({ value }, stage) => {
    const { needs } = table.of(value);
    const earlier = passOf.filter((_, other) => needs.has(stageName(other)));
    const pass = Math.max(-1, ...earlier) + 1;
    passOf.push(pass);
    (passes[pass] ??= []).push(stage);
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

function reducePass(writer: ModuleWriter, { stages, columns }: RowKernel, team: Team, plan: LoopPlan, env: Env, pass: readonly number[]): Env {
  const { root } = writer;
  const accumulators = pass.flatMap((number) => {
    const stage = stages[number];
    return stage === undefined ? [] : [declare(writer, stage, stageName(number), plan)];
  });
  const step = (block: Block, points: readonly Env[]): void => {
    for (const { stage, reduction, sums: [target = ''] } of accumulators) {
      const values = points.map((point) => liftAt(writer, stage, reduction, block, point, points.length > 1));
      block.line(`${target} = ${reduction.combine(target, pairwise(values, reduction))};`);
    }
  };
  const blocked = accumulators.filter(({ sums }) => sums.length > 1);
  const endBlock = (block: Block, order: number): void => {
    for (const { sums, reduction } of blocked) {
      block.line(`${sums[order + 1]} += ${sums[order]};`);
      block.line(`${sums[order]} = ${reduction.identity};`);
    }
  };
  columnLoop(writer, root, team, env, columns, plan, step, blocked.length > 0 ? endBlock : undefined);
  const totals = combineTeam(writer, team, accumulators);
  return env.bind(root, accumulators.map(({ name, reduction }, position) => {
    const total = totals[position] ?? '';
    const result = reduction.result(total);
    return [name, result === total ? total : root.let(result, 'v')];
  }));
}

function declare(writer: ModuleWriter, stage: Stage, name: string, plan: LoopPlan): Accumulator {
  const reduction = reductionOf(stage);
  reduction.helpers.forEach((helper) => writer.require(helper));
  const variable = (prefix: string): string => {
    const identifier = writer.root.numbered(prefix);
    writer.root.line(`var ${identifier} = ${reduction.identity};`);
    return identifier;
  };
  const state = variable('acc');
  const blocks = stage.monoid === 'sum' && isFloat(stage.dtype) ? plan.blocks : [];
  return { stage, name, reduction, state, sums: [...blocks.map(() => variable('part')), state] };
}

function liftAt(writer: ModuleWriter, stage: Stage, reduction: Reduction, block: Block, point: Env, named: boolean): string {
  const value = writer.emitter.text(stage.value, point, block, named);
  const position = stage.position === undefined ? '' : writer.emitter.text(stage.position, point, block);
  return reduction.lift(value, position);
}

/** A balanced tree of combinations. */
function pairwise(values: readonly string[], reduction: Reduction): string {
  if (values.length <= 1) return values[0] ?? '';
  const middle = values.length >> 1;
  return reduction.combine(pairwise(values.slice(0, middle), reduction), pairwise(values.slice(middle), reduction));
}
