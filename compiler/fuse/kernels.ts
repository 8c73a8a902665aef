/** From blocks to the kernel graph: the merged kernels of every block, in order, in the loops around them. */
import { HeddleError } from '../errors.ts';
import type { Var } from '../ir/jaxpr.ts';
import type { DeviceProfile } from '../program.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block, Loop } from './block.ts';
import { kernelOf } from './build.ts';
import type { BuildContext } from './build.ts';
import { coalesced } from './coalesce.ts';
import { ENCODED_WHILE_MAX_DISPATCHES } from './costs.ts';
import type { GraphStep, KernelGraph } from './graph.ts';
import { buildInWorkgroup } from './in-workgroup.ts';
import { hostDriven, inWorkgroup } from './lowerings.ts';
import type { Lowering, Lowerings } from './lowerings.ts';
import { mergeBlock } from './merge.ts';
import { inOrder } from './order.ts';
import { isRoot } from './plan.ts';
import type { Plan, Root } from './plan.ts';
import { isKernel } from './units.ts';
import type { Unit } from './units.ts';

/** What turned out of loops. */
type Revisions = Map<Loop, (lowering: Lowering) => Lowering>;

/** The kernel graph of what is to be stored. */
export function buildGraph(block: Block, plan: Plan, profile: DeviceProfile, lowerings: Lowerings = new Map()): KernelGraph {
  const counters = new Map<string, IndexVariable>([...plan.loops.keys()].map(({ counter }) => [counter.name, counter]));
  const context: BuildContext = { plan, profile, readers: readersOf(plan), counters, built: new WeakMap() };
  const { buffers, inputs, outputs } = plan;
  const revisions: Revisions = new Map();
  const steps = stepsOf(block, context, revisions);
  const told = [...lowerings].map(([loop, lowering]) => revisions.get(loop)?.(lowering) ?? lowering);
  return { buffers, inputs, outputs, steps, lowerings: told };
}

/** A while loop of which it is not known that a few steps suffice: the host must ask whether it has ended. */
function isHostDriven(loop: Loop, steps: readonly GraphStep[]): loop is Loop & Required<Pick<Loop, 'until'>> {
  if (loop.until === undefined || loop.body.depth > 1) return false;
  return loop.until.maxIterations === null || loop.counter.size * countKernels(steps) > ENCODED_WHILE_MAX_DISPATCHES;
}

/** How many dispatches the steps make. */
function countKernels(steps: readonly GraphStep[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'kernel' ? 1 : step.counter.size * countKernels(step.steps)), 0);
}

function stepsOf(block: Block, context: BuildContext, revisions: Revisions): GraphStep[] {
  return stepsOfUnits(unitsInOrder(block, context), context, revisions);
}

function unitsInOrder(block: Block, context: BuildContext): Unit[] {
  return inOrder(mergeBlock(block, context), context.plan.buffers);
}

function stepsOfUnits(units: readonly Unit[], context: BuildContext, revisions: Revisions): GraphStep[] {
  const { plan, profile } = context;
  return units.flatMap((unit): GraphStep[] => {
    if (isKernel(unit)) {
      const built = kernelOf(unit.content, context);
      if (built === undefined) throw new HeddleError('INTERNAL', 'a kernel that was merged cannot be built');
      return [{ kind: 'kernel', kernel: coalesced(built, unit.content, context) }];
    }
    const item = unit.content as Exclude<typeof unit.content, readonly Root[]>;
    if (item.kind === 'branches') return item.cases.flatMap((branch) => stepsOf(branch.block, context, revisions));
    const body = unitsInOrder(item.body, context);
    if (!profile.software && item.until === undefined) {
      const attempt = buildInWorkgroup(item, body, context);
      revisions.set(item, (lowering) => inWorkgroup(lowering, attempt));
      if (typeof attempt !== 'string') return [{ kind: 'kernel', kernel: attempt }];
    }
    const steps = stepsOfUnits(body, context, revisions);
    const loop = { kind: 'loop', loop: plan.loops.get(item)!, counter: item.counter, steps } as const;
    if (!isHostDriven(item, steps)) return [loop];
    revisions.set(item, hostDriven);
    return [{ ...loop, until: plan.wholes.get(item.until.running)! }];
  });
}

function readersOf({ items }: Plan): Map<Var, Root[]> {
  const readers = new Map<Var, Root[]>();
  for (const root of [...items.values()].flat().filter(isRoot)) {
    for (const variable of root.reads.keys()) readers.set(variable, [...(readers.get(variable) ?? []), root]);
  }
  return readers;
}
