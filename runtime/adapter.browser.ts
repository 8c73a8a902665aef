/** The browser's way to a GPU: `navigator.gpu`. */

/** Returns the browser's WebGPU, or says why there is none. */
export function openGpu(): Promise<{ gpu: GPU } | { reason: string }> {
  const { navigator, isSecureContext } = globalThis as { navigator?: { gpu?: GPU }; isSecureContext?: boolean };
  return Promise.resolve(navigator?.gpu === undefined ? { reason: whyNot(isSecureContext) } : { gpu: navigator.gpu });
}

function whyNot(isSecureContext: boolean | undefined): string {
  return isSecureContext === false
    ? 'WebGPU needs a secure context: serve the page from https or from http://localhost'
    : 'this browser has no WebGPU (navigator.gpu is undefined)';
}
