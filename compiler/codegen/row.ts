/** Reductions over the columns of rows: softmax, norms, statistics, sums over any axes. */
import type { RowKernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, unflatten } from './launch.ts';
import { ModuleWriter, type GeneratedKernel } from './module.ts';
import { passesOf, reducePass } from './reduce.ts';
import { chooseRowSchedule, type RowSchedule } from './schedule.ts';
import { columnLoop, gatherTeams, planColumns, type RowWork } from './team.ts';

export function generateRow(kernel: RowKernel, profile: DeviceProfile, chosen?: RowSchedule): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { root, emitter } = writer;
  const { rows, columns, stages, rowStores, elementStores } = kernel;
  const roots = stages.flatMap(({ value, position }) => (position === undefined ? [value] : [value, position]));
  writer.count(roots, [...elementStores, ...rowStores]);
  const schedule = chosen ?? chooseRowSchedule(kernel, emitter.table.size, profile);
  const team = gatherTeams(writer, countPoints(rows), schedule);
  const work: RowWork = { writer, team, columns, plan: planColumns(team, columns, schedule.unroll) };
  let env = unflatten(writer.env, root, team.row, rows);
  for (const pass of passesOf(stages, emitter.table)) env = reducePass(work, env, pass);
  if (elementStores.length > 0) storeElements(work, kernel, env);
  if (rowStores.length > 0) storeRow(work, kernel, env);
  return writer.finish(team.launch);
}

function storeElements(work: RowWork, { elementStores }: RowKernel, env: Env): void {
  const { writer, team } = work;
  const step = (block: Block, points: readonly Env[]): void => {
    for (const point of points) writer.stores(elementStores, point, block).forEach((statement) => block.line(statement));
  };
  const loop = (block: Block): void => columnLoop(work, block, env, step);
  if (team.active === undefined) loop(writer.root);
  else writer.root.nest(`if (${team.active})`, loop);
}

/** One member of the team stores what there is once per row. */
function storeRow({ writer, team }: RowWork, { rowStores }: RowKernel, env: Env): void {
  const { root, bindings } = writer;
  const statements = writer.stores(rowStores, env, root);
  const write = (block: Block): void => statements.forEach((statement) => block.line(statement));
  if (team.schedule.members === 1) return write(root);
  // The other members may still have to load what is now overwritten.
  if (rowStores.some(({ buffer }) => bindings.isLoaded(buffer))) root.line('workgroupBarrier();');
  root.nest(`if (${team.member} == 0u${team.active === undefined ? '' : ` && ${team.active}`})`, write);
}
