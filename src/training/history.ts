/** History: numbers by step, such as losses and accuracies, which can be kept and drawn. */
import type { HeddleError } from '../../compiler/errors.ts';
import { readOptions } from '../options.ts';
import { describeValue } from '../trace/literal.ts';
import { printsItself } from '../trace/printing.ts';
import { userError } from '../trace/user-error.ts';
import { textChart } from './chart.ts';
import type { ChartLayout, ChartOptions } from './chart.ts';
import { SCALES } from './plot.ts';
import type { PlotOptions, Point, Scale, Series } from './plot.ts';
import { svgChart } from './svg.ts';
import type { SvgLayout, SvgOptions } from './svg.ts';
import { checkCount, notNumber, shortNumber } from './text.ts';

/** A series as JSON has it; values without a number in JSON stand as texts. */
export interface SeriesData {
  readonly steps: readonly number[];
  readonly values: readonly (number | 'NaN' | 'Infinity' | '-Infinity')[];
}

/** A history as plain data for JSON. */
export interface HistoryData {
  readonly format: 'heddle history 1';
  readonly series: Readonly<Record<string, SeriesData>>;
}

const FORMAT = 'heddle history 1';

/**
 *     const history = new History();
 *     history.record(step, { loss: await loss.item<number>() });
 *     console.log(history.chart());
 */
export class History {
  readonly #series = new Map<string, Point[]>();

  /**
   * Notes the values of a step. A value that is not finite is noted too, and charts name it.
   *
   * @throws VALUE for a step that is no count, or not after the last one of a series; for values that are no numbers.
   */
  record(step: number, values: Readonly<Record<string, number>>): void {
    checkCount('History.record', 'step', step, 0);
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== 'number') throw notNumber('History.record', name, describeValue(value));
      const last = this.#series.get(name)?.at(-1);
      if (last === undefined || last.step < step) continue;
      throw userError('VALUE', `History.record: '${name}' has a value at step ${last.step} already, and steps go up: ${step}`, {
        fix: `history.rewind(${step}); // forgets step ${step} and those after it`,
      });
    }
    for (const [name, value] of Object.entries(values)) {
      const points = this.#series.get(name) ?? [];
      points.push({ step, value });
      this.#series.set(name, points);
    }
  }

  /** Forgets `step` and what came after it: for a run that continues from an earlier checkpoint. */
  rewind(step: number): void {
    checkCount('History.rewind', 'step', step, 0);
    for (const [name, points] of this.#series) {
      const kept = points.filter((point) => point.step < step);
      if (kept.length === 0) this.#series.delete(name);
      else this.#series.set(name, kept);
    }
  }

  /** The names of the series, in the order in which they were first recorded. */
  get names(): string[] {
    return [...this.#series.keys()];
  }

  /** The points of a series. @throws VALUE for a name that was not recorded. */
  get(name: string): readonly Point[] {
    const points = this.#series.get(name);
    if (points === undefined) throw this.#unknown('History.get', name);
    return [...points];
  }

  /** The last value of a series. @throws VALUE for a name that was not recorded. */
  last(name: string): number {
    return this.get(name).at(-1)!.value;
  }

  /**
   * The series as a chart for a terminal, which names the values that it cannot draw.
   *
   * @throws VALUE for a series that was not recorded, for another scale, and for a width below 24 or a height below 3.
   */
  chart(options: ChartOptions = {}): string {
    const defaults = { ...PLOT_DEFAULTS, width: 72, height: 12, color: false };
    const { series, ...layout } = readOptions<ChartLayout & Chosen>('History.chart', options, defaults);
    checkScale('History.chart', layout.scale);
    checkCount('History.chart', 'width', layout.width, 24);
    checkCount('History.chart', 'height', layout.height, 3);
    return textChart(this.#chosen('History.chart', series), layout);
  }

  /**
   * The series as a self-contained SVG element, for a file or a page.
   *
   * @throws VALUE for a series that was not recorded, for another scale, and for a side of less than 160 pixels.
   */
  svg(options: SvgOptions = {}): string {
    const defaults = { ...PLOT_DEFAULTS, width: 720, height: 400 };
    const { series, ...layout } = readOptions<SvgLayout & Chosen>('History.svg', options, defaults);
    checkScale('History.svg', layout.scale);
    checkCount('History.svg', 'width', layout.width, 160);
    checkCount('History.svg', 'height', layout.height, 160);
    return svgChart(this.#chosen('History.svg', series), layout);
  }

  /** For JSON.stringify; `History.from(JSON.parse(text))` is the way back. */
  toJSON(): HistoryData {
    const entries = [...this.#series].map(([name, points]): [string, SeriesData] => {
      const values = points.map(({ value }) => (Number.isFinite(value) ? value : textOf(value)));
      return [name, { steps: points.map(({ step }) => step), values }];
    });
    return { format: FORMAT, series: Object.fromEntries(entries) };
  }

  /** The history of which this is the JSON. @throws VALUE for anything else. */
  static from(data: unknown): History {
    const { format, series } = (data ?? {}) as Partial<HistoryData>;
    if (format !== FORMAT || typeof series !== 'object' || series === null) throw notHistory(`its format is ${String(format)}`);
    const history = new History();
    for (const [name, { steps, values }] of Object.entries(series)) {
      if (!Array.isArray(steps) || !Array.isArray(values) || steps.length !== values.length) {
        throw notHistory(`the steps and values of '${name}' are no lists of one length`);
      }
      steps.forEach((step: number, i) => history.record(step, { [name]: numberOf(name, values[i]) }));
    }
    return history;
  }

  toString(): string {
    const series = this.#all().map(({ name, points }) => {
      const last = points.at(-1)!;
      return `${name}: ${points.length} values, ${shortNumber(last.value)} at step ${last.step}`;
    });
    return `History(${series.join('; ')})`;
  }

  #all(): Series[] {
    return [...this.#series].map(([name, points]) => ({ name, points }));
  }

  #chosen(call: string, names: readonly string[] | undefined): Series[] {
    const unknown = names?.find((name) => !this.#series.has(name));
    if (unknown !== undefined) throw this.#unknown(call, unknown);
    return names?.map((name) => ({ name, points: this.#series.get(name)! })) ?? this.#all();
  }

  #unknown(call: string, name: string): HeddleError {
    const known = this.names.map((other) => `'${other}'`).join(', ') || 'none';
    return userError('VALUE', `${call}: there is no series '${name}'; the series are ${known}`, {
      fix: `history.record(step, { ${name}: value })`,
    });
  }
}

type Chosen = Pick<Required<PlotOptions>, 'series'>;

const PLOT_DEFAULTS: Required<PlotOptions> = { title: '', series: undefined, scale: 'linear' };

function checkScale(call: string, scale: Scale): void {
  if (SCALES.includes(scale)) return;
  const problem = `${call}: ${describeValue(scale)} is not a scale; the scales are ${SCALES.join(', ')}`;
  throw userError('VALUE', problem, { fix: "{ scale: 'log' }" });
}

function textOf(value: number): 'NaN' | 'Infinity' | '-Infinity' {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  throw notHistory(`a value of '${name}' is ${describeValue(value)}`);
}

function notHistory(problem: string): HeddleError {
  return userError('VALUE', `History.from: this is not the JSON of a history: ${problem}`, {
    fix: 'History.from(JSON.parse(JSON.stringify(history)))',
  });
}

printsItself(History);
