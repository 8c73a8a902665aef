/** Looks at the machine on behalf of `heddle doctor`. */
import { readFileSync } from 'node:fs';
import type { Examination } from './doctor.ts';
import { probeAdapter } from './probe.ts';
import { CHROMIUM_PACKAGE, findPackage, thisMachine } from './software/package.ts';
import { swiftShader } from './software/swiftshader.ts';

/** Unpacks SwiftShader if it is installed, and asks for adapters in other processes. */
export async function examine(): Promise<Examination> {
  return {
    heddle: heddleVersion(),
    node: process.versions.node,
    machine: thisMachine(),
    webgpu: findPackage('webgpu')?.version,
    chromium: findPackage(CHROMIUM_PACKAGE)?.version,
    system: await probeAdapter({}),
    software: await probeSoftware(),
  };
}

/** The version in package.json, which lies three folders above dist/src/cli. */
export function heddleVersion(): string {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

async function probeSoftware(): Promise<Examination['software']> {
  const software = await swiftShader();
  if ('reason' in software) return software;
  const adapter = await probeAdapter(software.env);
  return 'reason' in adapter ? adapter : { ...adapter, env: software.env };
}
