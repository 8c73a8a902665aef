/** JSON as files must have it: an object, each key once. JSON.parse takes the last of two equal keys in silence. */

/** @throws SyntaxError for what is no JSON, no object, or has a key twice. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new SyntaxError('it is no object');
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new SyntaxError(`the key ${twice} is there twice`);
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key that an object of the valid JSON text has twice. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const key = JSON.parse(string) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return string;
      keys.add(key);
    }
  }
  return undefined;
}
