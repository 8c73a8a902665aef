/** A strict reader of the part of XML that SVG is made of: it throws at whatever is not well-formed. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const ENTITIES: Readonly<Record<string, string>> = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" };
const NAME = '[A-Za-z_][\\w.-]*';
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}="[^"<]*")*)\\s*(/?)>|([^<]+)`, 'y');

/** The root element. @throws SyntaxError */
export function parseXml(text: string): Element {
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text)) fail('a character that XML does not have');
  const root = { name: '', attributes: {}, children: [] as (Element | string)[] };
  const open: { name: string; attributes: Record<string, string>; children: (Element | string)[] }[] = [root];
  TAG.lastIndex = 0;
  while (TAG.lastIndex < text.length) {
    const start = TAG.lastIndex;
    const [, closing, name, attributes, empty, content] = TAG.exec(text) ?? fail(`at ${start}: ${text.slice(start, start + 40)}`);
    const parent = open.at(-1)!;
    if (content !== undefined) parent.children.push(unescaped(content));
    else if (closing === '/') {
      if (parent.name !== name || open.length === 1) fail(`</${name}> ends <${parent.name}>`);
      open.pop();
    } else {
      const element = { name: name!, attributes: attributesOf(attributes!), children: [] };
      parent.children.push(element);
      if (empty === '') open.push(element);
    }
  }
  const [only] = root.children;
  if (open.length > 1 || root.children.length !== 1 || typeof only !== 'object') return fail('there is not one element, closed');
  return only;
}

function attributesOf(text: string): Record<string, string> {
  const found = [...text.matchAll(/([\w.-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, unescaped(value!)] as const);
  if (new Set(found.map(([name]) => name)).size < found.length) fail(`an attribute twice:${text}`);
  return Object.fromEntries(found);
}

function unescaped(text: string): string {
  return text.replaceAll(/&(\w*;)?/g, (whole, name: string = '') => ENTITIES[name] ?? fail(whole));
}

function fail(problem: string): never {
  throw new SyntaxError(problem);
}
