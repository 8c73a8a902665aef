/** Node's way to a GPU: the optional npm package `webgpu` (Dawn). */

/** Dawn's instance: the process crashes when it is collected while one of its devices is alive. */
let instance: GPU | undefined;

/** Opens WebGPU, or says why there is none. It does not ask for an adapter: that can fail later, with its own reason. */
export async function openGpu(): Promise<{ gpu: GPU } | { reason: string }> {
  if (instance !== undefined) return { gpu: instance };
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    instance = create([]);
    return { gpu: instance };
  } catch (error) {
    return { reason: whyNot(error) };
  }
}

function whyNot(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith("Cannot find package 'webgpu'")) return 'the npm package webgpu is not installed';
  return `the npm package webgpu could not be loaded: ${message.split('\n', 1)[0]}`;
}
