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

export type Kernel = MapKernel | RowKernel | ContractKernel;
