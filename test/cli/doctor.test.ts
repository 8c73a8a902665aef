import { describe, expect, test } from 'vitest';
import { diagnose } from '../../src/cli/doctor.ts';
import type { Examination } from '../../src/cli/doctor.ts';

const limits = {
  maxBufferSize: 1073741824,
  maxStorageBufferBindingSize: 1073741824,
  maxStorageBuffersPerShaderStage: 12,
  maxComputeWorkgroupStorageSize: 32768,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupsPerDimension: 65535,
};

const swiftShader = {
  vendor: 'google',
  architecture: 'swiftshader',
  description: 'SwiftShader driver 5.0.0',
  features: { 'shader-f16': false, subgroups: true, 'timestamp-query': true },
  limits,
};

const graphicsCard = {
  vendor: 'nvidia',
  architecture: 'ampere',
  description: '',
  features: { 'shader-f16': true, subgroups: true, 'timestamp-query': true },
  limits,
};

const noDriver = { reason: 'no Vulkan, Metal or Direct3D 12 driver was found' };

const withoutGpu: Examination = {
  heddle: '0.1.0',
  node: '20.20.2',
  machine: { platform: 'linux', arch: 'x64', musl: false },
  webgpu: '0.6.2',
  chromium: '147.0.0',
  system: noDriver,
  software: { ...swiftShader, env: { VK_DRIVER_FILES: '/s/icd.json', LD_LIBRARY_PATH: '/s' } },
};

describe('heddle doctor', () => {
  test('on a machine with a GPU', () => {
    const diagnosis = diagnose({ ...withoutGpu, system: graphicsCard });
    expect(diagnosis.usable).toBe(true);
    expect(diagnosis.text).toBe(`heddle 0.1.0 on linux x64

  ok  Node         20.20.2
  ok  webgpu       0.6.2
  ok  GPU          nvidia ampere
  ok  SwiftShader  SwiftShader driver 5.0.0 (google swiftshader)
  ok  Chromium     147.0.0, for tests in a browser

Features and limits of the adapter:
  ok  shader-f16
  ok  subgroups
  ok  timestamp-query
  maxBufferSize                     1073741824
  maxStorageBufferBindingSize       1073741824
  maxStorageBuffersPerShaderStage   12
  maxComputeWorkgroupStorageSize    32768
  maxComputeInvocationsPerWorkgroup 256
  maxComputeWorkgroupsPerDimension  65535

Programs run on the GPU.`);
  });

  test('on a machine with SwiftShader only', () => {
    const diagnosis = diagnose(withoutGpu);
    expect(diagnosis.usable).toBe(true);
    expect(diagnosis.text).toBe(`heddle 0.1.0 on linux x64

  ok  Node         20.20.2
  ok  webgpu       0.6.2
  --  GPU          no Vulkan, Metal or Direct3D 12 driver was found
  ok  SwiftShader  SwiftShader driver 5.0.0 (google swiftshader)
  ok  Chromium     147.0.0, for tests in a browser

Features and limits of the adapter:
  --  shader-f16
  ok  subgroups
  ok  timestamp-query
  maxBufferSize                     1073741824
  maxStorageBufferBindingSize       1073741824
  maxStorageBuffersPerShaderStage   12
  maxComputeWorkgroupStorageSize    32768
  maxComputeInvocationsPerWorkgroup 256
  maxComputeWorkgroupsPerDimension  65535

What to do:
  GPU: install the Vulkan driver of your GPU, for example: apt install mesa-vulkan-drivers

Programs run WGSL in software when they are started like this:
  VK_DRIVER_FILES=/s/icd.json LD_LIBRARY_PATH=/s node program.js`);
  });

  test('where nothing is installed', () => {
    const reason = { reason: 'the npm package webgpu is not installed' };
    const bare: Examination = { ...withoutGpu, webgpu: undefined, chromium: undefined, system: reason, software: reason };
    const diagnosis = diagnose({ ...bare, node: '18.20.0' });
    expect(diagnosis.usable).toBe(false);
    expect(diagnosis.text).toBe(`heddle 0.1.0 on linux x64

  --  Node         18.20.0
  --  webgpu       the npm package is not installed
  --  GPU          the npm package webgpu is not installed
  --  SwiftShader  the npm package webgpu is not installed
  --  Chromium     @sparticuz/chromium is not installed

What to do:
  Node: install Node 20 or newer
  webgpu: npm install webgpu
  SwiftShader: npm install --save-dev @sparticuz/chromium, to run WGSL without a GPU

Programs run on the device 'cpu', slowly.`);
  });

  test('on a machine for which there is no software adapter', () => {
    const machine = { platform: 'linux', arch: 'arm64', musl: true };
    const reason = '@sparticuz/chromium has binaries for x64 only, not for arm64';
    const diagnosis = diagnose({ ...withoutGpu, machine, software: { reason } });
    expect(diagnosis.usable).toBe(false);
    expect(diagnosis.text).toBe(`heddle 0.1.0 on linux arm64 (musl)

  ok  Node         20.20.2
  ok  webgpu       0.6.2
  --  GPU          no Vulkan, Metal or Direct3D 12 driver was found
  --  SwiftShader  @sparticuz/chromium has binaries for x64 only, not for arm64
  --  Chromium     @sparticuz/chromium has binaries for x64 only, not for arm64

What to do:
  GPU: install the Vulkan driver of your GPU, for example: apt install mesa-vulkan-drivers

Programs run on the device 'cpu', slowly.`);
  });
});
