/** Asks for a WebGPU adapter in a process of its own: a driver may print, hang or crash, and needs its own environment. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AdapterReport } from './adapter.ts';

const TIMEOUT_MS = 30_000;

/** What a Node process started with these environment variables finds, or why it finds no adapter. */
export function probeAdapter(env: Record<string, string>): Promise<AdapterReport | { reason: string }> {
  const script = fileURLToPath(new URL('./adapter-process.js', import.meta.url));
  const options = { env: { ...process.env, ...env }, timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout) as AdapterReport | { reason: string });
      else resolve({ reason: `asking for an adapter failed: ${describeEnd(error, stderr)}` });
    });
  });
}

function describeEnd(error: { signal?: NodeJS.Signals | null; killed?: boolean; message: string }, stderr: string): string {
  if (error.killed === true) return `no answer in ${TIMEOUT_MS / 1000} seconds`;
  if (error.signal) return `the process ended with ${error.signal}`;
  return lastLine(stderr) ?? error.message;
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').findLast((line) => line.trim() !== '');
}
