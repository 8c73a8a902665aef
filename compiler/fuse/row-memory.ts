/** What the kernels of a loop's body read of each other, row by row of the carries. */
import { loadsOf } from '../codegen/access.ts';
import type { Load } from '../codegen/access.ts';
import { deviceBytes } from '../dtype.ts';
import type { DType } from '../dtype.ts';
import type { Var } from '../ir/jaxpr.ts';
import { add, constant, flatten, scale } from '../scalar/indices.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';
import { sizeOf } from '../shape.ts';
import type { Shape } from '../shape.ts';
import type { Loop } from './block.ts';
import type { BuildContext } from './build.ts';
import type { GroupCarry, GroupLocal, GroupPart, Store } from './kernel.ts';
import { isRoot } from './plan.ts';
import { survey } from './walk.ts';

type Kernel = GroupPart['kernel'];

/** The elements of a buffer that belong to a row: `size` of them from `offset` + row * `size` on; if `shared`, to all rows. */
interface Rows {
  readonly offset: Index;
  readonly size: number;
  readonly shared: boolean;
}

export class RowMemory {
  readonly rows: number;
  readonly carries: readonly GroupCarry[];
  readonly locals: readonly GroupLocal[];
  /** Buffers that outlive the loop and that kernels of a step read after others have written them. */
  readonly written: ReadonlyMap<number, Rows & { readonly dtype: DType }>;
  readonly #held: ReadonlyMap<number, Rows>;

  private constructor(
    rows: number,
    carries: readonly GroupCarry[],
    locals: readonly GroupLocal[],
    written: RowMemory['written'],
  ) {
    this.rows = rows;
    this.carries = carries;
    this.locals = locals;
    this.written = written;
    const held = [...carries, ...locals, ...carries.map((carry) => ({ ...carry, buffer: carry.next }))];
    this.#held = new Map(held.map(({ buffer, size, shared }) => [buffer, { offset: constant(0), size, shared }]));
  }

  /** Undefined where carries differ in their first axis. */
  static of(loop: Loop, kernels: readonly Kernel[], { plan, readers }: BuildContext): RowMemory | undefined {
    const rows = countRows(loop);
    if (rows === undefined) return undefined;
    const sized = (shape: Shape): { size: number; shared: boolean } => {
      const shared = rows > 1 && shape[0] !== rows;
      return { size: shared ? sizeOf(shape) : sizeOf(shape) / rows, shared };
    };
    const isRead = (variable: Var, buffer: number): boolean => {
      const isInitial = plan.buffers.some(({ carry }) => carry?.initial === buffer);
      return isInitial || readers.has(variable) || plan.outputs.includes(buffer);
    };
    const carries = loop.carries.map(({ input, result }): GroupCarry => {
      const { buffer } = plan.homes.get(input)!;
      const { initial, even, odd } = plan.buffers[buffer]!.carry!;
      const next = plan.buffers.findIndex(({ carry }) => carry?.side === 'write' && carry.even === even && carry.odd === odd);
      const last = loop.counter.size % 2 === 1 ? even : odd;
      const final = isRead(result, last) ? last : undefined;
      return { buffer, next, initial, final, dtype: input.aval.dtype, ...sized(input.aval.shape) };
    });

    const stored = new Set(kernels.flatMap(storesOf).map(({ buffer }) => buffer));
    const loaded = new Set(kernels.flatMap(loadsOfKernel).map(({ buffer }) => buffer));
    const locals: GroupLocal[] = [];
    const written = new Map<number, Rows & { readonly dtype: DType }>();
    for (const { home, atom } of (plan.items.get(loop.body) ?? []).filter(isRoot)) {
      if (home === undefined || !stored.has(home.buffer) || !loaded.has(home.buffer)) continue;
      const { role, shape: whole } = plan.buffers[home.buffer]!;
      const { dtype, shape } = atom.aval;
      if (role === 'temporary' && home.prefix.length === 0) locals.push({ buffer: home.buffer, dtype, ...sized(shape) });
      else if (role !== 'carry') {
        const offset = flatten([...home.prefix, ...shape.map(() => constant(0))], whole);
        written.set(home.buffer, { offset, dtype, ...sized(shape) });
      }
    }
    return new RowMemory(rows, carries, locals, written);
  }

  /** Whether the buffer lies in workgroup memory. */
  holds(buffer: number): boolean {
    return this.#held.has(buffer);
  }

  bytes(): number {
    const held = [...this.carries, ...this.carries, ...this.locals];
    return held.reduce((sum, { dtype, size }) => sum + Math.ceil((size * deviceBytes(dtype)) / 16) * 16, 0);
  }

  /** The index variable whose value is the row of all that a point of the kernel reads and writes. */
  rowOf(kernel: Kernel): IndexVariable | undefined {
    if (this.rows === 1) return undefined;
    return parallelOf(kernel).find((variable) => variable.size === this.rows && this.#keepsTo(kernel, variable));
  }

  /** Whether every row may compute all of the kernel. */
  isAlike(kernel: Kernel): boolean {
    return this.rows === 1 || (parallelOf(kernel).length === 0 && this.#keepsTo(kernel, undefined));
  }

  #keepsTo(kernel: Kernel, row: IndexVariable | undefined): boolean {
    const isOwn = ({ buffer, index }: Load | Store, writes: boolean): boolean => {
      const rows = this.#held.get(buffer) ?? this.written.get(buffer);
      if (rows === undefined) return true;
      if (rows.shared) return !writes || row === undefined;
      if (row === undefined) return false;
      const rest = add(index, scale(add(rows.offset, scale(row, rows.size)), -1));
      return rest.low >= 0 && rest.high < rows.size && !survey([], [rest]).variables.has(row.name);
    };
    return loadsOfKernel(kernel).every((load) => isOwn(load, false)) && storesOf(kernel).every((store) => isOwn(store, true));
  }
}

/** The extent of the first axis that all carries of more than one element share; 1 where they have no other axis. */
function countRows({ carries }: Loop): number | undefined {
  const shapes = carries.map(({ input }) => input.aval.shape).filter((shape) => sizeOf(shape) > 1);
  if (shapes.every(({ length }) => length === 1)) return 1;
  const rows = shapes[0]![0]!;
  return shapes.every(([first]) => first === rows) ? rows : undefined;
}

/** The index variables whose points are computed independently. */
export function parallelOf(kernel: Kernel): readonly IndexVariable[] {
  switch (kernel.kind) {
    case 'map':
      return kernel.domain;
    case 'row':
      return kernel.rows;
    case 'contract':
      return [...kernel.batch, ...kernel.m, ...kernel.n];
  }
}

export function storesOf(kernel: Kernel): readonly Store[] {
  return kernel.kind === 'row' ? [...kernel.rowStores, ...kernel.elementStores] : kernel.stores;
}

export function loadsOfKernel(kernel: Kernel): Load[] {
  const values = storesOf(kernel).flatMap(({ value, index }) => [value, index]);
  if (kernel.kind === 'row') values.push(...kernel.stages.map(({ value }) => value));
  if (kernel.kind === 'contract') values.push(kernel.lhs, kernel.rhs);
  return loadsOf(values);
}
