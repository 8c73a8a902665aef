/** Modules, States, GraphDefs, Variables and tensors in console.log and the REPL of Node, with its depth and colours. */
import { printsAs } from '../trace/printing.ts';
import { DESCRIBED, describeValue } from './display-tree.ts';
import type { Shown, ShownNode, Style } from './display-tree.ts';

type Stylize = (text: string, style: Style) => string;

/** Up to so many characters stand on one line. */
const LINE = 72;

/** The value as text; nodes deeper than `depth` are elided. */
export function consoleText(value: unknown, depth: number, stylize: Stylize = (text) => text): string {
  return render(describeValue(value), depth, stylize);
}

function render(shown: Shown, depth: number, stylize: Stylize): string {
  if ('text' in shown) return stylize(shown.text, shown.style);
  const { name, open, close, note, entries } = shown;
  if (depth < 0) return stylize(`[${name || (open === '[' ? 'Array' : 'Object')}]`, 'special');
  const space = name === '' || open === '({' ? '' : ' ';
  const start = `${name}${space}${open}`;
  if (entries.length === 0) return start + close;
  const line = oneLine(shown);
  if (line !== null && line.length <= LINE) return rendered(start, close, entries, ' ', ', ', stylize);
  const body = entries.map(([key, value]) => keyed(key, render(value, depth - 1, stylize)).replaceAll('\n', '\n  '));
  const comment = note === '' ? '' : ` ${stylize(`# ${note}`, 'undefined')}`;
  return `${start}${comment}\n  ${body.join(',\n  ')}\n${close}`;
}

/** A node of texts alone, without a note, as one line. */
function oneLine({ name, open, close, note, entries }: ShownNode): string | null {
  if (note !== '' || open === '({' || entries.some(([, value]) => !('text' in value))) return null;
  return rendered(`${name} ${open}`, close, entries, ' ', ', ', (text) => text);
}

function rendered(
  start: string,
  close: string,
  entries: ShownNode['entries'],
  edge: string,
  between: string,
  stylize: Stylize,
): string {
  return start + edge + entries.map(([key, value]) => keyed(key, render(value, 0, stylize))).join(between) + edge + close;
}

function keyed(key: string, text: string): string {
  return key === '' ? text : `${key}: ${text}`;
}

for (const type of DESCRIBED) printsAs(type, consoleText);
