import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noAdapter } from '../support/gpu.ts';

const launcher = fileURLToPath(new URL('../../dist/tools/launch.js', import.meta.url));

/** The environment of a user who has chosen nothing. */
function plainEnv(): NodeJS.ProcessEnv {
  const { VK_DRIVER_FILES: _driver, LD_LIBRARY_PATH: _libraries, HEDDLE_ADAPTER: _choice, ...env } = process.env;
  return env;
}

describe('the launcher', () => {
  let folder = '';
  let script = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-launch-'));
    script = join(folder, 'script.mjs');
    writeFileSync(script, `
      console.log(JSON.stringify({ args: process.argv.slice(2), driver: process.env.VK_DRIVER_FILES ?? null }));
      process.exit(7);`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const launch = (args: string[], env: NodeJS.ProcessEnv): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', env });

  test('passes arguments and the exit code through', () => {
    const { status, stdout } = launch([script, 'a', '--b'], { ...plainEnv(), HEDDLE_ADAPTER: 'system' });
    expect(status).toBe(7);
    expect(JSON.parse(String(stdout))).toEqual({ args: ['a', '--b'], driver: null });
  });

  const elsewhere = noAdapter !== undefined || process.platform !== 'linux';
  test.skipIf(elsewhere)('chooses SwiftShader on request (skipped where it does not run)', () => {
    const { stdout } = launch([script], { ...plainEnv(), HEDDLE_ADAPTER: 'swiftshader' });
    expect(String(stdout)).toContain('vk_swiftshader_icd.json');
  });

  test('rejects an adapter that it does not know', () => {
    const { status, stderr } = launch([script], { ...plainEnv(), HEDDLE_ADAPTER: 'voodoo' });
    expect(status).toBe(1);
    expect(String(stderr)).toContain("HEDDLE_ADAPTER is 'voodoo'; it can be 'system' or 'swiftshader'");
  });

  test('says how it is used', () => {
    expect(launch([], plainEnv())).toMatchObject({ status: 2, stderr: 'usage: launch <script.js> [arguments]\n' });
  });
});
