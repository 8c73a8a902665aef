/**
 * Tensor: an immutable handle, either on a counted storage (concrete) or on an atom of a running trace (a tracer). Its
 * arithmetic methods are installed in src/tensor.ts.
 */
import type { DType, TypedArray } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { showAval } from '../../compiler/ir/jaxpr.ts';
import type { Atom, Aval } from '../../compiler/ir/jaxpr.ts';
import { sizeOf } from '../../compiler/shape.ts';
import { Storage } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import type { TensorMethods } from '../tensor-methods.ts';
import { noteHandle } from './handles.ts';
import { leaked } from './leak.ts';
import type { Trace } from './trace.ts';
import { userError } from './user-error.ts';
import { printsItself } from './printing.ts';

/** What a tracer stands for. */
export interface Tracer {
  readonly trace: Trace;
  readonly atom: Atom;
  /** The user's line that made it. */
  readonly made: string | undefined;
}

/** Nested JavaScript numbers or booleans, as `array()` gives them. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** What JavaScript was about to do when it asked for a primitive, and what to write instead. */
const OPERATORS: Readonly<Record<'default' | 'number' | 'string', { readonly use: string; readonly fix: string }>> = {
  default: { use: 'the operator + or ==', fix: 'x.add(y), or np.equal(x, y)' },
  number: {
    use: 'an operator',
    fix: 'x.mul(y), np.where(np.greater(x, 0), a, b), or lax.cond(np.greater(x, 0), f, g, x)',
  },
  string: { use: 'a string', fix: 'x.describe(), or outside of traces await x.array()' },
};

const released = new FinalizationRegistry<Storage>((storage) => storage.release());

/** Above this size a handle carries an untouched ArrayBuffer, so that the engine's collector feels what it holds. */
const PRESSURE_BYTES = 65_536;

/** An n-dimensional array of one dtype: shape `shape`, elements `dtype`. The counterpart of jax.Array. */
export interface Tensor extends TensorMethods {}

export class Tensor {
  readonly aval: Aval;
  /** The tracer of a running trace, or null for a concrete tensor. */
  readonly tracer: Tracer | null;
  #storage: Storage | null;
  readonly #pressure: ArrayBuffer | null;

  private constructor(aval: Aval, tracer: Tracer | null, storage: Storage | null) {
    this.aval = aval;
    this.tracer = tracer;
    this.#storage = storage;
    const bytes = storage === null || storage.device === null ? 0 : sizeOf(aval.shape) * 4;
    this.#pressure = bytes >= PRESSURE_BYTES ? new ArrayBuffer(bytes) : null;
    if (storage !== null) {
      released.register(this, storage, this);
      noteHandle(this);
    }
    Object.freeze(this); // `x[0] = 1` must not pass in silence.
  }

  /** Takes over one count of the storage. */
  static adopt(storage: Storage, aval: Aval): Tensor {
    return new Tensor(aval, null, storage);
  }

  static traced(trace: Trace, atom: Atom, made?: string): Tensor {
    return new Tensor(atom.aval, { trace, atom, made }, null);
  }

  get shape(): readonly number[] {
    return this.aval.shape;
  }

  get dtype(): DType {
    return this.aval.dtype;
  }

