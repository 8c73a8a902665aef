/** What to request of an adapter, and what the compiler must know of the device that comes of it. */
import type { DeviceProfile } from '../compiler/program.ts';

const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** A device with everything that the adapter allows and Heddle can use. */
export function deviceDescriptor(adapter: GPUAdapter): GPUDeviceDescriptor {
  return {
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: allLimits(adapter.limits),
  };
}

function allLimits(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {};
  // The limits are accessors of the prototype: Object.entries does not see them.
  for (const name in limits) {
    const value: unknown = limits[name as keyof GPUSupportedLimits];
    if (typeof value === 'number') all[name] = value;
  }
  return all;
}

export function profileOf({ limits, features, adapterInfo }: GPUDevice): DeviceProfile {
  return {
    software: isSoftware(adapterInfo),
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxBufferSize: limits.maxBufferSize,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    float16: features.has('shader-f16'),
    subgroups: features.has('subgroups'),
  };
}

export function describeAdapter({ adapterInfo }: GPUDevice): string {
  const { description, vendor, architecture, device } = infoOf(adapterInfo);
  const text = description || [vendor, architecture, device].filter((part) => part !== '').join(' ');
  return text === '' ? 'webgpu' : text;
}

function isSoftware(adapterInfo: GPUAdapterInfo | undefined): boolean {
  if (adapterInfo?.isFallbackAdapter) return true;
  const { description, vendor, architecture, device } = infoOf(adapterInfo);
  return /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/i.test([vendor, architecture, device, description].join(' '));
}

/** Older browsers have no `adapterInfo` on the device. */
function infoOf(info: GPUAdapterInfo | undefined): Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> {
  return info ?? { vendor: '', architecture: '', device: '', description: '' };
}
