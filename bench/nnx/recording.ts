/** Records what a call encodes, so that it can be encoded again without Heddle. */

type Command = (pass: GPUComputePassEncoder) => void;

/** Runs `call`, which encodes one compute pass; gives the calls that fill the pass, with the objects they were given. */
export function recordPass<T>(gpu: GPUDevice, call: () => T): { readonly result: T; readonly commands: readonly Command[] } {
  const commands: Command[] = [];
  const createCommandEncoder = gpu.createCommandEncoder.bind(gpu);
  // A method of the object itself hides that of its class until it is deleted.
  gpu.createCommandEncoder = (descriptor) => {
    const encoder = createCommandEncoder(descriptor);
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (passDescriptor) => recorded(beginComputePass(passDescriptor), commands);
    return encoder;
  };
  try {
    return { result: call(), commands };
  } finally {
    Reflect.deleteProperty(gpu, 'createCommandEncoder');
  }
}

function recorded(pass: GPUComputePassEncoder, commands: Command[]): GPUComputePassEncoder {
  const { setPipeline, dispatchWorkgroups } = pass;
  const setBindGroup: (index: number, group: GPUBindGroup | null | undefined) => undefined = pass.setBindGroup;
  pass.setPipeline = (pipeline): undefined => {
    commands.push((other) => other.setPipeline(pipeline));
    setPipeline.call(pass, pipeline);
  };
  const setGroup = (index: number, group: GPUBindGroup | null | undefined): undefined => {
    commands.push((other) => other.setBindGroup(index, group));
    setBindGroup.call(pass, index, group);
  };
  Object.assign(pass, { setBindGroup: setGroup });
  pass.dispatchWorkgroups = (x, y = 1, z = 1): undefined => {
    commands.push((other) => other.dispatchWorkgroups(x, y, z));
    dispatchWorkgroups.call(pass, x, y, z);
  };
  return pass;
}
