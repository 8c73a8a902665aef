import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { doubleOnGpu } from '../support/compute.ts';
import { describeInBrowser, withPage } from '../support/browser.ts';

describeInBrowser('the adapter of a browser', () => {
  test('runs a compute shader', async () => {
    const script = `(${doubleOnGpu.toString()})(navigator.gpu)`;
    const result = await withPage(tmpdir(), (page) => page.evaluate(script));
    expect(result).toMatchObject({ values: [2, 4, 6, 9] });
  });
});
