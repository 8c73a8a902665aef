/** Blocks of WGSL statements under construction. */

/** Identifiers in use; those of a closed block are free again. */
export class Names {
  readonly #taken: Set<string>;

  constructor(reserved: readonly string[]) {
    this.#taken = new Set(reserved);
  }

  /** The first free one of `spell(0)`, `spell(1)` and so on. */
  claim(spell: (count: number) => string): string {
    let count = 0;
    while (this.#taken.has(spell(count))) count++;
    this.#taken.add(spell(count));
    return spell(count);
  }

  release(names: Iterable<string>): void {
    for (const name of names) this.#taken.delete(name);
  }
}

/**
 * A sequence of statements. While an inner block is being filled, statements added to an outer one come before it: that is how
 * values that do not change in a loop leave it.
 */
export class Block {
  readonly depth: number;
  readonly lines: string[] = [];
  readonly #names: Names;
  readonly #own: string[] = [];
  readonly #known = new Map<string, string>();

  constructor(names: Names, depth = 0) {
    this.#names = names;
    this.depth = depth;
  }

  line(statement: string): void {
    this.lines.push(statement);
  }

  /** A new identifier: `name` itself while it is free, then `name_1`, `name_2` and so on. */
  exact(name: string): string {
    return this.#claim((count) => (count === 0 ? name : `${name}_${count}`));
  }

  /** A new identifier: `prefix0`, `prefix1` and so on. */
  numbered(prefix: string): string {
    return this.#claim((count) => `${prefix}${count}`);
  }

  /** A numbered name for an immutable value; equal texts get one name. */
  let(text: string, prefix: string): string {
    return this.#define(text, () => this.numbered(prefix));
  }

  /** The same with a name of its own; what is a name or a literal already stays as it is. */
  define(text: string, name: string): string {
    if (/^\w+$/.test(text)) return text;
    return this.#define(text, () => this.exact(name));
  }

  /** A compound statement: `header { ... }`. */
  nest(header: string, fill: (inner: Block) => void): void {
    const inner = new Block(this.#names, this.depth + 1);
    fill(inner);
    this.#close(header, inner);
  }

  /**
   * A loop from 0 with unit steps to a constant: the form that Tint can prove finite, so that it adds no guard of its own. A
   * single step is written without a loop.
   */
  loop(name: string, count: number, fill: (inner: Block, counter: string) => void): void {
    if (count === 1) return fill(this, '0u');
    const inner = new Block(this.#names, this.depth + 1);
    const counter = inner.exact(name);
    fill(inner, counter);
    this.#close(`for (var ${counter} = 0u; ${counter} < ${count}u; ${counter} += 1u)`, inner);
  }

  #close(header: string, inner: Block): void {
    this.lines.push(`${header} {`, ...inner.lines.map((line) => `  ${line}`), '}');
    this.#names.release(inner.#own);
  }

  #define(text: string, choose: () => string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const name = choose();
    this.line(`let ${name} = ${text};`);
    this.#known.set(text, name);
    return name;
  }

  #claim(spell: (count: number) => string): string {
    const name = this.#names.claim(spell);
    this.#own.push(name);
    return name;
  }
}
