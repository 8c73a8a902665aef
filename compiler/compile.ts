/** The back end: from a first-order jaxpr to a Program. */
import { assemble } from './fuse/assemble.ts';
import { flatten } from './fuse/flatten.ts';
import type { KernelGraph } from './fuse/graph.ts';
import { buildGraph } from './fuse/kernels.ts';
import { expectBuffersFit, overfull } from './fuse/limits.ts';
import { chooseLowerings, encoded } from './fuse/lowerings.ts';
import { materialize } from './fuse/materialize.ts';
import { Var } from './ir/jaxpr.ts';
import type { Jaxpr } from './ir/jaxpr.ts';
import type { DeviceProfile, Program } from './program.ts';

export interface Compiled {
  readonly program: Program;
  /** What the program was made from, to be looked at. */
  readonly graph: KernelGraph;
}

/**
 * Compiles a jaxpr for a device. The inputs of the program are the jaxpr's consts and then its inputs.
 *
 * Throws LIMIT for a tensor or a kernel above the limits of the device, FEATURE for a dtype that it lacks.
 */
export function compile(jaxpr: Jaxpr, profile: DeviceProfile, label: string): Compiled {
  const graph = fuse(jaxpr, profile);
  return { program: assemble(graph, profile, label), graph };
}

/** The kernel graph of a jaxpr. */
export function fuse(jaxpr: Jaxpr, profile: DeviceProfile): KernelGraph {
  const program = flatten(jaxpr);
  const lowerings = chooseLowerings(program);
  const forced = new Set<Var>();
  let plan = materialize(program, profile, forced, lowerings);
  for (let more = overfull(plan, profile); more.size > 0; more = overfull(plan, profile)) {
    for (const one of more) {
      if (one instanceof Var) forced.add(one);
      else lowerings.set(one, encoded(one, `one kernel would need more than ${profile.maxStorageBuffersPerShaderStage} buffers`));
    }
    plan = materialize(program, profile, forced, lowerings);
  }
  expectBuffersFit(plan, profile);
  return buildGraph(program.block, plan, profile, lowerings);
}
