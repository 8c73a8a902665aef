/** Modules, States, GraphDefs, Variables and tensors in pages, notebooks and the developer tools of browsers. */
import { DESCRIBED, describeValue } from './display-tree.ts';
import type { Shown, ShownNode } from './display-tree.ts';

/** A page opens so many levels. */
const OPEN_LEVELS = 2;

const CLASS = 'heddle-display';

/** Colours by style, for light and for dark pages. */
const COLORS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  special: ['#0550ae', '#79c0ff'],
  string: ['#0a3069', '#a5d6ff'],
  number: ['#953800', '#ffa657'],
  boolean: ['#953800', '#ffa657'],
  undefined: ['#57606a', '#8d96a0'],
};

const STYLE: string = [
  `.${CLASS}{font:13px/1.5 ui-monospace,monospace}`,
  `.${CLASS} ul{list-style:none;margin:0;padding-left:1.5em}`,
  `.${CLASS} summary{cursor:pointer}`,
  ...Object.entries(COLORS).map(([style, [light]]) => `.${CLASS} .${style}{color:${light}}`),
  '@media (prefers-color-scheme:dark){',
  ...Object.entries(COLORS).map(([style, [, dark]]) => `.${CLASS} .${style}{color:${dark}}`),
  '}',
].join('');

/**
 * The value as HTML: a tree that opens and closes, with its own style and no script, for `element.innerHTML`. Modules show their
 * fields, with the elements and bytes of their Variables by kind; what is met again is named by its path. Anything else is its
 * text. The counterpart of nnx.display.
 */
export function display(value: unknown): string {
  const content = isShown(value) ? html(describeValue(value), OPEN_LEVELS) : `<pre>${escaped(String(value))}</pre>`;
  return `<div class="${CLASS}"><style>${STYLE}</style>${content}</div>`;
}

/** An entry with its key, '' for none. */
function html(shown: Shown, open: number, key: string = ''): string {
  const label = key === '' ? '' : `${escaped(key)}: `;
  if ('text' in shown) return label + span(shown.style, shown.text);
  const { entries, close } = shown;
  const note = shown.note === '' ? '' : ` ${span('undefined', `# ${shown.note}`)}`;
  const head = label + escaped(headOf(shown));
  if (entries.length === 0) return head + escaped(close) + note;
  const items = entries.map(([name, child]) => `<li>${html(child, open - 1, name)}</li>`);
  const state = open > 0 ? ' open=""' : '';
  return `<details${state}><summary>${head}${note}</summary><ul>${items.join('')}</ul>${escaped(close)}</details>`;
}

function headOf({ name, open }: ShownNode): string {
  return name === '' || open === '({' ? name + open : `${name} ${open}`;
}

function span(style: string, text: string): string {
  return `<span class="${style}">${escaped(text)}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (letter) => ENTITIES[letter]!);
}

function isShown(value: unknown): boolean {
  return DESCRIBED.some((type) => value instanceof type);
}

/** What the developer tools draw: `[tag, attributes, ...children]`, or a text. */
export type JsonMl = string | JsonMlElement;

export interface JsonMlElement extends ReadonlyArray<JsonMl | { readonly style?: string }> {}

/** A formatter of Chrome's developer tools. */
export interface DevtoolsFormatter {
  header(value: unknown): JsonMl | null;
  hasBody(value: unknown): boolean;
  body(value: unknown): JsonMl | null;
}

/**
 * Shows the same trees in the console of Chrome, where custom formatters are enabled in the settings:
 * `globalThis.devtoolsFormatters = [nnx.devtoolsFormatter]`.
 */
export const devtoolsFormatter: DevtoolsFormatter = {
  header(value) {
    if (!isShown(value)) return null;
    const shown = describeValue(value);
    return 'text' in shown ? jsonMl(shown) : ['div', {}, shown.name, ' ', noteMl(shown)];
  },
  hasBody(value) {
    return isShown(value) && 'entries' in describeValue(value);
  },
  body(value) {
    return isShown(value) ? entriesMl(describeValue(value)) : null;
  },
};

function jsonMl(shown: Shown): JsonMl {
  if ('text' in shown) return ['span', colored(shown.style), shown.text];
  return ['span', {}, shown.name, ' ', noteMl(shown), entriesMl(shown)];
}

function entriesMl(shown: Shown): JsonMl {
  const entries = 'text' in shown ? [] : shown.entries;
  const items = entries.map(([key, child]): JsonMl => ['li', {}, key === '' ? '' : `${key}: `, jsonMl(child)]);
  return ['ul', { style: 'list-style: none; margin: 0; padding-left: 1.5em' }, ...items];
}

function noteMl({ note }: ShownNode): JsonMl {
  return ['span', colored('undefined'), note];
}

function colored(style: string): { readonly style?: string } {
  const [color] = COLORS[style] ?? [];
  return color === undefined ? {} : { style: `color: ${color}` };
}
