/**
 * Variable: a cell of state. Outside a trace `.value` is its tensor; while a trace runs, reads and writes go to the trace's
 * environment, so no cell ever holds a tracer and the IR stays pure.
 */
import type { TypedArray } from '../../compiler/dtype.ts';
import { Tensor } from './tensor.ts';
import { leaked } from './leak.ts';
import { checkReachable, madeEagerly } from './eager.ts';
import { ownHandle } from './handles.ts';
import { currentTrace, readIn } from './trace.ts';
import type { Trace } from './trace.ts';
import { toTensor } from './literal.ts';
import { userError } from './user-error.ts';
import { printsItself, typeName } from './printing.ts';

/** What may be given as the value of a Variable; numbers and arrays of numbers become float32. */
export type VariableValue = Tensor | number | boolean | TypedArray;

/** Makes of a value another: the one that is read, or kept. */
export type ValueHook = (variable: Variable, value: Tensor) => VariableValue;

/** Static facts beside the value, such as `sharding`; they print and travel with the Variable. */
export interface Metadata {
  /** What filters such as 'dropout' select. */
  readonly tag?: string;
  /** What readers get for the value that is kept; Variable hooks of Flax. */
  readonly onGetValue?: ValueHook;
  /** What is kept for a value that is set. */
  readonly onSetValue?: ValueHook;
  /** What is kept for the value that the constructor is given. */
  readonly onCreateValue?: ValueHook;
  readonly [name: string]: unknown;
}

const HOOKS: readonly string[] = ['onGetValue', 'onSetValue', 'onCreateValue'];

/** Metadata to add; undefined takes a name away. */
export type MetadataChanges = { readonly [K in keyof Metadata]?: Metadata[K] | undefined };

/** Most Variables have none. */
const NO_METADATA: Metadata = Object.freeze({});

/** Metadata for Variables that are made of these tensors. */
const promised = new WeakMap<Tensor, Metadata>();

/** A Variable that is made of this tensor has this metadata, too. */
export function promiseMetadata(tensor: Tensor, metadata: Metadata): void {
  promised.set(tensor, { ...promised.get(tensor), ...metadata });
}

/** What a Variable is apart from its value: its class, and its fields, the metadata among them. */
export interface VariableKind {
  readonly type: abstract new (...args: never[]) => Variable;
  readonly fields: Readonly<Record<string, unknown>>;
}

export abstract class Variable {
  /** Metadata; `sharding` is null unless given. */
  readonly metadata: Metadata;
  #cell: Tensor | null = null;
  #handle: WeakRef<Tensor> | null = null;
  /** The trace in which the Variable was made, as long as its cell is empty. */
  #birth: Trace | null = null;

