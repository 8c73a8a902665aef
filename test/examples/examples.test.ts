/** The examples as a user runs them: from the build, in a process of their own. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Standard output of `node dist/<script> ...args`, on the adapter of this test run. */
async function run(script: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--enable-source-maps',
    `${root}dist/${script}`,
    ...args,
  ]);
  expect(stderr).toBe('');
  return stdout;
}

test('seed --python prints what the document prints, byte for byte', async () => {
  const golden = JSON.parse(readFileSync(`${root}test/golden/seed.json`, 'utf8')) as { printed: { seed_stdout: string } };
  expect(await run('examples/seed.js', '--python')).toBe(golden.printed.seed_stdout);
}, 60_000);

test('seed --stats: kernels and compiles do not grow with the layers, one submit, nothing compiled twice', async () => {
  interface Costs {
    readonly kernels: number;
    readonly dispatches: number;
    readonly submits: number;
    readonly compiles: number;
  }
  const { layers5, layers50 } = JSON.parse(await run('examples/seed.js', '--stats')) as Record<'layers5' | 'layers50', Costs>;
  expect([layers50.kernels, layers50.compiles]).toEqual([layers5.kernels, layers5.compiles]);
  expect([layers5.submits, layers50.submits]).toEqual([1, 1]);
  expect(layers5.kernels).toBeGreaterThan(0);
  expect(layers50.dispatches).toBeGreaterThan(layers5.dispatches);
}, 60_000);

test('the main job shows outputs, batch statistics, jaxpr, costs and times', async () => {
  const output = await run('examples/start.js');
  for (const part of [
    /^device: .+ \(webgpu\)$/m,
    /scan\[/,
    /layers\/bn\/mean float32\[4,64\]: mean /,
    /one call: \d+ kernels, \d+ dispatches, 1 submit/,
    /compile time: [\d.]+ ms/,
    /first call: [\d.]+ ms, later calls: [\d.]+ ms each/,
  ]) {
    expect(output).toMatch(part);
  }
}, 60_000);
