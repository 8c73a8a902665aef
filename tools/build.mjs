// Compiles the TypeScript sources to dist/. It is JavaScript because it runs before anything is built.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = relative => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const compiler = path('node_modules/typescript/bin/tsc');
const command = path('dist/src/cli/main.js');

/** Builds from nothing, so that dist/ never holds what the sources no longer do; returns whether there were no errors. */
export function build(...options) {
  rmSync(path('dist'), { recursive: true, force: true });
  const args = [compiler, '-p', path('tsconfig.build.json'), ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (existsSync(command)) chmodSync(command, 0o755);
  return status === 0;
}

/** Whether `prepare` has nothing to do: development dependencies are left out, or npx only links this folder for its command. */
function canSkip() {
  return !existsSync(compiler) || (process.env.npm_command === 'exec' && existsSync(command));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const skip = process.argv.includes('--if-possible') && canSkip();
  process.exitCode = skip || build() ? 0 : 1;
}