  constructor(value: VariableValue, metadata: Metadata = NO_METADATA) {
    const promise = value instanceof Tensor ? promised.get(value) : undefined;
    this.metadata = promise === undefined ? metadata : { ...promise, ...metadata };
    const tensor = this.#hooked('onCreateValue', value);
    const trace = currentTrace();
    if (trace === null) {
      this.setCell(this.#held(tensor));
      madeEagerly(this);
    } else {
      this.#birth = trace;
      trace.createVariable(this, tensor);
    }
  }

  /** The value: a tensor outside traces, a tracer inside. Setting it is a write to the current environment. */
  get value(): Tensor {
    return this.metadata.onGetValue === undefined ? this.rawValue : this.#hooked('onGetValue', this.rawValue);
  }

  set value(value: VariableValue) {
    this.rawValue = this.metadata.onSetValue === undefined ? value : this.#hooked('onSetValue', value);
  }

  /** The value as it is kept, past the hooks of the metadata. */
  get rawValue(): Tensor {
    const trace = currentTrace();
    if (trace !== null) return trace.readVariable(this);
    checkReachable(this, 'read');
    const known = this.#handle?.deref();
    if (known !== undefined && !known.disposed) return known;
    const handle = this.#held(this.cell());
    this.#handle = new WeakRef(handle);
    return handle;
  }

  set rawValue(value: VariableValue) {
    const tensor = toTensor(value, 'float32');
    const trace = currentTrace();
    if (trace !== null) {
      trace.writeVariable(this, tensor);
      return;
    }
    checkReachable(this, 'written');
    this.setCell(this.#held(tensor));
  }

  /** `variable.value = f(variable.value)`. */
  update(f: (value: Tensor) => VariableValue): void {
    this.value = f(this.value);
  }

  /** All metadata, or what it has under a name. */
  getMetadata(): Metadata;
  getMetadata(name: string, otherwise?: unknown): unknown;
  getMetadata(name?: string, otherwise?: unknown): unknown {
    return name === undefined ? this.metadata : (this.metadata[name] ?? otherwise);
  }

  /**
   * Adds to the metadata; undefined takes a name away. Programs depend on metadata.
   *
   * @throws STRUCTURE inside a trace, unless the Variable was made in it.
   */
  setMetadata(changes: MetadataChanges): void {
    const trace = currentTrace();
    if (trace !== null && !trace.created(this)) {
      const name = trace.pathOf(this) ?? `a captured ${typeName(this.constructor)}`;
      throw userError('STRUCTURE', `${trace.name}: the metadata of ${name} changed while it was traced`, {
        fix: `variable.setMetadata({ ... }) outside ${trace.name}`,
      });
    }
    const kept = Object.entries({ ...this.metadata, ...changes }).filter(([, value]) => value !== undefined);
    Object.assign(this, { metadata: kept.length === 0 ? NO_METADATA : Object.fromEntries(kept) });
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
    const name = typeName(this.constructor);
    throw userError('LEAKED_TRACER', `a ${name} was made inside ${trace.name} and reached outside it; it has no value there`, {
      fix: `return the ${name} (or its module) from ${trace.name}`,
    });
  }

  /** Fills the cell, taking over the tensor's handle; the old value's handle is given back. */
  setCell(tensor: Tensor): void {
    if (tensor.tracer !== null) throw leaked(tensor, null);
    this.#cell?.dispose();
    this.#cell = ownHandle(tensor);
    this.#handle = null;
    this.#birth = null;
  }

  /** Whether the cell holds a value. */
  get filled(): boolean {
    return this.#cell !== null;
  }

  /** Gives up the value; a later read is an error, until one is set. Traces ignore it. */
  dispose(): void {
    if (currentTrace() !== null) return;
    this.#cell?.dispose();
    this.#handle = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A new Variable of the same class and fields, the metadata among them, with another value. */
  with(value: VariableValue): this {
    return variableOf(kindOf(this), value) as this;
  }

  toString(): string {
    const tensor = this.#peek();
    return `${typeName(this.constructor)}(value=${tensor.describe()}, sharding=${JSON.stringify(this.sharding)})`;
  }

  [Symbol.toPrimitive](hint: 'default' | 'number' | 'string'): never {
    return this.#peek()[Symbol.toPrimitive](hint);
  }

  toJSON(): never {
    return this.#peek().toJSON();
  }

  #hooked(name: 'onGetValue' | 'onSetValue' | 'onCreateValue', value: VariableValue): Tensor {
    const tensor = toTensor(value, 'float32');
    const hook = this.metadata[name];
    return hook === undefined ? tensor : toTensor(hook(this, tensor), 'float32');
  }

  /** A handle of its own on the tensor's elements, strongly typed. */
  #held(tensor: Tensor): Tensor {
    return Tensor.adopt(tensor.storage(typeName(this.constructor)).retain(), { ...tensor.aval, weak: false });
  }

  /** The value for its type only: makes no handle, but is a read, because a cached program depends on the type. */
  #peek(): Tensor {
    return readIn(currentTrace(), this);
  }
}

export function kindOf(variable: Variable): VariableKind {
  return { type: variable.constructor as VariableKind['type'], fields: { ...variable } };
}

/** The kind of a derivative with respect to the Variable: hooks are for values. */
export function derivativeKind(variable: Variable): VariableKind {
  const { type, fields } = kindOf(variable);
  const metadata = Object.entries(variable.metadata).filter(([name]) => !HOOKS.includes(name));
  return { type, fields: { ...fields, metadata: Object.fromEntries(metadata) } };
}

/** A Variable of this kind. The constructor of its class does not run, as in merged modules: its parameters are its own. */
function variableOf({ type, fields }: VariableKind, value: VariableValue): Variable {
  return Object.assign(Reflect.construct(Variable, [value], type) as Variable, fields);
}

/** A Variable of this kind that takes over the tensor's handle. */
export function adoptVariable(kind: VariableKind, value: Tensor): Variable {
  const variable = variableOf(kind, value);
  value.dispose();
  return variable;
}

printsItself(Variable);
