import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { doubleOnGpu } from '../support/compute.ts';
import { describeOnGpu } from '../support/gpu.ts';

const adapter = new URL('../../dist/runtime/adapter.node.js', import.meta.url).href;
const heddle = new URL('../../dist/src/index.js', import.meta.url).href;

/** Dawn has hung or crashed at the end of processes before. */
describeOnGpu('a process that used WebGPU', () => {
  test.each([
    ['destroyed its device', `console.log(JSON.stringify((await (${doubleOnGpu.toString()})(gpu)).values))`],
    ['still holds its device', 'globalThis.device = await (await gpu.requestAdapter()).requestDevice(); console.log("held")'],
    ['ran a program of Heddle', `const { init, np } = await import('${heddle}'); await init(); await np.ones([4096]).mul(2).data()`],
    ['calls process.exit', 'globalThis.device = await (await gpu.requestAdapter()).requestDevice(); process.exit(0)'],
  ])('ends by itself when it %s', (_, statement) => {
    const program = `import { openGpu } from '${adapter}'; const { gpu } = await openGpu(); ${statement}`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 5000 });
    expect(child).toMatchObject({ status: 0, signal: null, stderr: '' });
  });
});
