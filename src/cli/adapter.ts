/** What WebGPU adapter this process finds. */
import { openGpu } from '../../runtime/adapter.node.ts';

/** The features and limits that decide which kernels can be compiled. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

export type AdapterReport = {
  vendor: string;
  architecture: string;
  description: string;
  features: Record<(typeof FEATURES)[number], boolean>;
  limits: Record<(typeof LIMITS)[number], number>;
};

/** Describes the adapter, or says why there is none. */
export async function findAdapter(): Promise<AdapterReport | { reason: string }> {
  const opened = await openGpu();
  if ('reason' in opened) return opened;
  const adapter = await opened.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) return { reason: 'no Vulkan, Metal or Direct3D 12 driver was found' };
  const { vendor, architecture, description } = adapter.info;
  const features = fromKeys(FEATURES, (name) => adapter.features.has(name));
  const limits = fromKeys(LIMITS, (name) => adapter.limits[name]);
  return { vendor, architecture, description, features, limits };
}

function fromKeys<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}
