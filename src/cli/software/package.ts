/** Finds installed packages, above all the one that carries SwiftShader and a headless Chromium. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const CHROMIUM_PACKAGE = '@sparticuz/chromium';

export type InstalledPackage = {
  version: string;
  folder: string;
  /** The `node_modules` folder in which it is installed. */
  nodeModules: string;
};

/** Looks in this file's folder and its parents, as `import` does, also for what a package does not export. */
export function findPackage(name: string): InstalledPackage | undefined {
  const candidates = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const nodeModules = candidates.find((folder) => existsSync(join(folder, name, 'package.json')));
  if (nodeModules === undefined) return undefined;
  const folder = join(nodeModules, name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { version, folder, nodeModules };
}

/** The kind of machine, in the terms that decide whether a prebuilt binary runs on it. */
export type Machine = { platform: string; arch: string; musl: boolean };

export function thisMachine(): Machine {
  const musl = process.platform === 'linux' && !('glibcVersionRuntime' in reportHeader());
  return { platform: process.platform, arch: process.arch, musl };
}

/** Why SwiftShader and Chromium cannot run on a machine, or undefined when they can. */
export function unsupported({ platform, arch, musl }: Machine): string | undefined {
  if (platform !== 'linux') return `${CHROMIUM_PACKAGE} has binaries for Linux only, not for ${platform}`;
  if (arch !== 'x64') return `${CHROMIUM_PACKAGE} has binaries for x64 only, not for ${arch}`;
  if (musl) return `${CHROMIUM_PACKAGE} has binaries for glibc only, and this system uses musl`;
  return undefined;
}

function reportHeader(): object {
  const { header } = process.report.getReport() as { header?: object };
  return header ?? {};
}
