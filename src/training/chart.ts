/** A chart as text: lines of braille dots, or one mark per series where several have to be told apart without colours. */
import { layOut } from './plot.ts';
import type { Axis, Plot, PlotOptions, Point, Scale, Series } from './plot.ts';
import { columnsOf, oneLine, shortNumber } from './text.ts';

export interface ChartOptions extends PlotOptions {
  /** Characters of a line; default 72. */
  readonly width?: number;
  /** Lines between the axes; default 12. */
  readonly height?: number;
  /** Tells series apart by ANSI colours in place of marks. */
  readonly color?: boolean;
}

export interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly scale: Scale;
  readonly color: boolean;
}

const MARKS = ['•', '×', '○', '+', '▪', '△'];
const COLORS = [34, 33, 32, 35, 36, 31];
/** The owner of an empty cell. */
const NOBODY = -1;
/** The bit of a dot in a braille character, by row and column. */
const BRAILLE = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];

export function textChart(series: readonly Series[], { width, height, title, scale, color }: ChartLayout): string {
  const dots = color || series.length === 1;
  const plot = layOut(series, scale, { x: Math.floor(width / 14), y: Math.floor(height / 3), places: 2 * width });
  const labels = labelsByRow(plot.values, height);
  const gutter = Math.max(0, ...[...labels.values()].map((label) => label.length));
  const columns = Math.max(1, width - gutter - 2);
  const canvas = new Canvas(columns, height, dots ? { x: 2, y: 4 } : { x: 1, y: 1 });
  plot.runs.forEach((runs, owner) => {
    for (const run of runs) drawRun(canvas, run, plot, owner);
  });
  const mark = (owner: number): string => MARKS[owner % MARKS.length]!;
  const paint = (text: string, owner: number): string =>
    color ? `\u001B[${COLORS[owner % COLORS.length]}m${text}\u001B[39m` : text;
  const rows = Array.from({ length: height }, (_, row) => {
    const label = labels.get(row);
    const axis = `${(label ?? '').padStart(gutter)} ${label === undefined ? '│' : '┤'}`;
    const cells = canvas.runs(row).map(({ bits, owner }) => {
      if (owner === NOBODY) return ' '.repeat(bits.length);
      return paint(dots ? String.fromCharCode(...bits.map((bit) => 0x2800 + bit)) : mark(owner).repeat(bits.length), owner);
    });
    return (axis + cells.join('')).trimEnd();
  });
  const legend = series.map(({ name, points }, owner) => {
    const key = color ? paint('━', owner) : dots ? '' : mark(owner);
    const last = points.at(-1);
    return [key, oneLine(name), last === undefined ? '' : shortNumber(last.value)].filter((part) => part !== '').join(' ');
  });
  const heading = [oneLine(title), legend.join('   ')].filter((part) => part !== '').join('   ');
  return [heading, ...rows, ...stepAxis(plot.steps, gutter, columns), ...plot.notes.map(oneLine)].join('\n');
}

/** Cells of dots. A cell belongs to the series that drew in it last. */
class Canvas {
  readonly width: number;
  readonly height: number;
  readonly #columns: number;
  readonly #dots: { readonly x: number; readonly y: number };
  readonly #bits: Uint8Array;
  readonly #owners: Int32Array;

  constructor(columns: number, rows: number, dots: { readonly x: number; readonly y: number }) {
    this.width = columns * dots.x;
    this.height = rows * dots.y;
    this.#columns = columns;
    this.#dots = dots;
    this.#bits = new Uint8Array(columns * rows);
    this.#owners = new Int32Array(columns * rows).fill(NOBODY);
  }

  set(x: number, y: number, owner: number): void {
    const { x: across, y: down } = this.#dots;
    const cell = Math.floor(y / down) * this.#columns + Math.floor(x / across);
    this.#bits[cell]! |= BRAILLE[(y % down) * 2 + (x % across)]!;
    this.#owners[cell] = owner;
  }

  /** The cells of a row, those of one series side by side together. */
  runs(row: number): { readonly owner: number; readonly bits: number[] }[] {
    const runs: { readonly owner: number; readonly bits: number[] }[] = [];
    for (let cell = row * this.#columns; cell < (row + 1) * this.#columns; cell++) {
      const owner = this.#owners[cell]!;
      if (runs.at(-1)?.owner !== owner) runs.push({ owner, bits: [] });
      runs.at(-1)!.bits.push(this.#bits[cell]!);
    }
    return runs;
  }
}

/** A line through the points; a single point is a dot. */
function drawRun(canvas: Canvas, run: readonly Point[], { steps, values }: Plot, owner: number): void {
  const at = ({ step, value }: Point): [x: number, y: number] => [
    Math.round(steps.place(step) * (canvas.width - 1)),
    Math.round((1 - values.place(value)) * (canvas.height - 1)),
  ];
  let [x, y] = at(run[0]!);
  for (const point of run) {
    const [toX, toY] = at(point);
    const length = Math.max(Math.abs(toX - x), Math.abs(toY - y));
    for (let i = 0; i <= length; i++) {
      const along = length === 0 ? 0 : i / length;
      canvas.set(Math.round(x + along * (toX - x)), Math.round(y + along * (toY - y)), owner);
    }
    [x, y] = [toX, toY];
  }
}

function labelsByRow({ ticks, place }: Axis, height: number): Map<number, string> {
  return new Map(ticks.map(({ value, label }) => [Math.round((1 - place(value)) * (height - 1)), label]));
}

/** The axis with its ticks, and the labels below; a label that would touch the one before is left out. */
function stepAxis({ ticks, place }: Axis, gutter: number, columns: number): string[] {
  const line = Array.from({ length: columns }, () => '─');
  let labels = ' '.repeat(gutter + 2);
  for (const { value, label } of ticks) {
    const column = Math.round(place(value) * (columns - 1));
    line[column] = '┬';
    const start = Math.min(gutter + 2 + column - Math.floor(label.length / 2), gutter + 2 + columns - label.length);
    if (columnsOf(labels.trimEnd()) < start) labels = labels.trimEnd().padEnd(start) + label;
  }
  return [`${' '.repeat(gutter)} └${line.join('')}`, labels];
}
