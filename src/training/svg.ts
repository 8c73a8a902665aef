/** A chart as SVG: one self-contained element, readable on light and dark pages. */
import { layOut } from './plot.ts';
import type { Plot, PlotOptions, Point, Scale, Series } from './plot.ts';
import { columnsOf, oneLine, shortNumber } from './text.ts';

export interface SvgOptions extends PlotOptions {
  /** In pixels; default 720. */
  readonly width?: number;
  /** In pixels; default 400. */
  readonly height?: number;
}

export interface SvgLayout {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly scale: Scale;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Told apart by people with any colour vision (Okabe and Ito), and visible on white and on black. */
const COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00'];
const LINE = 18;
const LETTER = 7;
const ATTRIBUTES = 'role="img" font-family="system-ui,sans-serif" font-size="12"';

/** The element may stand in a page, whose own classes it must not touch. */
const PREFIX = 'heddle-';

const STYLE = `
.page{fill:#fff}.ink{fill:#24292f}.faint{fill:#57606a}.grid{stroke:#d0d7de}.axis{stroke:#57606a}
.line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
.missing{stroke:#cf222e;stroke-width:1.5}.bad{fill:#cf222e}
@media (prefers-color-scheme:dark){
.page{fill:#0d1117}.ink{fill:#e6edf3}.faint{fill:#8d96a0}.grid{stroke:#30363d}.axis{stroke:#8d96a0}
.missing{stroke:#ff7b72}.bad{fill:#ff7b72}
}
`.replaceAll(/\.(?=[a-z]+\{)/g, `.${PREFIX}`);

export function svgChart(series: readonly Series[], { width, height, title, scale }: SvgLayout): string {
  const plot = layOut(series, scale, { x: Math.floor(width / 90), y: Math.floor(height / 60), places: width });
  const widest = Math.max(0, ...plot.values.ticks.map(({ label }) => label.length));
  const box: Box = {
    left: 16 + LETTER * widest,
    right: width - 16,
    top: (title === '' ? 8 : 8 + LINE) + 2 * LINE,
    bottom: height - 2 * LINE - LINE * plot.notes.length - 4,
  };
  const name = title === '' ? series.map((one) => one.name).join(', ') || 'no values' : title;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${ATTRIBUTES}>`,
    `<title>${escaped(name)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="${PREFIX}page" width="${width}" height="${height}" rx="6"/>`,
    ...(title === '' ? [] : [text(16, 8 + LINE, title, 'ink', ' font-weight="600"')]),
    ...legend(series, box.top - LINE),
    ...axes(plot, box),
    ...plot.runs.map((runs, i) => path(runs, plot, box, COLORS[i % COLORS.length]!)),
    ...plot.missing.flatMap((points, i) => points.map((point) => missingMark(series[i]!.name, point, plot, box))),
    ...plot.notes.map((note, i) => text(16, height - 8 - LINE * (plot.notes.length - 1 - i), note, 'bad')),
    '</svg>',
  ].join('\n');
}

function legend(series: readonly Series[], y: number): string[] {
  let x = 16;
  return series.map(({ name, points }, i) => {
    const last = points.at(-1);
    const label = last === undefined ? name : `${name} ${shortNumber(last.value)}`;
    const at = x;
    x += 28 + LETTER * columnsOf(oneLine(label)) + 16;
    const swatch = `<path class="${PREFIX}line" stroke="${COLORS[i % COLORS.length]}" d="M${at} ${y - 4}h20"/>`;
    return swatch + text(at + 28, y, label, 'ink');
  });
}

function axes({ steps, values }: Plot, box: Box): string[] {
  const { left, right, top, bottom } = box;
  const across = steps.ticks.map(({ value, label }) => {
    const x = xOf(steps.place(value), box);
    const tick = `<path class="${PREFIX}axis" d="M${x} ${bottom}v5"/>`;
    return tick + text(x, bottom + LINE, label, 'faint', ' text-anchor="middle"');
  });
  const up = values.ticks.map(({ value, label }) => {
    const y = yOf(values.place(value), box);
    const line = `<path class="${PREFIX}grid" d="M${left} ${y}H${right}"/>`;
    return line + text(left - 8, y + 4, label, 'faint', ' text-anchor="end"');
  });
  const caption = text(right, bottom + 2 * LINE - 4, 'step', 'faint', ' text-anchor="end"');
  return [...up, `<path class="${PREFIX}axis" fill="none" d="M${left} ${top}V${bottom}H${right}"/>`, ...across, caption];
}

/** A single point between gaps is a dot: a line of no length with round ends. */
function path(runs: readonly (readonly Point[])[], plot: Plot, box: Box, color: string): string {
  const at = ({ step, value }: Point): string => `${xOf(plot.steps.place(step), box)} ${yOf(plot.values.place(value), box)}`;
  const d = runs.map((run) => (run.length === 1 ? `M${at(run[0]!)}h0` : `M${run.map(at).join('L')}`)).join('');
  return `<path class="${PREFIX}line" stroke="${color}" d="${d}"/>`;
}

/** A stroke on the axis, where a value has no place. */
function missingMark(name: string, { step, value }: Point, { steps }: Plot, box: Box): string {
  const x = xOf(steps.place(step), box);
  const title = escaped(`${name}: ${shortNumber(value)} at step ${step}`);
  return `<path class="${PREFIX}missing" d="M${x} ${box.bottom}v-8"><title>${title}</title></path>`;
}

function xOf(place: number, { left, right }: Box): number {
  return rounded(left + place * (right - left));
}

function yOf(place: number, { top, bottom }: Box): number {
  return rounded(bottom - place * (bottom - top));
}

function rounded(pixels: number): number {
  return Number(pixels.toFixed(2));
}

function text(x: number, y: number, content: string, kind: string, attributes: string = ''): string {
  return `<text class="${PREFIX}${kind}" x="${x}" y="${y}"${attributes}>${escaped(content)}</text>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for XML, which has no place for control characters, even escaped. */
function escaped(content: string): string {
  return oneLine(content).replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD').replaceAll(/[&<>"]/g, (letter) => ENTITIES[letter]!);
}
