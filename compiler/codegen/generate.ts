/** Code generation: from one kernel of the kernel graph to WGSL. */
import { HeddleError } from '../errors.ts';
import type { Kernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import { generateContract } from './contract.ts';
import { generateScan } from './in-thread.ts';
import { generateGroup } from './in-workgroup.ts';
import { countPoints } from './launch.ts';
import { generateMap } from './map.ts';
import type { GeneratedKernel } from './module.ts';
import { generateRow } from './row.ts';

export type { GeneratedKernel } from './module.ts';

/**
 * The WGSL of a kernel, with a schedule that suits the device. Equal kernels give equal texts.
 *
 * Throws LIMIT for more buffers or workgroups than the device has, FEATURE for float16 without shader-f16, and INTERNAL for a
 * kernel that is not well-formed, such as one over no points at all.
 */
export function generate(kernel: Kernel, profile: DeviceProfile): GeneratedKernel {
  if (domainsOf(kernel).some((variables) => countPoints(variables) === 0)) {
    const problem = `code generation: '${kernel.label}' has an empty domain; it should not have become a kernel`;
    throw new HeddleError('INTERNAL', problem);
  }
  switch (kernel.kind) {
    case 'map':
      return generateMap(kernel, profile);
    case 'row':
      return generateRow(kernel, profile);
    case 'contract':
      return generateContract(kernel, profile);
    case 'scan':
      return generateScan(kernel, profile);
    case 'group':
      return generateGroup(kernel, profile);
  }
}

function domainsOf(kernel: Kernel): (readonly IndexVariable[])[] {
  switch (kernel.kind) {
    case 'map':
      return [kernel.domain];
    case 'row':
      return [kernel.rows, kernel.columns];
    case 'contract':
      return [kernel.batch, kernel.m, kernel.n, kernel.k];
    case 'scan':
      return [kernel.domain, [kernel.counter]];
    case 'group':
      return kernel.parts.flatMap((part) => domainsOf(part.kernel));
  }
}
