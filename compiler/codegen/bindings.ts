/** The storage buffers of a module, in the order in which the kernel first mentions them. */
import type { DType } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { storageType } from './literals.ts';

interface Binding {
  readonly name: string;
  readonly dtype: DType;
  loaded: boolean;
  stored: boolean;
  /** How many elements are loaded and stored at once. */
  width: 1 | 4;
}

export class Bindings {
  readonly #bindings = new Map<number, Binding>();
  readonly #claim: (name: string) => string;

  /** `claim` makes an identifier unique. */
  constructor(claim: (name: string) => string) {
    this.#claim = claim;
  }

  get size(): number {
    return this.#bindings.size;
  }

  /** The identifier of a buffer from which the kernel loads. */
  load(buffer: number, dtype: DType): string {
    const binding = this.#find(buffer, dtype, 'x');
    binding.loaded = true;
    return binding.name;
  }

  /** The identifier of a buffer into which the kernel stores. */
  store(buffer: number, dtype: DType): string {
    const binding = this.#find(buffer, dtype, 'y');
    binding.stored = true;
    return binding.name;
  }

  isLoaded(buffer: number): boolean {
    return this.#bindings.get(buffer)?.loaded ?? false;
  }

  /** The identifier of a buffer that is bound as an array of vectors of four elements. */
  vector(buffer: number, dtype: DType): string {
    const binding = this.#find(buffer, dtype, 'x');
    binding.width = 4;
    return binding.name;
  }

  buffers(): number[] {
    return [...this.#bindings.keys()];
  }

  accesses(): ('read' | 'read_write')[] {
    return [...this.#bindings.values()].map(({ stored }) => (stored ? 'read_write' : 'read'));
  }

  declarations(): string[] {
    return [...this.#bindings.values()].map(({ name, dtype, stored, width }, position) => {
      const element = width === 1 ? storageType(dtype) : `vec4<${storageType(dtype)}>`;
      const access = `storage, ${stored ? 'read_write' : 'read'}`;
      return `@group(0) @binding(${position}) var<${access}> ${name}: array<${element}>;`;
    });
  }

  #find(buffer: number, dtype: DType, prefix: string): Binding {
    const known = this.#bindings.get(buffer);
    if (known === undefined) {
      const name = this.#claim(`${prefix}${this.#bindings.size}`);
      const binding: Binding = { name, dtype, loaded: false, stored: false, width: 1 };
      this.#bindings.set(buffer, binding);
      return binding;
    }
    if (known.dtype === dtype) return known;
    throw new HeddleError('INTERNAL', `code generation: buffer ${buffer} holds ${known.dtype} and is used as ${dtype}`);
  }
}
