import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cpu, openDevice, requestGpuDevice } from '../../runtime/index.ts';
import { fakeDevice } from '../support/fake-device.ts';
import { describeOnGpu } from '../support/gpu.ts';

const fix =
  'npx heddle doctor // in Node: npm install webgpu, and a driver for Vulkan, Metal or D3D12; in a browser: one with WebGPU';

describe('openDevice', () => {
  const warnings: unknown[] = [];
  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation((message) => warnings.push(message));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    warnings.length = 0;
  });

  const stubAdapter = (requestAdapter: () => Promise<unknown>): void => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter } });
  };

  test('is cpu without an adapter, with one warning that says why and what to do', async () => {
    stubAdapter(() => Promise.resolve(null));
    expect(await openDevice()).toBe(cpu);
    expect(warnings).toEqual([
      `heddle runs on cpu, its slow reference interpreter, because WebGPU found no adapter on this machine\n  fix: ${fix}`,
    ]);
  });

  test('throws instead when a GPU is required', async () => {
    stubAdapter(() => Promise.resolve(null));
    await expect(openDevice({ requireGpu: true })).rejects.toThrow(
      `[NO_ADAPTER] there is no GPU: WebGPU found no adapter on this machine\n  fix: ${fix}`,
    );
    await expect(requestGpuDevice()).rejects.toThrow('[NO_ADAPTER]');
    expect(warnings).toEqual([]);
  });

  test('says why an adapter gave no device', async () => {
    stubAdapter(() => Promise.reject(new Error('the driver is ill')));
    expect(await openDevice()).toBe(cpu);
    expect(String(warnings[0])).toContain('because WebGPU gave no device: the driver is ill');
  });

  test('asks an adapter for all of its limits and for the features that Heddle uses', async () => {
    const { device } = fakeDevice();
    const asked: unknown[] = [];
    class Limits {
      get maxBufferSize(): number {
        return 4096;
      }
    }
    Object.defineProperty(Limits.prototype, 'maxBufferSize', { enumerable: true });
    const adapter = {
      features: new Set(['shader-f16', 'depth-clip-control', 'subgroups']),
      limits: new Limits(),
      requestDevice: (descriptor: unknown) => {
        asked.push(descriptor);
        return Promise.resolve(device);
      },
    } as unknown as GPUAdapter;
    const opened = await openDevice({ adapter });
    expect(asked).toEqual([{ requiredFeatures: ['shader-f16', 'subgroups'], requiredLimits: { maxBufferSize: 4096 } }]);
    expect(opened).toMatchObject({ kind: 'webgpu', label: 'fake', lost: false });
    expect(opened.profile).toMatchObject({ software: false, maxBufferSize: 268_435_456, float16: false });
  });
});

describeOnGpu('openDevice with an adapter', () => {
  test('opens devices with more than the default limits, one after the other', async () => {
    for (let i = 0; i < 2; i++) {
      const device = await openDevice({ requireGpu: true, powerPreference: 'high-performance' });
      expect(device.kind).toBe('webgpu');
      expect(device.profile.maxBufferSize).toBeGreaterThanOrEqual(268_435_456);
      expect(device.profile.software).toBe(/swiftshader|llvmpipe/i.test(device.label));
      device.destroy();
      expect(device.lost).toBe(true);
    }
  });
});
