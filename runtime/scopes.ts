/** WebGPU's error scopes: what the device says about a step, after the step. */

export interface Fault {
  readonly code: 'VALIDATION' | 'MEMORY';
  readonly message: string;
}

/** What became of a step: null when nothing went wrong. */
export type Outcome = Promise<Fault | null>;

const FILTER: Readonly<Record<Fault['code'], GPUErrorFilter>> = { VALIDATION: 'validation', MEMORY: 'out-of-memory' };

/** Runs `body`; returns its value and the first fault of this kind that it causes. The innermost scope of a kind gets a fault. */
export function inScope<T>(gpu: GPUDevice, code: Fault['code'], body: () => T): [value: T, outcome: Outcome] {
  gpu.pushErrorScope(FILTER[code]);
  let value: T;
  let scope: Promise<GPUError | null>;
  try {
    value = body();
  } finally {
    scope = gpu.popErrorScope();
  }
  return [value, scope.then((error) => (error === null ? null : { code, message: error.message }))];
}
