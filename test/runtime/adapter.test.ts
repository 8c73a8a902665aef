import { expect, test } from 'vitest';
import { openGpu } from '../../runtime/adapter.node.ts';
import { doubleOnGpu } from '../support/compute.ts';
import { describeOnGpu } from '../support/gpu.ts';

describeOnGpu('the adapter of Node', () => {
  test('runs a compute shader', async () => {
    const opened = await openGpu();
    if ('reason' in opened) throw new Error(opened.reason);
    expect((await doubleOnGpu(opened.gpu)).values).toEqual([2, 4, 6, 9]);
  });
});
