/** A progress bar: one line of a terminal, rewritten at most ten times a second; silent where no terminal reads it. */
import { readOptions } from '../options.ts';
import { describeValue } from '../trace/literal.ts';
import { checkCount, clock, columnsOf, cutTo, notNumber, oneLine, shortNumber } from './text.ts';

/** What the bar is written to, such as `process.stderr`. */
export interface ProgressStream {
  /** Without it nothing is written. */
  readonly isTTY?: boolean;
  /** The width of the terminal; 80 when it is not known. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** The state of the work, for pages and logs. */
export interface ProgressReport {
  readonly label: string;
  readonly step: number;
  readonly total: number;
  /** Steps a second lately, or null before that is known. */
  readonly rate: number | null;
  /** Seconds that the remaining steps take at this rate, or null. */
  readonly remaining: number | null;
  readonly values: Readonly<Record<string, number>>;
  readonly done: boolean;
}

export interface ProgressOptions {
  /** How many steps there are. */
  readonly total: number;
  /** Written before the bar. */
  readonly label?: string;
  /** The steps that were done before, in a run that is continued; default 0. */
  readonly start?: number;
  /** Default the process's stderr; in a browser there is none. */
  readonly stream?: ProgressStream | undefined;
  /** Told whenever the bar is due to be drawn, also where nothing is drawn. */
  readonly onUpdate?: ((report: ProgressReport) => void) | undefined;
}

/** Milliseconds between two drawings. */
const INTERVAL = 100;
/** The rate is that of the last milliseconds of this number. */
const WINDOW = 10_000;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 5;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const ERASE_LINE = '\r\u001B[K';
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';

/**
 * Shows how far the work is: `train ███████▌       500/1000  50%  120/s  0:04 left  loss 0.1234`.
 *
 *     const bar = new Progress({ total: 1000, label: 'train' });
 *     for (let step = 1; step <= 1000; step++) bar.update(step, { loss: await train().item() });
 *     bar.end();
 *
 * `using bar = new Progress(...)` ends it however the block is left. The cursor is hidden during a write only, so an interrupted
 * program leaves it as it was.
 */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #stream: ProgressStream | null;
  readonly #onUpdate: ((report: ProgressReport) => void) | undefined;
  /** What was known at the drawings in the window, the oldest first. */
  #drawn: { readonly time: number; readonly step: number }[];
  #step: number;
  /** The bar does not grow back, or it would tremble with the length of the numbers. */
  #room: number = WIDEST_BAR;
  #values: Readonly<Record<string, number>> = {};
  #ended = false;

  /** @throws VALUE for a total or start that is no count. */
  constructor(options: ProgressOptions) {
    const choices = readOptions<Required<ProgressOptions>>('Progress', options, {
      total: 0,
      label: '',
      start: 0,
      stream: undefined,
      onUpdate: undefined,
    });
    checkCount('Progress', 'total', choices.total, 1);
    checkCount('Progress', 'start', choices.start, 0);
    const stream = choices.stream ?? standardError();
    this.#label = oneLine(choices.label);
    this.#total = choices.total;
    this.#step = choices.start;
    this.#stream = stream?.isTTY === true ? stream : null;
    this.#onUpdate = choices.onUpdate;
    this.#drawn = [{ time: performance.now(), step: choices.start }];
  }

  /**
   * `step` steps are done; `values` (losses and the like) stand beside the bar.
   *
   * @throws VALUE for a step that is no count, and for values that are no numbers.
   */
  update(step: number, values: Readonly<Record<string, number>> = {}): void {
    checkCount('Progress.update', 'step', step, 0);
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== 'number') throw notNumber('Progress.update', name, describeValue(value));
    }
    this.#step = step;
    this.#values = { ...this.#values, ...values };
    const now = performance.now();
    const due = this.#drawn.length === 1 || now - this.#drawn.at(-1)!.time >= INTERVAL;
    if (due && !this.#ended) this.#draw(now);
  }

  /** console.log above the bar. */
  log(message: string): void {
    this.#stream?.write(ERASE_LINE);
    console.log(message);
    if (!this.#ended) this.#stream?.write(this.#line());
  }

  /** Draws the last state and leaves the line. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#draw(performance.now());
    this.#stream?.write('\n');
  }

  [Symbol.dispose](): void {
    this.end();
  }

  #draw(time: number): void {
    const recent = this.#drawn.filter((before) => time - before.time <= WINDOW);
    this.#drawn = [...(recent.length === 0 ? this.#drawn.slice(-1) : recent), { time, step: this.#step }];
    this.#onUpdate?.(this.#report());
    this.#stream?.write(`${HIDE_CURSOR}${ERASE_LINE}${this.#line()}${SHOW_CURSOR}`);
  }

  #report(): ProgressReport {
    const [first, last] = [this.#drawn[0]!, this.#drawn.at(-1)!];
    const [steps, milliseconds] = [last.step - first.step, last.time - first.time];
    const rate = steps > 0 && milliseconds > 0 ? (1000 * steps) / milliseconds : null;
    const remaining = rate === null ? null : Math.max(0, this.#total - this.#step) / rate;
    return { label: this.#label, step: this.#step, total: this.#total, rate, remaining, values: this.#values, done: this.#ended };
  }

  /** One column less than there are: in the last one terminals may begin a new line. */
  #line(): string {
    const { label, step, total, rate, remaining, values } = this.#report();
    // Terminals that were never given a size say 0.
    const columns = (this.#stream?.columns || 80) - 1;
    const fraction = Math.min(1, step / total);
    const facts = [
      `${step}/${total}`,
      `${Math.floor(100 * fraction)}%`,
      ...(rate === null ? [] : [`${shortNumber(Number(rate.toPrecision(3)))}/s`]),
      ...(remaining === null || remaining === 0 ? [] : [`${clock(remaining)} left`]),
      ...Object.entries(values).map(([name, value]) => `${oneLine(name)} ${shortNumber(value)}`),
    ].join('  ');
    const start = label === '' ? '' : `${label} `;
    const room = Math.min(this.#room, columns - columnsOf(start) - columnsOf(facts) - 1);
    if (room < NARROWEST_BAR) return cutTo(columns, start + facts);
    this.#room = room;
    return `${start}${bar(fraction, room)} ${facts}`;
  }
}

function bar(fraction: number, columns: number): string {
  const eighths = Math.floor(fraction * columns * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  return (full + EIGHTHS[eighths % 8]!).padEnd(columns, '░');
}

function standardError(): ProgressStream | undefined {
  return (globalThis as { process?: { stderr?: ProgressStream } }).process?.stderr;
}
