/** Merges neighbouring axes of a kernel into one index variable where that costs no division: most maps become flat. */
import type { Shape } from '../shape.ts';
import { buildKernel, leadFrame } from './build.ts';
import type { BuildContext, Built } from './build.ts';
import type { Kernel } from './kernel.ts';
import type { Root } from './plan.ts';
import { extentsOf } from './space.ts';
import type { AxisName, Extents } from './space.ts';

/** The kernel with as few index variables as its tensors allow. */
export function coalesced(built: Built, roots: readonly Root[], context: BuildContext): Kernel {
  let best = built;
  let extents: Extents = extentsOf(leadFrame(roots));
  for (const name of Object.keys(extents) as AxisName[]) {
    extents = { ...extents, [name]: extents[name]!.filter((extent) => extent > 1) };
    for (let axis = extents[name]!.length - 1; axis > 0; axis--) {
      const merged = { ...extents, [name]: mergeWithNext(extents[name]!, axis - 1) };
      const attempt = buildKernel(roots, context, merged);
      if (attempt === undefined || attempt.survey.divisions > best.survey.divisions) continue;
      best = attempt;
      extents = merged;
    }
  }
  return best.kernel;
}

function mergeWithNext(shape: Shape, axis: number): number[] {
  return [...shape.slice(0, axis), shape[axis]! * shape[axis + 1]!, ...shape.slice(axis + 2)];
}
