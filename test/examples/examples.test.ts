/** The examples as a user runs them: from the build, in a process of their own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLES } from '../../examples/index.ts';

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

describe('examples that train', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-examples-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const train = (name: string, ...args: string[]): Promise<string> =>
    run('examples/support/terminal.js', name, '--folder', join(folder, name), ...args);

  /** `accuracy: 0.97` */
  const figure = (output: string, name: string): number => Number(new RegExp(`^${name}: (.*)$`, 'm').exec(output)?.[1]);

  test('each of them is tested below', () => {
    expect(Object.keys(EXAMPLES)).toEqual(['digits', 'cnn', 'char-rnn', 'transformer', 'heat-equation', 'vae']);
  });

  test('digits: learns, draws the loss, keeps a checkpoint, goes on from it as if it had not stopped', async () => {
    const losses = (output: string): string[] => [...output.matchAll(/^step \d+: loss .*$/gm)].map(([line]) => line);
    const whole = await train('digits', '--steps', '120', '--log');
    expect(figure(whole, 'accuracy')).toBeGreaterThan(0.85);
    expect(whole).toMatch(/┤/);
    await train('digits', '--steps', '60', '--log');
    const rest = await train('digits', '--steps', '60', '--log', '--resume');
    expect(losses(rest)).toEqual(losses(whole).slice(-losses(rest).length));
    expect(figure(rest, 'accuracy')).toBe(figure(whole, 'accuracy'));
  }, 120_000);

  test('cnn: reads digits', async () => {
    expect(figure(await train('cnn', '--steps', '40'), 'accuracy')).toBeGreaterThan(0.6);
  }, 120_000);

  test('char-rnn: makes up names', async () => {
    const output = await train('char-rnn', '--steps', '40');
    expect(figure(output, 'loss')).toBeLessThan(2.6);
    expect(output).toMatch(/^[a-z]*(, [a-z]*){11}$/m);
  }, 120_000);

  test('transformer: goes on from the prompt', async () => {
    const output = await train('transformer', '--steps', '30');
    expect(figure(output, 'loss')).toBeLessThan(3);
    expect(output).toMatch(/^The whale /m);
  }, 120_000);

  test('heat-equation: finds the diffusivity', async () => {
    expect(figure(await train('heat-equation', '--steps', '80'), 'diffusivity')).toBeCloseTo(0.3, 2);
  }, 120_000);

  test('vae: draws', async () => {
    expect(figure(await train('vae', '--steps', '60'), 'loss')).toBeLessThan(35);
  }, 120_000);

  test('an option that does not exist, a number that is none', async () => {
    await expect(train('digits', '--step', '5')).rejects.toThrow(/--step.*\noptions: --steps N/s);
    await expect(train('digits', '--steps', 'many')).rejects.toThrow(/--steps many: an integer from 1 on is needed/);
  });
});
