/** A browser for tests: on Linux the headless Chromium of @sparticuz/chromium, elsewhere the Chrome that is installed. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, LaunchOptions } from 'playwright-core';
import { unbrotli, untar } from '../src/cli/software/archive.ts';
import { cacheFolder, unpackOnce } from '../src/cli/software/cache.ts';
import { CHROMIUM_PACKAGE, findPackage, thisMachine, unsupported } from '../src/cli/software/package.ts';
import { unpackSwiftShader } from '../src/cli/software/swiftshader.ts';

/** WebGPU in software as root in a container, and no connection but the ones that a page asks for. */
const SOFTWARE_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Starts a browser that has WebGPU. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

/** Why tests in a browser are skipped here, or undefined: where the packaged Chromium runs, its absence is an error. */
export async function whyNoBrowser(): Promise<string | undefined> {
  if (process.platform === 'linux') return unsupported(thisMachine());
  try {
    await (await launchBrowser()).close();
    return undefined;
  } catch {
    return 'Chrome is not installed';
  }
}

async function launchOptions(): Promise<LaunchOptions> {
  if (process.platform !== 'linux') return { channel: 'chrome', args: ['--enable-unsafe-webgpu'] };
  const folder = await unpackChromium();
  const env = { ...process.env, LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { executablePath: join(folder, 'chromium'), args: SOFTWARE_FLAGS, env };
}

/** Chromium looks for SwiftShader beside itself; its own libraries are in `lib`. */
async function unpackChromium(): Promise<string> {
  const found = findPackage(CHROMIUM_PACKAGE);
  if (found === undefined) throw new Error(`no browser: ${CHROMIUM_PACKAGE} is not installed`);
  const cache = await cacheFolder(found.nodeModules);
  const name = `chromium-${found.version}`;
  const bin = join(found.folder, 'bin');
  return unpackOnce(cache, name, async (folder) => {
    await unpackSwiftShader(found, folder);
    await untar(await unbrotli(join(bin, 'al2023.tar.br')), folder);
    await untar(await unbrotli(join(bin, 'fonts.tar.br')), folder);
    await writeFile(join(folder, 'fonts.conf'), fontsConfiguration(join(cache, name, 'fonts')));
    await writeFile(join(folder, 'chromium'), await unbrotli(join(bin, 'chromium.br')));
    await chmod(join(folder, 'chromium'), 0o755);
  });
}

/** The configuration in the package names folders of AWS Lambda. */
function fontsConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${folder}/cache</cachedir>
</fontconfig>
`;
}
