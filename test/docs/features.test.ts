/** FEATURES.md lists what there is, name by name. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lax, nn, nnx, np, random } from '../../src/index.ts';

const text = readFileSync(new URL('../../FEATURES.md', import.meta.url), 'utf8');
const namespaces: Readonly<Record<string, object>> = { np, lax, nn, random, nnx };

/** The names in the paragraph that starts with `label`, in the section of a namespace. */
function listed(namespace: string, label: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`\`${namespace}\` against`)) ?? '';
  const paragraph = section.split('\n\n').find((part) => part.startsWith(`${label}:`)) ?? '';
  return [...paragraph.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
}

describe.each(Object.keys(namespaces))('FEATURES.md on %s', (namespace) => {
  const existing = Object.keys(namespaces[namespace]!);
  const [here, only, missing] = ['Here', 'Only here', 'Missing'].map((label) => listed(namespace, label)) as [string[], string[], string[]];

  test('lists what exists, and nothing else', () => {
    expect([...here, ...only].sort()).toEqual(existing.toSorted());
  });

  test('lists as missing what does not exist', () => {
    expect(missing.length).toBeGreaterThan(0);
    expect(missing.filter((name) => existing.includes(name))).toEqual([]);
    expect(new Set(missing).size).toBe(missing.length);
  });
});
