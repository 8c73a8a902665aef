/** What only a real device can show: dtypes through WGSL, its own error messages, running out of its memory. */
import { beforeAll, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { HeddleError } from '../../compiler/errors.ts';
import { Storage, cpu, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { WebGpuDevice } from '../../runtime/webgpu.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { buffer, dispatch, mapKernel, program, unary } from './programs.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

async function failureOf(promise: Promise<unknown>): Promise<HeddleError> {
  const outcome = await promise.then(() => null, (error: unknown) => error);
  expect(outcome).toBeInstanceOf(HeddleError);
  return outcome as HeddleError;
}

describeOnGpu('a real device', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ requireGpu: true });
  });

  const copy = (array: HostArray, type: string, expression = 'a[i]'): Storage => {
    const code = program('copy', {
      buffers: [buffer('input', array.shape, array.dtype), buffer('output', array.shape, array.dtype)],
      inputs: [0],
      outputs: [1],
      kernels: [mapKernel('copy', 1, expression, { type })],
      steps: [dispatch(0, [0, 1])],
    });
    return device.run(device.load({ kind: 'program', program: code }), [Storage.host(array)], call)[0]!;
  };

  test.each([
    ['float32', 'f32', 'a[i]', Float32Array.of(1.5, -2, 3e38)],
    ['int32', 'i32', 'a[i]', Int32Array.of(-5, 2 ** 31 - 1, 0)],
    ['uint32', 'u32', 'a[i]', Uint32Array.of(2 ** 32 - 1, 7, 0)],
    ['bool', 'u32', 'a[i]', Uint8Array.of(1, 0, 1)],
  ] as const)('keeps %s', async (dtype, type, expression, data) => {
    expect(await device.read(copy({ dtype, shape: [3], data }, type, expression))).toEqual(data);
  });

  test('computes on empty arrays', async () => {
    expect(await device.read(copy({ dtype: 'float32', shape: [0, 3], data: new Float32Array(0) }, 'f32'))).toEqual(new Float32Array(0));
  });

  test('has no float16 without the feature for it', () => {
    const array: HostArray = { dtype: 'float16', shape: [2], data: Float32Array.of(1, 2) };
    if (device.profile.float16) expect(() => copy(array, 'f16')).not.toThrow();
    else {
      expect(() => copy(array, 'f16')).toThrow(
        "[FEATURE] copy: float16 needs the device feature shader-f16, which is missing\n  fix: x.astype('float32')",
      );
    }
  });

  test('says what is wrong with a kernel', async () => {
    const executable = device.load({ kind: 'program', program: unary('wrong', 'a[i] + true') });
    const ahead = await failureOf(executable.compile());
    expect(ahead).toMatchObject({ code: 'VALIDATION', where: 'wrong.ts:1:1' });
    expect(ahead.message).toMatch(/kernel wrong: .*no matching overload for 'operator \+ \(f32, bool\)'/s);
    const input = Storage.host({ dtype: 'float32', shape: [4], data: new Float32Array(4) });
    const [result] = device.run(executable, [input], call);
    const late = await failureOf(device.read(result!));
    expect(late).toMatchObject({ code: 'VALIDATION', where: 'user.ts:3:5' });
    expect(late.message).toContain('operator + (f32, bool)');
  });

  test('that runs out of memory tells the reader, and computes again', async ({ skip }) => {
    const other = await openDevice({ requireGpu: true });
    skip(!other.profile.software, 'only software adapters are known to have no memory for their largest buffer');
    const size = Math.min(other.profile.maxBufferSize, other.profile.maxStorageBufferBindingSize) / 4;
    const fill = program('fill', {
      buffers: [buffer('input', [4]), buffer('output', [size])],
      inputs: [0],
      outputs: [1],
      kernels: [mapKernel('fill', 1, 'a[0] + 1')],
      steps: [dispatch(0, [0, 1])],
    });
    const input = Storage.host({ dtype: 'float32', shape: [4], data: new Float32Array(4) });
    const [result] = other.run(other.load({ kind: 'program', program: fill }), [input], call);
    expect(await failureOf(other.read(result!))).toMatchObject({ code: 'MEMORY', where: 'user.ts:3:5' });
    result!.release();
    const [next] = other.run(other.load({ kind: 'program', program: unary('increment', 'a[i] + 1') }), [input], call);
    expect(await other.read(next!)).toEqual(Float32Array.of(1, 1, 1, 1));
    other.destroy();
  });

  test('that is lost fails what is in flight', async () => {
    const gpu = await requestGpuDevice();
    const other = new WebGpuDevice(gpu, false, { onError: () => {} });
    const executable = other.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    const input = Storage.host({ dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, 4) });
    const [result] = other.run(executable, [input], call);
    const reading = other.read(result!);
    gpu.destroy();
    expect(await failureOf(reading)).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:3:5' });
    expect(() => other.run(executable, [input], call)).toThrow('[DEVICE_LOST]');
    const again = device.run(device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') }), [input], call);
    expect(await device.read(again[0]!)).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  test('and cpu do not mix', () => {
    const evaluate = (inputs: readonly HostArray[]): HostArray[] => [...inputs];
    const identity = cpu.load({ kind: 'host', label: 'identity', evaluate });
    const input = Storage.host({ dtype: 'float32', shape: [4], data: new Float32Array(4) });
    const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    const [onGpu] = device.run(executable, [input], call);
    const [onCpu] = cpu.run(identity, [input], call);
    expect(() => cpu.run(identity, [onGpu!], call)).toThrow(`[DEVICE_MISMATCH] f runs on cpu, but an input float32[4] is on ${device.label}`);
    expect(() => device.run(executable, [onCpu!], call)).toThrow(`[DEVICE_MISMATCH] f runs on ${device.label}, but an input float32[4] is on cpu`);
    expect(() => device.run(identity, [input], call)).toThrow(`[DEVICE_MISMATCH] identity was not loaded by ${device.label}`);
    expect(() => cpu.run(executable, [input], call)).toThrow('[DEVICE_MISMATCH] increment was not loaded by cpu');
    expect(() => device.load({ kind: 'host', label: 'identity', evaluate })).toThrow('[INTERNAL] identity is code for the host');
  });

  test('refuses a program made for larger limits', () => {
    const many = device.profile.maxStorageBuffersPerShaderStage;
    const wide = program('wide', {
      buffers: [],
      inputs: [],
      outputs: [],
      kernels: [{ ...mapKernel('greedy', 1, 'a[i]'), bindings: Array.from({ length: many + 1 }, () => 'read' as const) }],
      steps: [],
    });
    expect(() => device.load({ kind: 'program', program: wide })).toThrow(
      `[LIMIT] wide: buffers of kernel greedy: ${many + 1}, above the device's maxStorageBuffersPerShaderStage of ${many}`,
    );
    const step = { ...dispatch(0, []), grid: [1, 65_536, 1] } as const;
    expect(() => device.load({ kind: 'program', program: { ...unary('tall', 'a[i]'), steps: [step] } })).toThrow(
      "[LIMIT] tall: workgroups in one dimension of kernel tall: 65536, above the device's maxComputeWorkgroupsPerDimension",
    );
  });
});
