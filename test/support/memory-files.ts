/** A file system in memory that can stop working in the middle of an operation, as a machine does that loses its power. */
import type { CheckpointFiles } from '../../src/io/files.ts';

export class Crash extends Error {}

export class MemoryFiles implements CheckpointFiles {
  readonly files: Map<string, Uint8Array>;
  readonly #folders: Set<string>;
  /** How many more operations work; the one after them crashes halfway. */
  #left: number;

  constructor(left: number = Infinity, from?: MemoryFiles) {
    this.files = new Map(from?.files);
    this.#folders = new Set(from === undefined ? [] : from.#folders);
    this.#left = left;
  }

  /** The same files, as they are now, in a machine that crashes after `left` operations. */
  copy(left: number = Infinity): MemoryFiles {
    return new MemoryFiles(left, this);
  }

  async list(folder: string): Promise<string[]> {
    const paths = [...this.files.keys(), ...this.#folders].filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(paths.map((path) => path.slice(folder.length + 1).split('/')[0]!))];
  }

  async read(path: string): Promise<Uint8Array> {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`no such file: ${path}`);
    return bytes.slice();
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (this.files.has(path)) throw new Error(`the file exists: ${path}`);
    this.#step(() => this.files.set(path, bytes.slice(0, bytes.length >> 1)));
    this.files.set(path, bytes.slice());
  }

  async makeFolder(path: string): Promise<void> {
    this.#step();
    this.#folders.add(path);
  }

  async syncFolder(): Promise<void> {
    this.#step();
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const moved = [...this.files].filter(([path]) => path.startsWith(`${from}/`));
    for (const [path, bytes] of moved) {
      this.files.delete(path);
      this.files.set(to + path.slice(from.length), bytes);
    }
    if (this.#folders.delete(from)) this.#folders.add(to);
  }

  async remove(folder: string): Promise<void> {
    const paths = [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`));
    this.#step(() => paths.slice(1).forEach((path) => this.files.delete(path)));
    for (const path of paths) this.files.delete(path);
    this.#folders.delete(folder);
  }

  #step(half: () => void = () => {}): void {
    if (this.#left-- > 0) return;
    half();
    throw new Crash('the machine lost its power');
  }
}