  /** The number of axes. */
  get ndim(): number {
    return this.aval.shape.length;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.aval.shape);
  }

  /** Where the elements are: a device, or null for a small tensor that is still on the host. */
  get device(): Device | null {
    return this.storage('device').device;
  }

  get disposed(): boolean {
    return this.tracer === null && this.#storage === null;
  }

  /** The storage of a concrete tensor. @throws LEAKED_TRACER or CONCRETIZATION for a tracer, DISPOSED after dispose(). */
  storage(use: string): Storage {
    if (this.#storage !== null) return this.#storage;
    if (this.tracer === null) {
      throw userError('DISPOSED', `${use}: the tensor ${this.describe()} was disposed or donated`, {
        fix: 'read or copy it before dispose(), or leave it out of { donate }',
      });
    }
    if (this.tracer.trace.ended) throw leaked(this, null);
    throw this.concretization(use);
  }

  /** Another handle on the same elements, with a life of its own. */
  alias(): Tensor {
    if (this.tracer !== null) return this;
    return Tensor.adopt(this.storage('alias').retain(), this.aval);
  }

  /** Gives the elements back now instead of when the handle is collected. Tracers ignore it. */
  dispose(): void {
    if (this.#storage === null) return;
    released.unregister(this);
    this.#storage.release();
    this.#storage = null;
  }

  /**
   * The same elements for use on another device, where they are copied before this resolves. A tensor on the host, whose `device`
   * is null, serves every device, and stays one.
   */
  async to(device: Device): Promise<Tensor> {
    const here = this.storage('to()').device;
    if (here === device) return this.alias();
    const { dtype, shape } = this;
    const tensor = here === null ? this.alias() : Tensor.adopt(Storage.host({ dtype, shape, data: await this.data() }), this.aval);
    device.upload([tensor.storage('to()')], { label: 'to()' });
    return tensor;
  }

  /** Marks a donated tensor: the call took over its count of the storage. */
  consumed(): void {
    released.unregister(this);
    this.#storage = null;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The elements, row-major, copied out: float16 as Float32Array, bool as Uint8Array of 0 and 1. */
  async data(): Promise<TypedArray> {
    const storage = this.storage('data()').retain();
    try {
      return storage.device === null ? storage.hostData!.data.slice() : await storage.device.read(storage);
    } finally {
      storage.release();
    }
  }

  /** The one element of a tensor of size 1: a boolean for bool, else a number. The type parameter says which you know it to be. */
  async item<T extends number | boolean = number | boolean>(): Promise<T> {
    if (this.size !== 1) {
      throw userError('SHAPE', `item(): the tensor ${this.describe()} has ${this.size} elements, not one`, {
        fix: 'await x.array()',
      });
    }
    return element(await this.data(), 0, this.dtype) as T;
  }

  /** The elements as nested JavaScript arrays of numbers (booleans for bool): `await x.array<number[][]>()` of a matrix. */
  async array<T extends NestedArray = NestedArray>(): Promise<T> {
    const data = await this.data();
    let position = 0;
    const build = (axis: number): NestedArray =>
      axis === this.ndim
        ? element(data, position++, this.dtype)
        : Array.from({ length: this.shape[axis] ?? 0 }, () => build(axis + 1));
    return build(0) as T;
  }

  /** Resolves with this tensor when its elements have been computed; rejects with what went wrong. */
  async ready(): Promise<this> {
    await this.data();
    return this;
  }

  /** `float32[2,3]`: dtype and shape, never values, because reading is asynchronous. */
  describe(): string {
    return `${this.dtype}[${this.shape.join(',')}]`;
  }

  toString(): string {
    return this.tracer === null ? `Tensor(${this.describe()})` : `Tracer(${showAval(this.aval)} in ${this.tracer.trace.name})`;
  }

  /** Arithmetic and comparison operators, template strings and keys of objects reach this: none of them can work. */
  [Symbol.toPrimitive](hint: 'default' | 'number' | 'string'): never {
    throw this.concretization(OPERATORS[hint].use, OPERATORS[hint].fix);
  }

  /** JSON.stringify reaches this, and cannot wait for the elements. */
  toJSON(): never {
    throw this.concretization('JSON.stringify', ...(this.tracer === null ? ['JSON.stringify(await x.array())'] : []));
  }

  concretization(use: string, fix = 'return x from the function, and read the result outside'): HeddleError {
    const made = this.tracer?.made === undefined ? '' : ` (made at ${this.tracer.made})`;
    const problem =
      this.tracer === null
        ? `the elements of ${this.toString()} live on a device`
        : `${this.toString()} has none while it is traced${made}`;
    return userError('CONCRETIZATION', `${use} needs a JavaScript value, but ${problem}`, { fix });
  }

  /** Bytes of collector pressure this handle carries. */
  get pressure(): number {
    return this.#pressure?.byteLength ?? 0;
  }
}

Object.defineProperty(Tensor.prototype, Symbol.toStringTag, { get: () => 'Tensor' });

function element(data: TypedArray, position: number, dtype: DType): number | boolean {
  const value = data[position] ?? 0;
  return dtype === 'bool' ? value !== 0 : value;
}

export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

printsItself(Tensor);
