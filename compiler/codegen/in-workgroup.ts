/** A loop within each workgroup: what a step hands on stays in workgroup memory, and barriers lie between its parts. */
import type { GroupCarry, GroupKernel, GroupPart, MapKernel, RowKernel, Store } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import { add, constant, modulo, scale, variable } from '../scalar/indices.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import { contractAsRows } from './contract.ts';
import type { Env } from './expressions.ts';
import { countPoints, numberWorkgroups, unflatten } from './launch.ts';
import { storageType } from './literals.ts';
import { planLoop } from './loops.ts';
import { ModuleWriter, type GeneratedKernel, type Launch } from './module.ts';
import { passesOf, reducePass } from './reduce.ts';
import { chooseGroupSchedule } from './schedule.ts';
import { columnLoop, type RowWork } from './team.ts';

/** A carry is in the one half of its array in even steps, and in the other in odd ones. */
const PARITY = variable('parity', 2);

/** Bound where a part of a step is written: what it loads of other parts is not known before. */
const DURING = 'part';

/** A part of a step, whose points are distributed among the invocations of a workgroup. */
interface Part {
  readonly work: MapKernel | RowKernel;
  readonly row: IndexVariable | undefined;
  readonly points: readonly IndexVariable[];
}

export function generateGroup(kernel: GroupKernel, profile: DeviceProfile): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const parts = kernel.parts.map(partOf);
  const arrays = placeBuffers(writer, kernel);
  parts.forEach(({ work }) => countPart(writer, work));
  const { workgroup } = chooseGroupSchedule(Math.max(...parts.map(({ points }) => countPoints(points))), profile);
  const { number, launch } = numberWorkgroups(writer, kernel.rows, workgroup);
  return new GroupWriter(writer, kernel, number, launch, arrays).write(parts);
}

function partOf({ kernel, row }: GroupPart): Part {
  const work = kernel.kind === 'contract' ? contractAsRows(kernel) : kernel;
  const points = work.kind === 'row' ? work.rows : work.domain;
  return { work, row, points: points.filter((point) => point !== row) };
}

/** Gives carries and temporaries their arrays in workgroup memory; gives the names of those of carries. */
function placeBuffers(writer: ModuleWriter, { carries, locals, written }: GroupKernel): Map<GroupCarry, string> {
  const arrays = new Map<GroupCarry, string>();
  for (const carry of carries) {
    const { buffer, next, dtype, size } = carry;
    const array = writer.workgroupArray(storageType(dtype), 2 * size);
    const other = add(constant(size), scale(PARITY, -size));
    writer.keep(buffer, (index) => ({ array, index: add(modulo(index, size), scale(PARITY, size)), during: DURING }));
    writer.keep(next, (index) => ({ array, index: add(modulo(index, size), other), during: DURING }));
    arrays.set(carry, array);
  }
  for (const { buffer, dtype, size } of locals) {
    const array = writer.workgroupArray(storageType(dtype), size);
    writer.keep(buffer, (index) => ({ array, index: modulo(index, size), during: DURING }));
  }
  for (const { buffer, dtype } of written) {
    writer.bindings.load(buffer, dtype);
    const array = writer.bindings.store(buffer, dtype);
    writer.keep(buffer, (index) => ({ array, index, during: DURING }));
  }
  return arrays;
}

function countPart(writer: ModuleWriter, work: Part['work']): void {
  if (work.kind === 'map') return writer.count([], work.stores);
  const roots = work.stages.flatMap(({ value, position }) => (position === undefined ? [value] : [value, position]));
  writer.count(roots, [...work.elementStores, ...work.rowStores]);
}

class GroupWriter {
  readonly #writer: ModuleWriter;
  readonly #kernel: GroupKernel;
  readonly #arrays: ReadonlyMap<GroupCarry, string>;
  /** The number of the workgroup, which is its row. */
  readonly #number: string;
  readonly #launch: Launch;

  constructor(
    writer: ModuleWriter,
    kernel: GroupKernel,
    number: string,
    launch: Launch,
    arrays: ReadonlyMap<GroupCarry, string>,
  ) {
    this.#writer = writer;
    this.#kernel = kernel;
    this.#arrays = arrays;
    this.#number = number;
    this.#launch = launch;
  }

