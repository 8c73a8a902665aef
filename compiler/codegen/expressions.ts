/**
 * Writes terms as WGSL: the one emitter of all kernels. What is used several times gets a name, and every value is computed in
 * the outermost block where all that it depends on is known, so that loops hold only what changes in them.
 */
import { HeddleError } from '../errors.ts';
import type { Expr } from '../scalar/expression.ts';
import type { Index } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import type { Term, TermTable } from './terms.ts';

/** Longer expressions are split over several statements. */
const LONGEST_TEXT = 100;

/** A WGSL name or literal, or what defines one on demand in `block`, from which on it is valid. */
interface Place {
  readonly text: string | (() => string);
  readonly block: Block;
}

/** What the names that terms need stand for: an index variable is one thing in one loop and another in the next. */
export class Env {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #written = new Map<Term, string>();

  constructor(places: ReadonlyMap<string, Place> = new Map()) {
    this.#places = places;
  }

  /** This environment with more names, whose values do not change in `block`. */
  bind(block: Block, entries: Iterable<readonly [name: string, text: Place['text']]>): Env {
    const places = new Map(this.#places);
    for (const [name, text] of entries) places.set(name, { text, block });
    return new Env(places);
  }

  /** The names of both; where they differ, those of the other one. */
  join(other: Env): Env {
    return new Env(new Map([...this.#places, ...other.#places]));
  }

  /** The WGSL name or literal that a name stands for. */
  text(name: string): string {
    const { text } = this.#place(name);
    return typeof text === 'string' ? text : text();
  }

  block(name: string): Block {
    return this.#place(name).block;
  }

  written(term: Term): string | undefined {
    return this.#written.get(term);
  }

  /** From now on the term is written as `text` in this environment. */
  write(term: Term, text: string): void {
    this.#written.set(term, text);
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (place === undefined) throw new HeddleError('INTERNAL', `code generation: '${name}' is used where it has no value`);
    return place;
  }
}

export class Emitter {
  readonly table: TermTable;
  readonly #root: Block;

  constructor(table: TermTable, root: Block) {
    this.table = table;
    this.#root = root;
  }

  /** The text of an expression in a statement of `block`, on demand a name or a literal; what it needs is written before. */
  text(node: Expr | Index, env: Env, block: Block, named = false): string {
    return this.#write(this.table.of(node), env, block, named);
  }

  #write(term: Term, env: Env, block: Block, named: boolean): string {
    if (term.kind === 'bound') return env.text(term.write([]));
    if (term.kind === 'literal') return term.write([]);
    const known = env.written(term);
    if (known !== undefined) return known;
    const home = this.#home(term, env);
    // WGSL evaluates constant expressions at compile time and rejects their overflows; a named operand prevents it.
    const constant = term.kind === 'value' && term.args.every((arg) => arg.kind === 'literal');
    const args = term.args.map((arg, position) => {
      const text = this.#write(arg, env, home, false);
      return constant && position === 0 ? home.let(text, 'c') : text;
    });
    const text = term.write(args);
    if (!named && term.uses <= 1 && home === block && text.length <= LONGEST_TEXT) return text;
    const name = home.let(text, term.kind === 'index' ? 'at' : 'v');
    env.write(term, name);
    return name;
  }

  #home(term: Term, env: Env): Block {
    let home = this.#root;
    for (const name of term.needs) {
      const block = env.block(name);
      if (block.depth > home.depth) home = block;
    }
    return home;
  }
}
