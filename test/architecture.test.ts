/** Imports go one way, files stay small, and no cycle of imports arises at run time. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    return statSync(join(root, path)).isDirectory() ? sourceFiles(path) : path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const pattern = /^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';|^import\s+'([^']+)';/gm;
  return [...text.matchAll(pattern)].map(([, type, from, bare]) => {
    const specifier = from ?? bare ?? '';
    const to = specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier;
    return { from: file, to, typeOnly: type !== undefined };
  });
}

const files = ['compiler', 'runtime', 'src'].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);
const inFolder =
  (folder: string) =>
  (path: string): boolean =>
    path.startsWith(`${folder}/`);
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

describe('imports', () => {
  test('compiler imports nothing but itself', () => {
    const wrong = imports.filter(({ from, to }) => inFolder('compiler')(from) && !inFolder('compiler')(to));
    expect(wrong.map(show)).toEqual([]);
  });

  test('runtime imports of the compiler only program, dtype and errors', () => {
    const allowed = ['compiler/program.ts', 'compiler/dtype.ts', 'compiler/errors.ts'];
    const wrong = imports.filter(
      ({ from, to }) =>
        inFolder('runtime')(from) && !inFolder('runtime')(to) && !allowed.includes(to) && to !== '#adapter' && to !== 'webgpu',
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('only the adapter for Node names the package webgpu, and no file names Node modules outside the command line', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        (to === 'webgpu' && from !== 'runtime/adapter.node.ts') || (to.startsWith('node:') && !inFolder('src/cli')(from)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('no cycle arises at run time', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports) if (!typeOnly) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) {
        cycles.push([...path.slice(at), file].join(' -> '));
        return;
      }
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

test('no source file is longer than 400 lines, and the median is at most 150', () => {
  const lengths = files
    .filter((file) => file !== 'src/tensor-methods.ts')
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
    .sort((a, b) => a.lines - b.lines);
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(lengths[Math.floor(lengths.length / 2)]!.lines).toBeLessThanOrEqual(150);
});

test('every folder of compiler, runtime and src says why it exists', () => {
  const folders = [...new Set(files.map((file) => relative('.', dirname(file))))].filter(
    (folder) => folder.split('/').length <= 2,
  );
  const silent = folders.filter((folder) => !readdirSync(join(root, folder)).includes('README.md'));
  expect(silent).toEqual([]);
});
