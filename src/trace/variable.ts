/**
 * Variable: a cell of state. Outside a trace `.value` is its tensor; while a trace runs, reads and writes go to the trace's
 * environment, so no cell ever holds a tracer and the IR stays pure.
 */
import type { TypedArray } from '../../compiler/dtype.ts';
import { sameAval, showAval } from '../../compiler/ir/jaxpr.ts';
import type { Tensor } from './tensor.ts';
import { leaked } from './leak.ts';
import { currentTrace, readIn, writeIn } from './trace.ts';
import type { Trace } from './trace.ts';
import { toTensor } from './literal.ts';
import { userError } from './user-error.ts';
import { printsItself } from './printing.ts';

/** What may be given as the value of a Variable; numbers and arrays of numbers become float32. */
export type VariableValue = Tensor | number | boolean | TypedArray;

/** Static facts beside the value, such as `sharding`; they print and travel with the Variable. */
export interface Metadata {
  readonly [name: string]: unknown;
}

export abstract class Variable {
  /** Metadata; `sharding` is null unless given. */
  readonly metadata: Metadata;
  #cell: Tensor | null = null;
  #handle: WeakRef<Tensor> | null = null;
  /** The trace in which the Variable was made, as long as its cell is empty. */
  #birth: Trace | null = null;

  constructor(value: VariableValue, metadata: Metadata = {}) {
    this.metadata = metadata;
    const tensor = toTensor(value, 'float32');
    const trace = currentTrace();
    if (trace === null) {
      this.#cell = tensor.alias();
    } else {
      this.#birth = trace;
      trace.createVariable(this, tensor);
    }
  }

  /** The value: a tensor outside traces, a tracer inside. Setting it is a write to the current environment. */
  get value(): Tensor {
    const trace = currentTrace();
    if (trace !== null) return trace.readVariable(this);
    const known = this.#handle?.deref();
    if (known !== undefined && !known.disposed) return known;
    const handle = this.cell().alias();
    this.#handle = new WeakRef(handle);
    return handle;
  }

  set value(value: VariableValue) {
    const tensor = toTensor(value, 'float32');
    const trace = currentTrace();
    if (trace === null) this.setCell(tensor.alias());
    else writeIn(trace, this, tensor);
  }

  /** `variable.value = f(variable.value)`. */
  update(f: (value: Tensor) => VariableValue): void {
    this.value = f(this.value);
  }

  get shape(): readonly number[] {
    return this.#peek().shape;
  }

  get dtype(): Tensor['dtype'] {
    return this.#peek().dtype;
  }

  /** Where the mesh axes would shard the value; kept as metadata. */
  get sharding(): unknown {
    return this.metadata['sharding'] ?? null;
  }

  /** The tensor in the cell. @throws LEAKED_TRACER for a Variable whose value exists only in a trace. */
  cell(): Tensor {
    if (this.#cell !== null) return this.#cell;
    const trace = this.#birth!;
    throw userError(
      'LEAKED_TRACER',
      `a ${this.constructor.name} was made inside ${trace.name} and reached outside it; it has no value there`,
      { fix: `return the ${this.constructor.name} (or its module) from ${trace.name}` },
    );
  }

  /** Fills the cell, taking over the tensor's handle; the old value's handle is given back. */
  setCell(tensor: Tensor): void {
    if (tensor.tracer !== null) throw leaked(tensor, null);
    this.#cell?.dispose();
    this.#cell = tensor;
    this.#handle = null;
    this.#birth = null;
  }

  /** Whether the Variable has a value outside traces. */
  get filled(): boolean {
    return this.#cell !== null;
  }

  /** A new Variable of the same class with the same metadata and another value. */
  with(value: VariableValue): this {
    const make = this.constructor as new (value: VariableValue, metadata: Metadata) => this;
    return new make(value, this.metadata);
  }

  toString(): string {
    const tensor = this.#peek();
    return `${this.constructor.name}(value=${tensor.describe()}, sharding=${JSON.stringify(this.sharding)})`;
  }

  [Symbol.toPrimitive](): never {
    throw this.#peek().concretization('an operator');
  }

  /** The value for its type only: does not make a handle, does not count as a read where that can be avoided. */
  #peek(): Tensor {
    return readIn(currentTrace(), this);
  }
}

/** Whether a write changes what the Variable is (dtype or shape), for messages. */
export function describeChange(before: Tensor, after: Tensor): string | null {
  return sameAval(before.aval, after.aval) ? null : `${showAval(before.aval)} -> ${showAval(after.aval)}`;
}

printsItself(Variable);
