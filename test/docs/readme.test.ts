/** The programs of the README and of docs/ compile and run, from the build, as a user's would, and print what stands below them. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Inside the package, so that `import 'heddle'` finds it by its own name. */
const folder = `${root}dist/readme/`;

const pages = ['README.md', ...readdirSync(`${root}docs`).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

/** Programs, each with the text that a block of `text` after it shows. */
const blocks = pages.flatMap((page) => {
  const fenced = [...readFileSync(root + page, 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  return fenced.flatMap(([, language, code], i) => {
    const next = fenced[i + 1];
    return language === 'ts' ? [{ page, code: code!, printed: next?.[1] === 'text' ? next[2]! : '' }] : [];
  });
});
const fileOf = (i: number): string => `${folder}block-${i}.ts`;

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  blocks.forEach(({ code }, i) => writeFileSync(fileOf(i), code));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the README has programs', () => {
  expect(blocks.filter(({ page }) => page === 'README.md').length).toBeGreaterThan(1);
});

test('they pass the type checker', () => {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node', '@webgpu/types'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const program = ts.createProgram(
    blocks.map((_, i) => fileOf(i)),
    options,
  );
  const messages = ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  expect(messages).toEqual([]);
}, 60_000);

blocks.forEach(({ page, code, printed }, i) => {
  test(`program ${i}, of ${page}, runs`, async () => {
    const script = `${folder}block-${i}.js`;
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(script, outputText);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script]);
    expect(stderr).toBe('');
    // Those of docs/ hold by what they check.
    if (page === 'README.md') expect(stdout.split('\n').length).toBeGreaterThan(2);
    expect(stdout).toContain(printed);
  }, 60_000);
});
