/** SwiftShader, a Vulkan driver in software: the adapter on which WGSL runs where there is no GPU. */
import { join } from 'node:path';
import { unbrotli, untar } from './archive.ts';
import { cacheFolder, unpackOnce } from './cache.ts';
import { CHROMIUM_PACKAGE, findPackage, thisMachine, unsupported } from './package.ts';
import type { InstalledPackage } from './package.ts';

/** Environment variables with which a child process finds an adapter. */
export type AdapterEnv = Record<string, string>;

export type SwiftShader = { folder: string; env: AdapterEnv };

/**
 * Unpacks SwiftShader, or says why it cannot be had. `env` must be set when a process starts: the dynamic loader reads
 * LD_LIBRARY_PATH once, before the first line of JavaScript.
 */
export async function swiftShader(): Promise<SwiftShader | { reason: string }> {
  const reason = unsupported(thisMachine());
  if (reason !== undefined) return { reason };
  const found = findPackage(CHROMIUM_PACKAGE);
  if (found === undefined) return { reason: `${CHROMIUM_PACKAGE} is not installed` };
  const cache = await cacheFolder(found.nodeModules);
  const folder = await unpackOnce(cache, `swiftshader-${found.version}`, (into) => unpackSwiftShader(found, into));
  return { folder, env: swiftShaderEnv(folder) };
}

/** Writes the driver, its Vulkan loader and its manifest into a folder. */
export async function unpackSwiftShader(chromium: InstalledPackage, folder: string): Promise<void> {
  await untar(await unbrotli(join(chromium.folder, 'bin', 'swiftshader.tar.br')), folder);
}

function swiftShaderEnv(folder: string): AdapterEnv {
  const inherited = process.env['LD_LIBRARY_PATH'];
  return {
    VK_DRIVER_FILES: join(folder, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: inherited === undefined || inherited === '' ? folder : `${folder}:${inherited}`,
  };
}
