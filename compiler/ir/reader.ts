/** A cursor over a text: blanks and `#` comments are skipped before everything that is read. */
import { HeddleError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

const BLANK: RegExp = /(?:\s|#[^\n]*)*/y;
const TOKEN: RegExp = /[\w$~<>-]+(?:\[[\d,\s]*\])?|"[^"\n]*"?|\S/y;

export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipBlank();
  }

  /** Where the next token begins, for `error`. */
  get position(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** The match of a sticky pattern here, which is not consumed. */
  peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text) ?? undefined;
  }

  /** The match of a sticky pattern here, consumed. */
  accept(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.peek(pattern);
    if (match !== undefined) this.#advance(match[0].length);
    return match;
  }

  /** Whether the text goes on with exactly this; if so it is consumed. */
  skip(exact: string): boolean {
    const found = this.#text.startsWith(exact, this.#at);
    if (found) this.#advance(exact.length);
    return found;
  }

  expect(exact: string): void {
    if (!this.skip(exact)) throw this.expected(`\`${exact}\``);
  }

  /** The error that something else was wanted here. */
  expected(what: string): HeddleError {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text)?.[0];
    return this.error(`expected ${what}, found ${found === undefined ? 'the end of the text' : `\`${found}\``}`);
  }

  /** An error at a position, with its line of the text. */
  error(problem: string, position: number = this.#at, code: ErrorCode = 'IR_SYNTAX', cause?: unknown): HeddleError {
    const before = this.#text.slice(0, position).split('\n');
    const column = before.at(-1)!.length + 1;
    const line = this.#text.split('\n')[before.length - 1]!;
    const message = `line ${before.length}, column ${column}: ${problem}\n    ${line}\n    ${' '.repeat(column - 1)}^`;
    return new HeddleError(code, message, cause === undefined ? {} : { cause });
  }

  #advance(length: number): void {
    this.#at += length;
    this.#skipBlank();
  }

  #skipBlank(): void {
    BLANK.lastIndex = this.#at;
    this.#at += BLANK.exec(this.#text)?.[0].length ?? 0;
  }
}
