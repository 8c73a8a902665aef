import { describe, expect, test } from 'vitest';
import { generate } from '../../compiler/codegen/generate.ts';
import type { HeddleError } from '../../compiler/errors.ts';
import type { Kernel } from '../../compiler/fuse/kernel.ts';
import type { DeviceProfile } from '../../compiler/program.ts';
import { applyExpr, type Expr, type WgslHelper } from '../../compiler/scalar/expression.ts';
import { variable } from '../../compiler/scalar/indices.ts';
import { SOFTWARE, array, mapKernel, plus, reduced, store } from '../support/kernels.ts';

describe('what code generation refuses', () => {
  const i = variable('i', 10);
  const x = array(0, [10])(i);

  test('more buffers than the device binds', () => {
    const sum = Array.from({ length: 8 }, (_, buffer) => array(buffer, [10])(i)).reduce(plus);
    const kernel = mapKernel({ label: 'sum of eight', domain: [i], stores: [store(8, [10], [i], sum)] });
    expect(messageOf(kernel)).toBe('[LIMIT] sum of eight: a kernel of 9 buffers; the device binds at most 8 at once');
    expect(messageOf(kernel, { ...SOFTWARE, maxStorageBuffersPerShaderStage: 9 })).toBe('');
  });

  test('half floats on a device without them', () => {
    const kernel = mapKernel({ label: 'cast', domain: [i], stores: [store(1, [10], [i], array(0, [10], 'float16')(i))] });
    expect(messageOf(kernel)).toBe(
      `[FEATURE] cast: float16 needs the device feature shader-f16, which is missing\n  fix: x.astype('float32')`,
    );
  });

  test('a kernel over no points', () => {
    const kernel = mapKernel({ label: 'empty', domain: [variable('i', 0)], stores: [store(1, [10], [i], x)] });
    expect(messageOf(kernel)).toBe(`[INTERNAL] code generation: 'empty' has an empty domain; it should not have become a kernel`);
  });

  test('more workgroups than a grid has', () => {
    const long = variable('i', 64 * 17);
    const kernel = mapKernel({ domain: [long], stores: [store(1, [64 * 17], [long], array(0, [64 * 17])(long))] });
    expect(messageOf(kernel, { ...SOFTWARE, maxComputeWorkgroupsPerDimension: 4 })).toBe(
      '[LIMIT] map: a grid of [4,5,1] workgroups; the device runs at most 4 per dimension',
    );
  });

  test('a buffer of two dtypes', () => {
    const kernel = mapKernel({ domain: [i], stores: [store(1, [10], [i], x), store(0, [10], [i], array(2, [10], 'int32')(i))] });
    expect(messageOf(kernel)).toBe('[INTERNAL] code generation: buffer 0 holds float32 and is used as int32');
  });

  test('a result of a stage that the kernel does not have', () => {
    const kernel = mapKernel({ domain: [i], stores: [store(1, [10], [i], reduced(0))] });
    expect(messageOf(kernel)).toBe(`[INTERNAL] code generation: 'stage 0' is used where it has no value`);
  });

  test('two helpers of one name', () => {
    const helped = (code: string): Expr => {
      const helper: WgslHelper = { name: 'f', code, uses: [] };
      return applyExpr({ name: code, cost: 'alu', wgsl: ([a]) => `f(${a})`, helpers: () => [helper] }, 'float32', [x]);
    };
    const kernel = mapKernel({ domain: [i], stores: [store(1, [10], [i], plus(helped('fn f() {}'), helped('fn f() { }')))] });
    expect(messageOf(kernel)).toBe(`[INTERNAL] code generation: two WGSL helpers are called 'f'`);
  });
});

describe('what a generated kernel says of itself', () => {
  test('its buffers in the order of the bindings, its access to them, and the lines it comes from', () => {
    const i = variable('i', 10);
    const line = { file: 'model.ts', line: 3, column: 7 };
    const kernel = mapKernel({
      label: 'add',
      domain: [i],
      sources: [line, { file: 'model.ts', line: 9, column: 1 }, line],
      stores: [store(4, [10], [i], plus(array(6, [10])(i), array(2, [10])(i))), store(6, [10], [i], array(2, [10])(i))],
    });
    const { code, buffers, grid } = generate(kernel, SOFTWARE);
    expect(buffers).toEqual([6, 2, 4]);
    expect(code).toMatchObject({
      label: 'add',
      kind: 'map',
      loops: 0,
      bindings: ['read_write', 'read', 'read_write'],
      sources: ['model.ts:3:7', 'model.ts:9:1'],
    });
    expect(grid).toEqual([1, 1, 1]);
  });
});

/** The message of the error that generating the kernel throws, or ''. */
function messageOf(kernel: Kernel, profile: DeviceProfile = SOFTWARE): string {
  try {
    generate(kernel, profile);
    return '';
  } catch (error) {
    return (error as HeddleError).message;
  }
}
