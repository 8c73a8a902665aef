/** How each loop of a program will run, and why: what `inspect` tells. */
import type { Source } from '../ir/jaxpr.ts';
import { showShape, sizeOf } from '../shape.ts';
import type { Block, BlockProgram, Loop } from './block.ts';
import { isParallel, lanesOf, obstacleOf, primitiveOf } from './in-thread.ts';
import type { Attempt } from './in-workgroup.ts';

export interface Lowering {
  readonly primitive: string;
  /**
   * `in-thread`: one kernel whose threads each take all steps; `in-workgroup`: one whose workgroups do; `parallel`: one whose
   * threads take a step each; `encoded`: the kernels of the body are dispatched in every step; `host-driven`: so they are, in
   * chunks, after which the host asks whether the loop has ended.
   */
  readonly chosen: 'in-thread' | 'in-workgroup' | 'parallel' | 'encoded' | 'host-driven';
  /** Part of a sentence. */
  readonly reason: string;
  readonly source: Source | undefined;
}

export type Lowerings = ReadonlyMap<Loop, Lowering>;

/** The lowering of every loop, in the order of the program, before the limits of the device are known to allow it. */
export function chooseLowerings({ block, definitions }: BlockProgram): Map<Loop, Lowering> {
  return new Map(loopsOf(block).map((loop) => {
    if (loop.until !== undefined) return [loop, encoded(loop, loop.until.obstacle)];
    const obstacle = obstacleOf(loop, definitions);
    if (obstacle !== undefined) return [loop, encoded(loop, obstacle)];
    if (isParallel(loop)) return [loop, lowering(loop, 'parallel', 'no step reads what another one computes')];
    const lanes = lanesOf(loop);
    const reason = `each element of ${showShape(lanes)} depends on the carries at its own index only`;
    return [loop, lowering(loop, 'in-thread', sizeOf(lanes) === 1 ? 'all carries are scalars' : reason)];
  }));
}

export function encoded(loop: Loop, reason: string): Lowering {
  return lowering(loop, 'encoded', reason);
}

/** An encoded loop once it is known whether workgroups can run it: `attempt` is their kernel, or what is in the way. */
export function inWorkgroup(encoded: Lowering, attempt: Attempt): Lowering {
  if (typeof attempt === 'string') return { ...encoded, reason: `${encoded.reason}, and in workgroups ${attempt}` };
  const rows = attempt.rows === 1 ? 'the state' : `each of ${attempt.rows} rows depends on itself only, and its state`;
  return { ...encoded, chosen: 'in-workgroup', reason: `${encoded.reason}, but ${rows} fits into workgroup memory` };
}

export function hostDriven(lowering: Lowering): Lowering {
  return { ...lowering, chosen: 'host-driven' };
}

function lowering(loop: Loop, chosen: Lowering['chosen'], reason: string): Lowering {
  return { primitive: primitiveOf(loop), chosen, reason, source: loop.source };
}

function loopsOf(block: Block): Loop[] {
  return block.nodes.flatMap((node) => {
    if (node.kind === 'loop') return [node, ...loopsOf(node.body)];
    return node.kind === 'branches' ? node.cases.flatMap((branch) => loopsOf(branch.block)) : [];
  });
}
