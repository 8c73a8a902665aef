import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/cli/command.ts';
import type { Surroundings } from '../../src/cli/command.ts';
import type { Examination } from '../../src/cli/doctor.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const emptyMachine: Examination = {
  heddle: '0.1.0',
  node: '20.0.0',
  machine: { platform: 'darwin', arch: 'arm64', musl: false },
  webgpu: undefined,
  chromium: undefined,
  system: { reason: 'nothing' },
  software: { reason: 'nothing' },
};

async function run(...args: string[]): Promise<{ code: number; printed: string; errors: string }> {
  const printed: string[] = [];
  const errors: string[] = [];
  const surroundings: Surroundings = {
    examine: () => Promise.resolve(emptyMachine),
    version: () => '0.1.0',
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
  };
  const code = await runCommand(args, surroundings);
  return { code, printed: printed.join('\n'), errors: errors.join('\n') };
}

describe('the command heddle', () => {
  test('prints its version', async () => {
    expect(await run('--version')).toEqual({ code: 0, printed: '0.1.0', errors: '' });
  });

  test('prints its help', async () => {
    const { code, printed } = await run('doctor', '-h');
    expect(code).toBe(0);
    expect(printed).toMatch(/^usage: heddle <command> \[options\]\n\nCommands:\n {2}doctor/);
  });

  test('exits with 1 when doctor finds that WGSL cannot run', async () => {
    const { code, printed } = await run('doctor');
    expect(code).toBe(1);
    expect(printed).toMatch(/^heddle 0\.1\.0 on darwin arm64\n/);
  });

  test.each([
    [[], 'heddle: no command was given'],
    [['mend'], "heddle: 'mend' is not a command"],
    [['doctor', 'who'], "heddle: doctor takes no arguments, and got 'who'"],
    [['--quickly'], "heddle: Unknown option '--quickly'"],
  ])('rejects the arguments %j', async (args, message) => {
    const { code, printed, errors } = await run(...args);
    expect(code).toBe(2);
    expect(printed).toBe('');
    expect(errors.startsWith(message)).toBe(true);
    expect(errors).toContain('\n\nusage: heddle <command> [options]');
  });
});

describe('the built command', () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string };
  const heddle = (...args: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [`${root}dist/src/cli/main.js`, ...args], { encoding: 'utf8' });

  test('knows its version', () => {
    expect(heddle('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  test('examines this machine', () => {
    const { status, stdout } = heddle('doctor');
    expect(stdout).toMatch(new RegExp(`^heddle ${version} on ${process.platform} ${process.arch}`));
    expect(stdout).toContain(`  ok  Node         ${process.versions.node}\n`);
    expect(status).toBe(stdout.includes('Features and limits of the adapter:') ? 0 : 1);
  });
});
