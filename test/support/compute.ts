/** A raw compute shader, without any of Heddle: shows that the machinery around WebGPU works. */

/** Doubles four numbers on a device. It closes over nothing, so that its text can also be run in a page. */
export async function doubleOnGpu(gpu: GPU): Promise<{ adapter: string; values: number[] }> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  const device = await adapter.requestDevice();
  const code = `
    @group(0) @binding(0) var<storage, read_write> data: array<f32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { data[id.x] = data[id.x] * 2; }`;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  // GPUBufferUsage and GPUMapMode by value: STORAGE | COPY_SRC | COPY_DST, then MAP_READ | COPY_DST.
  const data = device.createBuffer({ size: 16, usage: 0x80 | 0x4 | 0x8 });
  const staging = device.createBuffer({ size: 16, usage: 0x1 | 0x8 });
  device.queue.writeBuffer(data, 0, new Float32Array([1, 2, 3, 4.5]));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: data } }],
  }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(data, 0, staging, 0, 16);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const values = [...new Float32Array(staging.getMappedRange())];
  device.destroy();
  return { adapter: adapter.info.architecture, values };
}
