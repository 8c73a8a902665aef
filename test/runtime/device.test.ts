/** What only a real device can show: dtypes through WGSL, its own error messages, running out of its memory. */
import { beforeAll, expect, test } from 'vitest';
import type { HostArray } from '../../compiler/dtype.ts';
import { Storage, cpu, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import type { Device } from '../../runtime/index.ts';
import { WebGpuDevice } from '../../runtime/webgpu.ts';
import { describeOnGpu } from '../support/gpu.ts';
import { failureOf, floats } from './expect.ts';
import { dispatch, input, mapKernel, output, program, unary } from './programs.ts';

const call = { label: 'f', where: 'user.ts:3:5' };

describeOnGpu('a real device', () => {
  let device: Device;
  beforeAll(async () => {
    device = await openDevice({ requireGpu: true });
  });

  const copy = (array: HostArray, type: string): Storage => {
    const code = program('copy', {
      buffers: [input(array.shape, array.dtype), output(array.shape, array.dtype)],
      inputs: [0],
      outputs: [1],
      kernels: [mapKernel('copy', 1, 'a[i]', { type })],
      steps: [dispatch(0, [0, 1])],
    });
    return device.run(device.load({ kind: 'program', program: code }), [Storage.host(array)], call)[0]!;
  };

  test.each([
    ['float32', 'f32', Float32Array.of(1.5, -2, 3e38)],
    ['int32', 'i32', Int32Array.of(-5, 2 ** 31 - 1, 0)],
    ['uint32', 'u32', Uint32Array.of(2 ** 32 - 1, 7, 0)],
    ['bool', 'u32', Uint8Array.of(1, 0, 1)],
  ] as const)('keeps %s', async (dtype, type, data) => {
    expect(await device.read(copy({ dtype, shape: [3], data }, type))).toEqual(data);
  });

  test('computes on empty arrays', async () => {
    const empty: HostArray = { dtype: 'float32', shape: [0, 3], data: new Float32Array(0) };
    expect(await device.read(copy(empty, 'f32'))).toEqual(empty.data);
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
    const data = floats(0, 0, 0, 0);
    const [result] = device.run(executable, [data], call);
    const late = await failureOf(device.read(result!));
    expect(late).toMatchObject({ code: 'VALIDATION', where: 'user.ts:3:5' });
    expect(late.message).toContain('operator + (f32, bool)');
  });

  test('that runs out of memory tells the reader, and computes again', async ({ skip }) => {
    const other = await openDevice({ requireGpu: true });
    skip(!other.profile.software, 'only software adapters are known to have no memory for their largest buffer');
    const size = Math.min(other.profile.maxBufferSize, other.profile.maxStorageBufferBindingSize) / 4;
    const fill = program('fill', {
      buffers: [input([4]), output([size])],
      inputs: [0],
      outputs: [1],
      kernels: [mapKernel('fill', 1, 'a[0] + 1')],
      steps: [dispatch(0, [0, 1])],
    });
    const data = floats(0, 0, 0, 0);
    const [result] = other.run(other.load({ kind: 'program', program: fill }), [data], call);
    expect(await failureOf(other.read(result!))).toMatchObject({ code: 'MEMORY', where: 'user.ts:3:5' });
    result!.release();
    const [next] = other.run(other.load({ kind: 'program', program: unary('increment', 'a[i] + 1') }), [data], call);
    expect(await other.read(next!)).toEqual(Float32Array.of(1, 1, 1, 1));
    other.destroy();
  });

  test('that is lost fails what is in flight', async () => {
    const gpu = await requestGpuDevice();
    const other = new WebGpuDevice(gpu, false, { onError: () => {} });
    const executable = other.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    const data = floats(1, 2, 3, 4);
    const [result] = other.run(executable, [data], call);
    const reading = other.read(result!);
    gpu.destroy();
    expect(await failureOf(reading)).toMatchObject({ code: 'DEVICE_LOST', where: 'user.ts:3:5' });
    expect(() => other.run(executable, [data], call)).toThrow('[DEVICE_LOST]');
    const again = device.run(device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') }), [data], call);
    expect(await device.read(again[0]!)).toEqual(Float32Array.of(2, 3, 4, 5));
  });

  test('and cpu do not mix', () => {
    const evaluate = (inputs: readonly HostArray[]): HostArray[] => [...inputs];
    const identity = cpu.load({ kind: 'host', label: 'identity', evaluate });
    const data = floats(0, 0, 0, 0);
    const executable = device.load({ kind: 'program', program: unary('increment', 'a[i] + 1') });
    const [onGpu] = device.run(executable, [data], call);
    const [onCpu] = cpu.run(identity, [data], call);
    const name = device.label;
    expect(() => cpu.run(identity, [onGpu!], call)).toThrow(`f runs on cpu, but an input float32[4] is on ${name}`);
    expect(() => device.run(executable, [onCpu!], call)).toThrow(`f runs on ${name}, but an input float32[4] is on cpu`);
    expect(() => device.run(identity, [data], call)).toThrow(`[DEVICE_MISMATCH] identity was not loaded by ${device.label}`);
    expect(() => cpu.run(executable, [data], call)).toThrow('[DEVICE_MISMATCH] increment was not loaded by cpu');
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
