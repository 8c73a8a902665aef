/** Runs code in a page of a real browser. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Page } from 'playwright-core';
import { describe } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../../tools/chromium.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.css': 'text/css',
  '.map': 'application/json',
};

const noBrowser = await whyNoBrowser();

/** `describe`, or a skip that names the reason where no browser can be had. */
export function describeInBrowser(name: string, suite: () => void): void {
  if (noBrowser === undefined) describe(name, suite);
  else describe.skip(`${name} (skipped: ${noBrowser})`, suite);
}

/** Opens a blank page of a site that serves `folder`, on http://127.0.0.1 since WebGPU needs a secure context. */
export async function withPage<T>(folder: string, use: (page: Page) => Promise<T>): Promise<T> {
  const server = await serve(folder);
  const browser = await launchBrowser();
  try {
    const { port } = server.address() as AddressInfo;
    const page = await browser.newPage({ baseURL: `http://127.0.0.1:${port}` });
    await page.goto('/blank');
    return await use(page);
  } finally {
    await browser.close();
    server.close();
  }
}

/** Opens the page `path` and returns what it assigns to the global `report`. @throws the error that the page does not catch. */
export async function reportOfPage(folder: string, path: string): Promise<unknown> {
  return withPage(folder, async (page) => {
    const failure = new Promise<never>((_, reject) => page.on('pageerror', reject));
    const report = page.goto(path).then(async () => (await page.waitForFunction('globalThis.report')).jsonValue());
    return Promise.race([report, failure]);
  });
}

async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (path === '/blank') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Heddle</title>');
      return;
    }
    readFile(join(folder, path)).then(
      (content) => response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
