/** Runs generated kernels on raw WebGPU, without the runtime: typed arrays in, typed arrays out. */
import { openGpu } from '../../runtime/adapter.node.ts';
import type { GeneratedKernel } from '../../compiler/codegen/generate.ts';

/** Elements as they lie in device buffers: bools are u32. */
export type DeviceArray = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;

const opened: { device?: Promise<GPUDevice> } = {};

/** The device of this process, with the default limits. */
function openDevice(): Promise<GPUDevice> {
  opened.device ??= (async () => {
    const found = await openGpu();
    if ('reason' in found) throw new Error(found.reason);
    const adapter = await found.gpu.requestAdapter();
    if (adapter === null) throw new Error('no adapter');
    return adapter.requestDevice();
  })();
  return opened.device;
}

/**
 * Dispatches the kernel once, with the given contents of its buffers (by their numbers in the kernel graph) and values of its
 * loop counters, and returns the contents afterwards.
 */
export async function runKernel<Contents extends Readonly<Record<number, DeviceArray>>>(
  { code, buffers, grid }: GeneratedKernel,
  contents: Contents,
  counters: readonly number[] = [],
): Promise<Contents> {
  const device = await openDevice();
  const pipeline = await createPipeline(device, code.wgsl);
  const arrays = buffers.map((buffer) => {
    const array = contents[buffer];
    if (array === undefined) throw new Error(`the kernel uses buffer ${buffer}, which has no contents`);
    return array;
  });
  const storage = arrays.map((array) => upload(device, array, USAGE.storage));
  const uniforms = counters.map((counter) => upload(device, Uint32Array.of(counter, 0, 0, 0), USAGE.uniform));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  [storage, uniforms].forEach((bound, group) => {
    if (bound.length > 0) pass.setBindGroup(group, bindGroup(device, pipeline, group, bound));
  });
  pass.dispatchWorkgroups(...grid);
  pass.end();
  const staging = storage.map(({ size }) => device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget }));
  staging.forEach((target, position) => encoder.copyBufferToBuffer(storage[position]!, 0, target, 0, target.size));
  device.queue.submit([encoder.finish()]);
  const results = await Promise.all(staging.map((buffer, position) => download(buffer, arrays[position]!)));
  [...storage, ...uniforms, ...staging].forEach((buffer) => buffer.destroy());
  return Object.fromEntries(buffers.map((buffer, position) => [buffer, results[position]!])) as unknown as Contents;
}

async function createPipeline(device: GPUDevice, code: string): Promise<GPUComputePipeline> {
  const counted = globalThis as { [counter: symbol]: number | undefined };
  const counter = Symbol.for('heddle.pipelines');
  counted[counter] = (counted[counter] ?? 0) + 1;
  const module = device.createShaderModule({ code });
  const { messages } = await module.getCompilationInfo();
  const complaints = messages.map(({ lineNum, message }) => `line ${lineNum}: ${message}`);
  if (complaints.length > 0) throw new Error(`${complaints.join('\n')}\n${code}`);
  return device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
}

function upload(device: GPUDevice, array: DeviceArray, usage: number): GPUBuffer {
  const buffer = device.createBuffer({ size: array.byteLength, usage: usage | USAGE.copySource | USAGE.copyTarget });
  device.queue.writeBuffer(buffer, 0, array);
  return buffer;
}

function bindGroup(device: GPUDevice, pipeline: GPUComputePipeline, group: number, buffers: readonly GPUBuffer[]): GPUBindGroup {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  return device.createBindGroup({ layout: pipeline.getBindGroupLayout(group), entries });
}

async function download(buffer: GPUBuffer, like: DeviceArray): Promise<DeviceArray> {
  await buffer.mapAsync(1);
  const bytes = buffer.getMappedRange().slice(0);
  if (like instanceof Float32Array) return new Float32Array(bytes);
  return like instanceof Int32Array ? new Int32Array(bytes) : new Uint32Array(bytes);
}
