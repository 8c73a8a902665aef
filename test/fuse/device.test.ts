/** Compiled programs on WebGPU. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import type { HostArray } from '../../compiler/dtype.ts';
import { aval } from '../../compiler/ir/jaxpr.ts';
import type { Aval, Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { evaluate } from '../../compiler/reference/evaluate.ts';
import { Storage, openDevice } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { arraysOf } from '../support/arrays.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { float32, int32, keepMask, layerNorm, linear, moments, scanMlp, softmax, jaxprOf } from '../support/jaxprs.ts';

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

  function drawn(types: readonly Aval[]): HostArray[] {
    return fc.sample(arraysOf(types, { low: -3, high: 3 }), { numRuns: 1, seed: 7 })[0]!;
  }

  async function expectReference(jaxpr: Jaxpr, tolerance: number): Promise<void> {
    const arrays = drawn(jaxpr.inputs.map(({ aval: type }) => type));
    const [actual, expected] = [await run(jaxpr, arrays), evaluate(jaxpr, arrays)];
    actual.forEach(({ data }, i) => {
      data.forEach((value, at) => {
        const wanted = expected[i]!.data[at]!;
        const error = Math.abs(value - wanted);
        const close = error <= tolerance * (1 + Math.abs(wanted));
        if (!close) expect.fail(`element ${at} of result ${i} is ${value}, not ${wanted}`);
      });
    });
  }

  test('rows longer than a workgroup: softmax and layer norm', async () => {
    await expectReference(jaxprOf([float32(70, 1000)], (o, x) => softmax(o, x!)), 1e-5);
    await expectReference(jaxprOf([float32(5, 777), float32(777), float32(777)], (o, x, s, b) => layerNorm(o, x!, s!, b!)), 1e-4);
  });

  test('batch statistics over strided rows', async () => {
    await expectReference(jaxprOf([float32(130, 70)], (o, x) => moments(o, x!, 0)), 1e-5);
  });

  test('a contraction of odd sizes with an epilogue, stored twice and once transposed', async () => {
    const jaxpr = jaxprOf([float32(65, 130), float32(130, 67), float32(67), float32(65, 67)], (o, x, w, b, residual) => {
      const y = o.add(linear(o, x!, w!, b!), residual!);
      return [o.max(y, 0), y, o.transpose(y, { permutation: [1, 0] })];
    });
    await expectReference(jaxpr, 1e-5);
  });

  test('a long sum in two levels, and one of prime length', async () => {
    const both = jaxprOf([float32(2, 1 << 17)], (o, x) => [o.reduceSum(x!, { axes: [1] }), o.reduceMax(x!, { axes: [0, 1] })]);
    await expectReference(both, 1e-5);
    await expectReference(jaxprOf([float32(65_537)], (o, x) => o.reduceSum(x!, { axes: [0] })), 1e-5);
  });

  test('random bits, exactly', async () => {
    await expectReference(jaxprOf([aval('uint32', [2])], (o, key) => keepMask(o, key!, [33, 20])), 0);
  });

  test('the tiny NNX, for an even and an odd number of layers', async () => {
    await expectReference(scanMlp(8, 24, 4), 1e-4);
    await expectReference(scanMlp(8, 24, 3), 1e-4);
  });

  test('forty tensors in one sum, and in one concatenation', async () => {
    const types = Array.from({ length: 40 }, () => float32(3, 5));
    await expectReference(jaxprOf(types, (o, ...xs) => xs.reduce((sum, x) => o.add(sum, x))), 1e-6);
    await expectReference(jaxprOf(types, (o, ...xs) => o.concatenate(...xs, { dimension: 1 })), 0);
  });

  test('results that are inputs, literals, empty or one another', async () => {
    const jaxpr = jaxprOf([float32(2, 2), float32(0, 3), int32()], (o, x, empty, i) => {
      const y = o.neg(x!);
      return [x!, y, o.literal(7, 'int32'), empty!, o.neg(empty!), y, i!, o.reduceSum(empty!, { axes: [0] }), x!];
    });
    await expectReference(jaxpr, 0);
  });
});
