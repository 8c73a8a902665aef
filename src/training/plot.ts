/** What charts have in common: axes, runs of points without gaps, and words for what cannot be drawn. */
import { shortNumber } from './text.ts';

export interface Point {
  readonly step: number;
  readonly value: number;
}

export interface Series {
  readonly name: string;
  /** In order of steps. */
  readonly points: readonly Point[];
}

export const SCALES = ['linear', 'log'] as const;

export type Scale = (typeof SCALES)[number];

export interface PlotOptions {
  /** Names of series; default all. */
  readonly series?: readonly string[] | undefined;
  /** Written above. */
  readonly title?: string;
  /** Of the values; `log` shows positive ones. */
  readonly scale?: Scale;
}

export interface Axis {
  readonly ticks: readonly Tick[];
  /** From 0 at the low end to 1 at the high end. */
  place(value: number): number;
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

export interface Plot {
  readonly steps: Axis;
  readonly values: Axis;
  /** For each series its points between gaps. */
  readonly runs: readonly (readonly (readonly Point[])[])[];
  /** For each series the points that have no place. */
  readonly missing: readonly (readonly Point[])[];
  /** A line for each series with such points. */
  readonly notes: readonly string[];
}

/** How much a drawing can show. */
export interface Detail {
  /** About so many ticks along the steps, */
  readonly x: number;
  /** and along the values. */
  readonly y: number;
  /** Different places along the steps. */
  readonly places: number;
}

export function layOut(series: readonly Series[], scale: Scale, { x, y, places }: Detail): Plot {
  const hasPlace = ({ value }: Point): boolean => Number.isFinite(value) && (scale === 'linear' || value > 0);
  const missing = series.map(({ points }) => points.filter((point) => !hasPlace(point)));
  const all = series.flatMap(({ points }) => points);
  const steps = axisOf(rangeOf(all.map(({ step }) => step)), 'linear', x);
  return {
    steps,
    values: axisOf(rangeOf(all.filter(hasPlace).map(({ value }) => value)), scale, y),
    runs: series.map(({ points }) => runsOf(points, hasPlace).map((run) => thinned(run, steps, places))),
    missing,
    notes: series.flatMap(({ name }, i) => noteOf(name, missing[i]!)),
  };
}

function rangeOf(numbers: readonly number[]): [low: number, high: number] {
  return numbers.reduce<[number, number]>(([low, high], n) => [Math.min(low, n), Math.max(high, n)], [Infinity, -Infinity]);
}

function axisOf([low, high]: [low: number, high: number], scale: Scale, count: number): Axis {
  if (low > high) return { ticks: [], place: () => 0 };
  const largest = Math.max(Math.abs(low), Math.abs(high));
  // In units of the largest value no difference overflows.
  const measure = scale === 'log' ? Math.log10 : (value: number): number => value / largest;
  const [from, to] = [measure(low), measure(high)];
  if (low === high || from === to) return { ticks: [tickOf(low, 4)], place: () => 0.5 };
  const values = scale === 'log' ? logTicks(low, high, count) : linearTicks(low, high, count);
  const apart = Math.min(...values.slice(1).map((value, i) => value / largest - values[i]! / largest));
  const digits = Math.min(15, Math.ceil(1 - Math.log10(Math.min(1, apart))));
  return { ticks: values.map((value) => tickOf(value, digits)), place: (value) => (measure(value) - from) / (to - from) };
}

/** So many digits that ticks differ. */
function tickOf(value: number, digits: number): Tick {
  return { value, label: String(Number(value.toPrecision(Math.max(4, digits)))) };
}

/** Multiples of 1, 2 or 5 times a power of ten; the ends, where numbers have too few digits for that. */
function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  if (!(step > 0) || step === Infinity) return [low, high];
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten, not all of them where there are many; over less than a decade as on a linear axis. */
function logTicks(low: number, high: number, count: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  if (last - first < 1) return linearTicks(low, high, count).filter((value) => value > 0);
  const stride = Math.ceil((last - first + 1) / Math.max(1, count));
  return Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, i) => 10 ** (first + i * stride));
}

function runsOf(points: readonly Point[], hasPlace: (point: Point) => boolean): Point[][] {
  const runs: Point[][] = [];
  points.forEach((point, i) => {
    if (!hasPlace(point)) return;
    const before = points[i - 1];
    if (before === undefined || !hasPlace(before)) runs.push([]);
    runs.at(-1)!.push(point);
  });
  return runs;
}

/** Of many points at one place the first, the lowest, the highest and the last: a drawing shows no more. */
function thinned(run: readonly Point[], { place }: Axis, places: number): Point[] {
  const cells = new Map<number, Point[]>();
  for (const point of run) {
    const cell = Math.floor(place(point.step) * places);
    const others = cells.get(cell);
    if (others === undefined) cells.set(cell, [point]);
    else others.push(point);
  }
  return [...cells.values()].flatMap((points) => {
    if (points.length <= 4) return points;
    const by = (better: (a: number, b: number) => boolean): Point =>
      points.reduce((best, point) => (better(point.value, best.value) ? point : best));
    const kept = [points[0]!, by((a, b) => a < b), by((a, b) => a > b), points.at(-1)!];
    return [...new Set(kept)].sort((a, b) => a.step - b.step);
  });
}

const NAMED = 3;

function noteOf(name: string, missing: readonly Point[]): string[] {
  if (missing.length === 0) return [];
  const named = missing.slice(0, NAMED).map(({ step, value }) => `${shortNumber(value)} at step ${step}`);
  const rest = missing.length > NAMED ? [`${missing.length - NAMED} more up to step ${missing.at(-1)!.step}`] : [];
  return [`${name}: not drawn: ${[...named, ...rest].join(', ')}`];
}
