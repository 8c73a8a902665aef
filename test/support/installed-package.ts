/** The package as its users get it: packed, and installed in an empty folder without the optional peer dependencies. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export type InstalledPackage = { folder: string; tarball: Uint8Array; remove(): void };

/** Takes what is built already: `npm pack` would build anew, under the feet of other tests. */
export function installPackage(): InstalledPackage {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-package-'));
  npm(ROOT, 'pack', '--ignore-scripts', '--pack-destination', folder);
  const packed = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (packed === undefined) throw new Error('npm pack made no tarball');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  npm(folder, 'install', `./${packed}`, '--omit=peer', '--ignore-scripts', '--prefer-offline');
  const tarball = readFileSync(join(folder, packed));
  return { folder, tarball, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function npm(folder: string, ...args: string[]): void {
  const options = { cwd: folder, stdio: 'pipe', shell: process.platform === 'win32' } as const;
  execFileSync('npm', [...args, '--silent', '--no-audit', '--no-fund'], options);
}
