/** A program as somebody would write it by hand with WebGPU: what can be made once is made once, and a call only encodes. */
import type { Inspection } from 'heddle';

type Program = Inspection['program'];

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly grid: readonly [x: number, y: number, z: number];
}

/**
 * Encodes and submits the program's dispatches. Calls alternate between two sets of buffers, as those of a training step do: a result is
 * written where the next call reads an input of its size.
 */
export function rawProgram(gpu: GPUDevice, program: Program): () => void {
  const pipelines = program.kernels.map(({ wgsl }) => {
    const module = gpu.createShaderModule({ code: wgsl });
    return gpu.createComputePipeline({ layout: 'auto', compute: { module } });
  });
  const buffers = program.buffers.map(({ bytes }) => gpu.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE }));
  const sets = [buffers, withResultsAsInputs(program, buffers)].map((set) => dispatchesOf(gpu, program, pipelines, set));
  let turn = 0;
  return () => {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let pipelineSet: GPUComputePipeline | null = null;
    let groupSet: GPUBindGroup | null = null;
    for (const { pipeline, group, grid } of sets[turn++ % sets.length]!) {
      if (pipeline !== pipelineSet) pass.setPipeline((pipelineSet = pipeline));
      if (group !== groupSet) pass.setBindGroup(0, (groupSet = group));
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  };
}

/** The buffers of the other set: results and the inputs that take their values have changed places; temporaries stay. */
function withResultsAsInputs({ buffers: specs, inputs, outputs }: Program, buffers: readonly GPUBuffer[]): GPUBuffer[] {
  const swapped = [...buffers];
  const left = new Set(inputs);
  for (const output of outputs) {
    const input = [...left].find((candidate) => specs[candidate]!.bytes === specs[output]!.bytes);
    if (input === undefined) continue;
    left.delete(input);
    [swapped[input], swapped[output]] = [buffers[output]!, buffers[input]!];
  }
  return swapped;
}

function dispatchesOf(
  gpu: GPUDevice,
  { buffers: specs, steps }: Program,
  pipelines: readonly GPUComputePipeline[],
  buffers: readonly GPUBuffer[],
): Dispatch[] {
  return steps.map((step) => {
    if (step.kind !== 'dispatch') throw new Error('the raw calls of a program with loops are not written');
    const pipeline = pipelines[step.kernel]!;
    const entries = step.buffers.map((buffer, binding) => {
      if (typeof buffer !== 'number') throw new Error('only loops have carries');
      return { binding, resource: { buffer: buffers[buffer]!, size: specs[buffer]!.bytes } };
    });
    return { pipeline, group: gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }), grid: step.grid };
  });
}
