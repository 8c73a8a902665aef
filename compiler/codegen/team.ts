/** Teams: the invocations of a workgroup that share the work of one row. */
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, numberInvocations, numberWorkgroups, unflatten } from './launch.ts';
import { planLoop, serialLoop, type LoopPlan } from './loops.ts';
import type { Launch, ModuleWriter } from './module.ts';
import type { Reduction } from './monoids.ts';
import type { RowSchedule } from './schedule.ts';

export interface Team {
  readonly schedule: RowSchedule;
  /** The flat number of the row, a name or a literal. */
  readonly row: string;
  /** Which member of the team an invocation is. */
  readonly member: string;
  /** Holds where the team has a row of its own; the others repeat the last one, since all must reach the barriers. */
  readonly active: string | undefined;
  readonly launch: Launch;
}

export function gatherTeams(writer: ModuleWriter, rows: number, schedule: RowSchedule): Team {
  const { members, teams } = schedule;
  if (members === 1) {
    const { number, launch } = numberInvocations(writer, rows, teams);
    return { schedule, row: number, member: '0u', active: undefined, launch };
  }
  const { number, launch } = numberWorkgroups(writer, Math.ceil(rows / teams), members * teams);
  const lane = writer.parameter('lane');
  if (teams === 1) return { schedule, row: number, member: lane, active: undefined, launch };
  const { root } = writer;
  const [team, member] = schedule.adjacentRows
    ? [`${lane} % ${teams}u`, `${lane} / ${teams}u`]
    : [`${lane} / ${members}u`, `${lane} % ${members}u`];
  const row = root.define(`${number} * ${teams}u + ${team}`, 'row');
  const even = rows % teams === 0;
  return {
    schedule,
    row: even ? row : root.define(`min(${row}, ${rows - 1}u)`, 'row'),
    member: root.define(member, 'member'),
    active: even ? undefined : `${row} < ${rows}u`,
    launch,
  };
}

/** How the members of a team go through the columns. */
export function planColumns({ schedule: { members } }: Team, columns: readonly IndexVariable[], unroll: number): LoopPlan {
  if (members === 1) return planLoop(columns, unroll);
  return planLoop([{ name: 'turn', size: Math.ceil(countPoints(columns) / members) }], 1);
}

/** What the parts of a row kernel share. */
export interface RowWork {
  readonly writer: ModuleWriter;
  readonly team: Team;
  readonly columns: readonly IndexVariable[];
  readonly plan: LoopPlan;
}

/** Writes the loop of one member over its columns: all of them, or every so-many-th. */
export function columnLoop(
  { team, columns, plan }: RowWork,
  outer: Block,
  env: Env,
  step: (block: Block, points: readonly Env[]) => void,
  endBlock?: (block: Block, order: number) => void,
): void {
  const { members } = team.schedule;
  if (members === 1) return serialLoop(outer, env, plan, step, endBlock);
  const count = countPoints(columns);
  const turn = (block: Block, [point]: readonly Env[]): void => {
    const known = point ?? env;
    const number = known.text('turn');
    const column = number === '0u' ? team.member : block.define(`${number} * ${members}u + ${team.member}`, 'column');
    const visit = (inner: Block): void => step(inner, [unflatten(known, inner, column, columns)]);
    if (count % members === 0) visit(block);
    else block.nest(`if (${column} < ${count}u)`, visit);
  };
  serialLoop(outer, env, plan, turn, endBlock);
}

/** What a member has accumulated, in the variable `state`. */
export interface Share {
  readonly reduction: Reduction;
  readonly state: string;
}

/** Combines the shares of the members, by a tree of barriers; returns the names of the results. */
export function combineTeam(writer: ModuleWriter, team: Team, states: readonly Share[]): string[] {
  const { root } = writer;
  const { members, teams, adjacentRows } = team.schedule;
  if (members === 1) return states.map(({ state }) => state);
  const lane = writer.parameter('lane');
  const stride = adjacentRows ? teams : 1;
  const arrays = states.map(({ reduction, state }) => {
    const array = writer.workgroupArray(reduction.type, members * teams);
    root.line(`${array}[${lane}] = ${state};`);
    return array;
  });
  root.line('workgroupBarrier();');
  root.loop('round', Math.log2(members), (inner, round) => {
    const half = inner.define(`${members / 2}u >> ${round}`, 'half');
    inner.nest(`if (${team.member} < ${half})`, (busy) => {
      const other = busy.define(`${lane} + ${half}${stride === 1 ? '' : ` * ${stride}u`}`, 'other');
      arrays.forEach((array, position) => {
        busy.line(`${array}[${lane}] = ${states[position]?.reduction.combine(`${array}[${lane}]`, `${array}[${other}]`)};`);
      });
    });
    inner.line('workgroupBarrier();');
  });
  const first = teams === 1 ? '0u' : root.define(`${lane} - ${team.member}${stride === 1 ? '' : ` * ${stride}u`}`, 'first');
  return arrays.map((array) => root.let(`${array}[${first}]`, 'total'));
}
