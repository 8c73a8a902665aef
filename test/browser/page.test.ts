/** The page of examples in a real browser. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { EXAMPLES } from '../../examples/index.ts';
import { describeInBrowser, reportOfPage } from '../support/browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describeInBrowser('the page of examples', () => {
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [`${root}dist/tools/page.js`, '--build']);
  }, 60_000);

  test.each(Object.keys(EXAMPLES))('trains %s', async (name) => {
    const { figures } = (await reportOfPage(`${root}dist/page`, `/index.html?example=${name}&steps=2`)) as {
      readonly figures: Readonly<Record<string, number>>;
    };
    expect(Object.values(figures).length).toBeGreaterThan(0);
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  }, 120_000);
});
