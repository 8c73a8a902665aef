/** Merges neighbouring axes of a kernel into one index variable where that costs no division: most maps become flat. */
import type { Shape } from '../shape.ts';
import { buildKernel, leadFrame } from './build.ts';
import type { BuildContext, Built } from './build.ts';
import type { Kernel } from './kernel.ts';
import type { Root } from './plan.ts';
import { extentsOf } from './space.ts';
import type { AxisName } from './space.ts';

/** The kernel with as few index variables as its tensors allow. */
export function coalesced(built: Built, roots: readonly Root[], context: BuildContext): Kernel {
  const extents = new Map<AxisName, Shape>();
  for (const [name, shape] of Object.entries(extentsOf(leadFrame(roots)))) {
    extents.set(name as AxisName, shape.filter((extent) => extent > 1));
  }
  let best = built;
  for (const [name, shape] of extents) {
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const before = extents.get(name)!;
      extents.set(name, mergeWithNext(before, axis));
      const attempt = buildKernel(roots, context, Object.fromEntries(extents));
      if (attempt !== undefined && attempt.survey.divisions <= best.survey.divisions) best = attempt;
      else extents.set(name, before);
    }
  }
  return best.kernel;
}

function mergeWithNext(shape: Shape, axis: number): number[] {
  return [...shape.slice(0, axis), shape[axis]! * shape[axis + 1]!, ...shape.slice(axis + 2)];
}
