/** A GPUDevice whose methods do nothing: what is left of a call's time is Heddle's own. */

export function nullDevice(): GPUDevice {
  const nothing = (): void => {};
  const settled = (): Promise<null> => Promise.resolve(null);
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  const encoder = { beginComputePass: () => pass, copyBufferToBuffer: nothing, finish: () => ({}) };
  const device = {
    limits: LIMITS,
    features: new Set<string>(),
    adapterInfo: { vendor: '', architecture: '', device: '', description: 'a device that does nothing' },
    lost: new Promise(nothing),
    queue: { writeBuffer: nothing, submit: nothing, onSubmittedWorkDone: settled },
    createBuffer: ({ size }: { readonly size: number }) => nullBuffer(size),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createShaderModule: () => ({}),
    createComputePipeline: () => ({}),
    createComputePipelineAsync: () => Promise.resolve({}),
    createBindGroup: () => ({}),
    createCommandEncoder: () => encoder,
    pushErrorScope: nothing,
    popErrorScope: settled,
    destroy: nothing,
  };
  return device as unknown as GPUDevice;
}

function nullBuffer(size: number): unknown {
  return {
    size,
    mapAsync: () => Promise.resolve(),
    getMappedRange: (_: number, length: number) => new ArrayBuffer(length),
    unmap: (): void => {},
    destroy: (): void => {},
  };
}

/** The default limits of WebGPU. */
const LIMITS = {
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 134_217_728,
  maxBufferSize: 268_435_456,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupStorageSize: 16_384,
};
