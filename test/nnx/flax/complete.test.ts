/** Every behaviour that Flax tests has a test of its name here, or a line that says why it cannot. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const names = read('names.txt').split('\n').filter((line) => line.startsWith('test_'));

/** Lines such as "- `test_name`: why". */
const absent = [...read('../flax-behaviours.md').matchAll(/^- `(test_[\w*]+)`: \S/gm)].map(([, name]) => name!);

const files = readdirSync(new URL('../..', import.meta.url), { recursive: true, encoding: 'utf8' });
const titles = files.filter((file) => file.endsWith('.test.ts')).flatMap((file) =>
  [...read(`../../${file}`).matchAll(/\b(?:test|it)\(\s*['"`](test_\w+)/g)].map(([, name]) => name!),
);
const isTested = (name: string): boolean => {
  const pattern = new RegExp(`^${name.replaceAll('*', '\\w+')}$`);
  return titles.some((title) => pattern.test(title));
};

test('every name has a test or a reason', () => {
  expect(names.filter((name) => !isTested(name) && !absent.includes(name))).toEqual([]);
});

test('no name has both, and each is listed once', () => {
  expect(absent.filter((name) => isTested(name) || !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(absent).size).toBe(absent.length);
});
