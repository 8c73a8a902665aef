/** Code generation: from one kernel of the kernel graph to WGSL. */
import { HeddleError } from '../errors.ts';
import type { Kernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import { generateContract } from './contract.ts';
import { countPoints } from './launch.ts';
import { generateMap } from './map.ts';
import type { GeneratedKernel } from './module.ts';
import { generateRow } from './row.ts';

export type { GeneratedKernel } from './module.ts';

/**
 * The WGSL of a kernel, with a schedule that suits the device. Equal kernels give equal texts.
 *
 * Throws LIMIT for more buffers or workgroups than the device has, FEATURE for float16 without shader-f16, and INTERNAL for a kernel
 * that is not well-formed, such as one over no points at all.
 */
export function generate(kernel: Kernel, profile: DeviceProfile): GeneratedKernel {
  const empty = domainsOf(kernel).some((variables) => countPoints(variables) === 0);
  if (empty) throw new HeddleError('INTERNAL', `code generation: '${kernel.label}' has an empty domain; it should not have become a kernel`);
  switch (kernel.kind) {
    case 'map':
      return generateMap(kernel, profile);
    case 'row':
      return generateRow(kernel, profile);
    case 'contract':
      return generateContract(kernel, profile);
  }
}

function domainsOf(kernel: Kernel) {
  switch (kernel.kind) {
    case 'map':
      return [kernel.domain];
    case 'row':
      return [kernel.rows, kernel.columns];
    case 'contract':
      return [kernel.batch, kernel.m, kernel.n, kernel.k];
  }
}
