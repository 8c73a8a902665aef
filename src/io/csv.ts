/** CSV files of numbers (RFC 4180). */
import { allocate, roundTo } from '../../compiler/dtype.ts';
import type { DType, HostArray } from '../../compiler/dtype.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import { readOptions } from '../options.ts';
import { checkRange } from '../trace/literal.ts';
import { userError } from '../trace/user-error.ts';

export interface ReadCsvOptions {
  /** Whether the first row has the names of the columns; default true. */
  readonly header?: boolean;
  /** The names (without a header: the positions) of the columns to read, in this order; default all. */
  readonly columns?: readonly (string | number)[] | undefined;
  /** Between cells; default a comma. */
  readonly separator?: string;
  /** Default float32. */
  readonly dtype?: DType;
}

export interface Csv {
  /** The names of the columns, or their positions without a header. */
  readonly columns: readonly (string | number)[];
  /** [rows, columns] */
  readonly data: HostArray;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const WORDS: Readonly<Record<string, number>> = {
  nan: NaN,
  inf: Infinity,
  '-inf': -Infinity,
  infinity: Infinity,
  '-infinity': -Infinity,
};

/**
 * The numbers of a CSV file, and the names of its columns. Empty lines are passed over.
 *
 * @throws VALUE for a cell that is no number of the dtype, a row of another length or an open quote, with its line; for a
 * column that is not there.
 */
export function readCsv(text: string, options: ReadCsvOptions = {}): Csv {
  const choices = readOptions<Required<ReadCsvOptions>>('readCsv', options, {
    header: true,
    columns: undefined,
    separator: ',',
    dtype: 'float32',
  });
  const { header, columns, separator, dtype } = choices;
  if (separator.length !== 1 || /["\r\n]/.test(separator)) {
    throw malformed(`the separator ${JSON.stringify(separator)} is not one letter`, "readCsv(text, { separator: ';' })");
  }
  const rows = rowsOf(text.replace(/^\uFEFF/, ''), separator);
  const [first] = rows;
  const names: readonly (string | number)[] = header ? (first?.cells ?? []) : (first?.cells ?? []).map((_, i) => i);
  const body = header ? rows.slice(1) : rows;
  const chosen = columns ?? names;
  const positions = chosen.map((name) => positionOf(name, names));
  const data = allocate(dtype, body.length * positions.length);
  let at = 0;
  for (const { cells, line } of body) {
    if (cells.length !== names.length) throw malformed(`line ${line} has ${cells.length} cells, not ${names.length}`);
    for (const position of positions) {
      data[at++] = numberOf(cells[position]!, dtype, `line ${line}, column ${String(names[position])}`);
    }
  }
  return { columns: [...chosen], data: { dtype, shape: [body.length, positions.length], data } };
}

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

function rowsOf(text: string, separator: string): Row[] {
  const rows: Row[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const start = line;
    const cells: string[] = [];
    for (;;) {
      const { cell, end } = text[at] === '"' ? quoted(text, at, line) : plain(text, at, separator);
      cells.push(cell);
      line += cell.split('\n').length - 1;
      at = end;
      if (text[at] !== separator) break;
      at++;
    }
    const lineEnd = /^(?:\r?\n|\r|$)/.exec(text.slice(at, at + 2));
    if (lineEnd === null) throw malformed(`line ${line} goes on after a closing quote`);
    at += lineEnd[0].length;
    line++;
    if (cells.length > 1 || cells[0] !== '') rows.push({ cells, line: start });
  }
  return rows;
}

interface Cell {
  readonly cell: string;
  readonly end: number;
}

function plain(text: string, at: number, separator: string): Cell {
  let end = at;
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++;
  return { cell: text.slice(at, end).trim(), end };
}

function quoted(text: string, at: number, line: number): Cell {
  let end = text.indexOf('"', at + 1);
  while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  if (end < 0) throw malformed(`the quote in line ${line} is not closed`);
  return { cell: text.slice(at + 1, end).replaceAll('""', '"'), end: end + 1 };
}

function positionOf(name: string | number, names: readonly (string | number)[]): number {
  const position = names.indexOf(name);
  if (position >= 0) return position;
  const known = names.join(', ') || 'none';
  const fix = `readCsv(text, { columns: [${JSON.stringify(names[0] ?? 'x')}] })`;
  throw malformed(`there is no column ${JSON.stringify(name)}; the columns are ${known}`, fix);
}

function numberOf(cell: string, dtype: DType, where: string): number {
  const value = NUMBER.test(cell) ? Number(cell) : WORDS[cell.toLowerCase()];
  if (value === undefined) {
    const fix = "readCsv(text, { columns: ['x', 'y'] }) // those of numbers";
    throw malformed(`${where} is ${JSON.stringify(cell)}, not a number`, fix);
  }
  checkRange(value, dtype, "readCsv(text, { dtype: 'float32' })");
  return roundTo(dtype, value);
}

function malformed(problem: string, fix = 'every row with the same cells, those with quotes or separators quoted'): HeddleError {
  return userError('VALUE', `readCsv: ${problem}`, { fix });
}
