/** `heddle doctor`: turns what was found on a machine into a report that says what to do. It only makes text. */
import type { AdapterReport } from './adapter.ts';
import { CHROMIUM_PACKAGE, unsupported } from './software/package.ts';
import type { Machine } from './software/package.ts';

/** Everything that decides whether Heddle can run WGSL on a machine. */
export type Examination = {
  heddle: string;
  node: string;
  machine: Machine;
  /** The versions of optional packages; undefined where one is not installed. */
  webgpu: string | undefined;
  chromium: string | undefined;
  /** The adapter of the system, and the one in software with the variables that select it. */
  system: AdapterReport | { reason: string };
  software: (AdapterReport & { env: Record<string, string> }) | { reason: string };
};

export type Diagnosis = { text: string; usable: boolean };

type Row = { name: string; ok: boolean; found: string; fix?: string };

const OLDEST_NODE = 20;

/** A machine is usable when a program can run WGSL on it, be it in software. */
export function diagnose(examination: Examination): Diagnosis {
  const { heddle, machine, system, software } = examination;
  const rows = [nodeRow(examination), webgpuRow(examination), systemRow(examination)];
  rows.push(softwareRow(examination), chromiumRow(examination));
  const adapter = 'reason' in system ? software : system;
  const usable = rows[0]?.ok === true && !('reason' in adapter);
  const fixes = rows.flatMap(({ name, fix }) => (fix === undefined ? [] : [`  ${name}: ${fix}`]));
  const sections = [
    [`heddle ${heddle} on ${machine.platform} ${machine.arch}${machine.musl ? ' (musl)' : ''}`],
    rows.map(({ name, ok, found }) => `  ${ok ? 'ok' : '--'}  ${name.padEnd(13)}${found}`),
    'reason' in adapter ? [] : describeAdapter(adapter),
    fixes.length === 0 ? [] : ['What to do:', ...fixes],
    [conclusion(examination, usable)],
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')).join('\n\n');
  return { text, usable };
}

function nodeRow({ node }: Examination): Row {
  const ok = Number.parseInt(node, 10) >= OLDEST_NODE;
  const row = { name: 'Node', ok, found: node };
  return ok ? row : { ...row, fix: `install Node ${OLDEST_NODE} or newer` };
}

function webgpuRow({ webgpu }: Examination): Row {
  if (webgpu !== undefined) return { name: 'webgpu', ok: true, found: webgpu };
  return { name: 'webgpu', ok: false, found: 'the npm package is not installed', fix: 'npm install webgpu' };
}

function systemRow({ system, webgpu, machine }: Examination): Row {
  if (!('reason' in system)) return { name: 'GPU', ok: true, found: nameOf(system) };
  const row = { name: 'GPU', ok: false, found: system.reason };
  if (webgpu === undefined || machine.platform !== 'linux') return row;
  return { ...row, fix: 'install the Vulkan driver of your GPU, for example: apt install mesa-vulkan-drivers' };
}

function softwareRow({ software, system, chromium, machine }: Examination): Row {
  const name = 'SwiftShader';
  if (!('reason' in software)) return { name, ok: true, found: nameOf(software) };
  const row = { name, ok: false, found: software.reason };
  const helps = 'reason' in system && chromium === undefined && unsupported(machine) === undefined;
  return helps ? { ...row, fix: `npm install --save-dev ${CHROMIUM_PACKAGE}, to run WGSL without a GPU` } : row;
}

function chromiumRow({ chromium, machine }: Examination): Row {
  const name = 'Chromium';
  const reason = unsupported(machine);
  if (reason !== undefined) return { name, ok: false, found: reason };
  if (chromium === undefined) return { name, ok: false, found: `${CHROMIUM_PACKAGE} is not installed` };
  return { name, ok: true, found: `${chromium}, for tests in a browser` };
}

function describeAdapter({ features, limits }: AdapterReport): string[] {
  const known = Object.entries(features).map(([name, has]) => `  ${has ? 'ok' : '--'}  ${name}`);
  const sizes = Object.entries(limits).map(([name, limit]) => `  ${name.padEnd(34)}${limit}`);
  return ['Features and limits of the adapter:', ...known, ...sizes];
}

function conclusion({ system, software }: Examination, usable: boolean): string {
  if (!usable) return "Programs run on the device 'cpu', slowly.";
  if (!('reason' in system)) return 'Programs run on the GPU.';
  const env = 'env' in software ? Object.entries(software.env).map(([name, value]) => `${name}=${value} `) : [];
  return `Programs run WGSL in software when they are started like this:\n  ${env.join('')}node program.js`;
}

function nameOf({ vendor, architecture, description }: AdapterReport): string {
  const name = [vendor, architecture].filter((part) => part !== '').join(' ');
  return description === '' ? name : `${description} (${name})`;
}
