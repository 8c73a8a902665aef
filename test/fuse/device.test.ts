/** Compiled random programs on WebGPU. */
import { afterAll, beforeAll } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { Storage, openDevice } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { arraysOf, expectAllSame } from '../support/arrays.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { property } from '../support/property.ts';
import { RANDOM_INPUTS, randomPrograms } from '../support/random-jaxpr.ts';

const inputs = arraysOf(RANDOM_INPUTS, { low: -3, high: 3 });

describeOnGpu('compiled programs', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ requireGpu: true });
  });
  afterAll(() => device.destroy());

  async function run(jaxpr: Jaxpr, arrays: readonly HostArray[]): Promise<HostArray[]> {
    const { program } = compile(jaxpr, device.profile, 'f');
    const storages = arrays.map((array) => Storage.host(array));
    const results = device.run(device.load({ kind: 'program', program }), storages, { label: 'f' });
    const data = await Promise.all(results.map((result) => device.read(result)));
    return results.map(({ dtype, shape }, i) => ({ dtype, shape, data: data[i]! }));
  }

  property(
    'random programs compute on WebGPU what the reference computes',
    [randomPrograms(20), inputs],
    async ({ jaxpr }, arrays) => expectAllSame(await run(jaxpr, arrays), evaluate(jaxpr, arrays), 1e-5),
    Number(process.env['RUNS'] ?? 20),
  );
});
