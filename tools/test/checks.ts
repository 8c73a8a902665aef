/** The checks of `npm test` that are not tests: they print only what is wrong. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the project, seen from dist/tools/test. */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

/** The page of examples is checked by itself: nothing else may know of documents. */
export function typecheck(): boolean {
  const check = (project: string): boolean => run('types', 'node_modules/typescript/bin/tsc', ['-p', project]);
  return ['tsconfig.json', 'examples/page'].map(check).every(Boolean);
}

export function lint(): boolean {
  return run('lint', 'node_modules/oxlint/bin/oxlint', ['--deny-warnings', '--format=unix']);
}

function run(name: string, script: string, args: readonly string[]): boolean {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) console.log(`FAIL ${name}\n${stdout}${stderr}`);
  return status === 0;
}
