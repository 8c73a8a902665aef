/**
 * The kernel graph: which buffers exist, which kernels fill them, and the loops around the kernels. Kernels hold scalar expressions
 * over index variables; views are gone. Code generation turns each kernel into WGSL.
 */
import type { DType } from '../dtype.ts';
import type { Source } from '../ir/jaxpr.ts';
import type { Monoid } from '../primitives/primitive.ts';
import type { IndexVariable, Index } from '../scalar/indices.ts';
import type { Expr } from '../scalar/expression.ts';

/** One element written: `buffer[index] = value`, where `index` is flat. */
export interface Store {
  readonly buffer: number;
  readonly dtype: DType;
  readonly index: Index;
  readonly value: Expr;
}

/** One reduction over the columns of a row. For `argmax` and `argmin`, `position` is the index that is carried. */
export interface Stage {
  readonly monoid: Monoid;
  readonly dtype: DType;
  readonly value: Expr;
  readonly position?: Index;
}

interface KernelBase {
  readonly label: string;
  /** Counters of the enclosing loops that its expressions use; each becomes a uniform. */
  readonly loops: readonly IndexVariable[];
  /** The kernel does nothing unless this scalar int32 buffer holds `branch`. */
  readonly guard?: { readonly buffer: number; readonly branch: number };
  readonly sources: readonly Source[];
}

/** Every point of `domain` runs once and writes all stores. */
export interface MapKernel extends KernelBase {
  readonly kind: 'map';
  readonly domain: readonly IndexVariable[];
  readonly stores: readonly Store[];
}

/**
 * For every point of `rows`: the stages in order, each a reduction over `columns` whose expression may name earlier stages, then
 * `rowStores` once and `elementStores` for every column. Rows may be strided in memory: this is also the column reduction.
 */
export interface RowKernel extends KernelBase {
  readonly kind: 'row';
  readonly rows: readonly IndexVariable[];
  readonly columns: readonly IndexVariable[];
  readonly stages: readonly Stage[];
  readonly rowStores: readonly Store[];
  readonly elementStores: readonly Store[];
}

/**
 * For every (batch, m, n): the sum over k of lhs(batch, m, k) * rhs(batch, k, n) in `accumulator` dtype, named by
 * `{ kind: 'reduced', stage: 0 }` in the stores, which are over (batch, m, n).
 */
export interface ContractKernel extends KernelBase {
  readonly kind: 'contract';
  readonly batch: readonly IndexVariable[];
  readonly m: readonly IndexVariable[];
  readonly n: readonly IndexVariable[];
  readonly k: readonly IndexVariable[];
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly accumulator: DType;
  readonly stores: readonly Store[];
}

/**
 * For every point of `domain`: the steps of `counter` in order. A carry is `initial` in the first step and `next` in the one
 * after; `{ kind: 'reduced', stage: k }` names carry k, in `stores` its value after the last step. Initial values name no carry.
 */
export interface ScanKernel extends KernelBase {
  readonly kind: 'scan';
  readonly domain: readonly IndexVariable[];
  readonly counter: IndexVariable;
  readonly carries: readonly { readonly initial: Expr; readonly next: Expr }[];
  /** Ends the loop before the first step for which it is false. */
  readonly holds?: Expr;
  readonly stepStores: readonly ScanStore[];
  readonly stores: readonly ScanStore[];
}

export interface ScanStore extends Store {
  /** Every point computes the same element. */
  readonly shared: boolean;
}

/**
 * For every step of `counter`: the kernels in order, each after all of the one before. They read and write carries and temporaries
 * of their own row only, so that a workgroup can have all of a row and nothing but barriers lies between its kernels.
 */
export interface GroupKernel extends KernelBase {
  readonly kind: 'group';
  readonly counter: IndexVariable;
  /** How many workgroups there are. */
  readonly rows: number;
  readonly parts: readonly GroupPart[];
  readonly carries: readonly GroupCarry[];
  readonly locals: readonly GroupLocal[];
  /** Buffers in storage that kernels read after others have written them. */
  readonly written: readonly { readonly buffer: number; readonly dtype: DType }[];
}

export interface GroupPart {
  readonly kernel: MapKernel | RowKernel | ContractKernel;
  /** The index variable that is the row; without one, every workgroup computes the same, unless there is one workgroup only. */
  readonly row: IndexVariable | undefined;
}

/** A buffer of which a workgroup has `size` elements: one row, or all if `shared`. */
export interface GroupLocal {
  readonly buffer: number;
  readonly dtype: DType;
  readonly size: number;
  readonly shared: boolean;
}

export interface GroupCarry extends GroupLocal {
  /** In a step, `buffer` is the value of the one before, and `next` its own. */
  readonly next: number;
  readonly initial: number;
  /** Where the last value is wanted. */
  readonly final: number | undefined;
}

export type Kernel = MapKernel | RowKernel | ContractKernel | ScanKernel | GroupKernel;
