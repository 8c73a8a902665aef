import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as buildWithEsbuild } from 'esbuild';
import { publint } from 'publint';
import { build as buildWithVite } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeInBrowser, reportOfPage } from '../support/browser.ts';
import { installPackage } from '../support/installed-package.ts';
import type { InstalledPackage } from '../support/installed-package.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Golden = {
  printed: { seed_stdout: string };
  partitionable: { 'ScanMLP_seed(10,5)': { y_train: number[][] } };
};
const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/seed.json'), 'utf8')) as Golden;

let installed: InstalledPackage;

beforeAll(() => {
  installed = installPackage();
});
afterAll(() => installed.remove());

describe('the installed package', () => {
  test('satisfies publint', async () => {
    const { buffer, byteOffset, byteLength } = installed.tarball;
    const tarball = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages).toEqual([]);
  });

  test('does not bring webgpu along', () => {
    expect(existsSync(join(installed.folder, 'node_modules', 'webgpu'))).toBe(false);
  });

  test('has types that stand alone', () => {
    const program = join(installed.folder, 'consumer.ts');
    writeFileSync(program, CONSUMER);
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler'];
    const lib = ['--lib', 'es2023,dom,esnext.disposable'];
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const args = [compiler, ...options, ...lib, program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: installed.folder });
    expect(stdout).toBe('');
  });

  test('has a command that says what is missing', () => {
    const command = join(installed.folder, 'node_modules', '.bin', 'heddle');
    const { status, stdout } = spawnSync(command, ['doctor'], { encoding: 'utf8', shell: process.platform === 'win32' });
    expect(stdout).toContain('webgpu: npm install webgpu');
    expect(status).toBe(1);
  });
});

describe('a bundle for a browser', () => {
  const programs = {
    heddle: "import { random } from 'heddle'; console.log(random.key(0).reshape([2, 1]).shape.join());",
    'heddle/nnx': "import { Rngs } from 'heddle/nnx'; console.log(new Rngs(0).makeRng().reshape([2, 1]).shape.join());",
  };

  test.each(Object.entries(programs))('has the methods of Tensor when a program imports only %s', async (name, program) => {
    const folder = join(installed.folder, name.replace('/', '-'));
    mkdirSync(folder);
    writeFileSync(join(folder, 'main.js'), program);
    const lib = { entry: 'main.js', formats: ['es' as const], fileName: 'bundle' };
    await buildWithVite({ root: folder, configFile: false, logLevel: 'silent', build: { lib, target: 'es2022' } });
    const { stdout } = spawnSync(process.execPath, [join(folder, 'dist', 'bundle.js')], { encoding: 'utf8' });
    expect(stdout).toBe('2,1\n');
  });
});

describeInBrowser('the seed program, bundled for a browser', () => {
  const entry = 'test/package/page.ts';
  // The program reads its command line, which a page does not have; and it prints the names of classes.
  const define = { 'process.argv': '[]' };

  beforeAll(() => {
    const { folder } = installed;
    cpSync(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true });
    cpSync(join(ROOT, entry), join(folder, entry));
    writeFileSync(join(folder, 'index.html'), htmlFor(entry));
  });

  test('runs when esbuild made it', async () => {
    const { folder } = installed;
    const site = join(folder, 'esbuild');
    await buildWithEsbuild({
      absWorkingDir: folder,
      entryPoints: [entry],
      outdir: site,
      bundle: true,
      format: 'esm',
      minify: true,
      keepNames: true,
      define,
      logLevel: 'silent',
    });
    writeFileSync(join(site, 'index.html'), htmlFor('page.js'));
    await expectSeedProgram(site);
  });

  test('runs when Vite made it', async () => {
    const { folder } = installed;
    const site = join(folder, 'vite');
    const esbuild = { keepNames: true };
    const build = { outDir: site, target: 'es2022' };
    await buildWithVite({ root: folder, configFile: false, logLevel: 'silent', define, esbuild, build });
    await expectSeedProgram(site);
  });
});

/** What the program prints is known from JAX to the byte, its numbers to rounding. */
async function expectSeedProgram(site: string): Promise<void> {
  expectBrowserCode(site);
  const report = (await reportOfPage(site, '/index.html')) as { device: string; printed: string; y: number[] };
  expect(report.device).toBe('webgpu');
  expect(`${report.printed}\n`).toBe(golden.printed.seed_stdout);
  const expected = golden.partitionable['ScanMLP_seed(10,5)'].y_train.flat();
  expect(report.y).toHaveLength(expected.length);
  report.y.forEach((value, i) => expect(Math.abs(value - (expected[i] ?? NaN))).toBeLessThan(1e-5 * (1 + Math.abs(value))));
}

function htmlFor(script: string): string {
  return `<!doctype html><title>Heddle</title><script type="module" src="./${script}"></script>\n`;
}

/** A program with every entry point, type-checked with the declarations of the package and no others. */
const CONSUMER = `
import { init, jit, np } from 'heddle';
import type { Tensor } from 'heddle';
import * as nnx from 'heddle/nnx';
import * as testing from 'heddle/testing';
import { History, Progress } from 'heddle/training';
await init();
const y: Tensor = jit((x: Tensor) => x.mul(2))(np.array([1, 2]));
export { History, Progress, nnx, testing, y };
`;

/** A bundle for browsers imports nothing at run time, neither the npm package webgpu nor modules of Node. */
function expectBrowserCode(site: string): void {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  expect(files).not.toEqual([]);
  const code = files.map((file) => readFileSync(join(site, file), 'utf8')).join('\n');
  expect(code).not.toMatch(/import\s*\(?\s*["'`](?:webgpu|node:)/);
  expect(code).not.toMatch(/\bfrom\s*["'`](?:webgpu|node:)/);
}
