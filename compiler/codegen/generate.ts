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
import { sourceTexts } from './module.ts';
import type { GeneratedKernel } from './module.ts';
import { generateRow } from './row.ts';
import { structureOf } from './structure.ts';

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

/** Generates kernels one after the other. Those that differ in their buffers only are written once. */
export function generator(profile: DeviceProfile): (kernel: Kernel) => GeneratedKernel {
  const known = new Map<string, { readonly generated: GeneratedKernel; readonly positions: readonly number[] }>();
  return (kernel) => {
    const structure = structureOf(kernel);
    if (structure === undefined) return generate(kernel, profile);
    const first = known.get(structure.text);
    if (first === undefined) {
      const generated = generate(kernel, profile);
      known.set(structure.text, { generated, positions: generated.buffers.map((buffer) => structure.buffers.indexOf(buffer)) });
      return generated;
    }
    const { code, grid } = first.generated;
    const { label } = kernel;
    const buffers = first.positions.map((position) => structure.buffers[position]!);
    return { code: { ...code, label, sources: sourceTexts(kernel) }, buffers, grid };
  };
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