  write(parts: readonly Part[]): GeneratedKernel {
    const { counter, carries, written } = this.#kernel;
    const { root, bindings, env } = this.#writer;
    for (const carry of carries) {
      const initial = bindings.load(carry.initial, carry.dtype);
      this.#eachElement(carry, false, (array, element, own) => `${array}[${element}] = ${initial}[${own}];`);
    }
    root.line('workgroupBarrier();');
    root.loop('t', counter.size, (block, t) => {
      const step = env.bind(block, [[counter.name, t], [PARITY.name, block.define(`${t} % 2u`, 'parity')]]);
      for (const part of parts) {
        this.#writePart(block, step, part);
        block.line('workgroupBarrier();');
        if (written.length > 0) block.line('storageBarrier();');
      }
    });
    const half = counter.size % 2;
    for (const carry of carries) {
      if (carry.final === undefined) continue;
      const final = bindings.store(carry.final, carry.dtype);
      const first = half === 0 ? '' : `${carry.size}u + `;
      this.#eachElement(carry, carry.shared, (array, element, own) => `${final}[${own}] = ${array}[${first}${element}];`);
    }
    return this.#writer.finish(this.#launch);
  }

  /** Copies a carry, of which an element is `element` in workgroup memory and `own` in storage. */
  #eachElement(carry: GroupCarry, once: boolean, text: (array: string, element: string, own: string) => string): void {
    const whole = carry.shared || this.#number === '0u';
    this.#distribute(this.#writer.root, carry.size, (block, element) => {
      const own = whole ? element : `${this.#number} * ${carry.size}u + ${element}`;
      this.#when(block, once, (inner) => inner.line(text(this.#arrays.get(carry)!, element, own)));
    });
  }

  #writePart(block: Block, step: Env, { work, row, points }: Part): void {
    const known = row === undefined ? step : step.bind(block, [[row.name, this.#number]]);
    this.#distribute(block, countPoints(points), (inner, point) => {
      const env = unflatten(known, inner, point, points).bind(inner, [[DURING, '']]);
      if (work.kind === 'map') this.#store(inner, env, work.stores, row);
      else this.#writeRow(inner, env, work, row);
    });
  }

  #writeRow(block: Block, env: Env, { columns, stages, rowStores, elementStores }: RowKernel, row: Part['row']): void {
    const team = { schedule: ALONE, row: '', member: '0u', active: undefined, launch: this.#launch };
    const work: RowWork = { writer: this.#writer, team, columns, plan: planLoop(columns, 1) };
    const known = passesOf(stages, this.#writer.emitter.table).reduce((so, pass) => reducePass(work, so, pass, block), env);
    if (elementStores.length > 0) {
      columnLoop(work, block, known, (inner, points) => points.forEach((point) => this.#store(inner, point, elementStores, row)));
    }
    this.#store(block, known, rowStores, row);
  }

  /** What all workgroups compute alike, only the first writes to storage. */
  #store(block: Block, env: Env, stores: readonly Store[], row: Part['row']): void {
    const isHeld = ({ buffer }: Store): boolean => this.#kernel.carries.some(({ next }) => next === buffer) ||
      this.#kernel.locals.some((local) => local.buffer === buffer);
    const held = this.#writer.stores(stores.filter(isHeld), env, block);
    const others = this.#writer.stores(stores.filter((store) => !isHeld(store)), env, block);
    held.forEach((statement) => block.line(statement));
    if (others.length > 0) this.#when(block, row === undefined, (inner) => others.forEach((statement) => inner.line(statement)));
  }

  /** Writes into `block` what only the first workgroup does if `once` is set. */
  #when(block: Block, once: boolean, write: (block: Block) => void): void {
    if (!once || this.#number === '0u') write(block);
    else block.nest(`if (${this.#number} == 0u)`, write);
  }

  /** Distributes so many tasks among the invocations of the workgroup. */
  #distribute(block: Block, count: number, visit: (block: Block, task: string) => void): void {
    const lane = this.#writer.parameter('lane');
    const { workgroup } = this.#launch;
    if (count <= workgroup) return block.nest(`if (${lane} < ${count}u)`, (inner) => visit(inner, count === 1 ? '0u' : lane));
    block.loop('turn', Math.ceil(count / workgroup), (outer, turn) => {
      const task = outer.define(`${turn} * ${workgroup}u + ${lane}`, 'task');
      outer.nest(`if (${task} < ${count}u)`, (inner) => visit(inner, task));
    });
  }
}

/** One invocation goes through all columns. */
const ALONE = { members: 1, teams: 1, adjacentRows: false, unroll: 1 };
