/** From blocks to the kernel graph: the merged kernels of every block, in order, in the loops around them. */
import { HeddleError } from '../errors.ts';
import type { Var } from '../ir/jaxpr.ts';
import type { DeviceProfile } from '../program.ts';
import type { IndexVariable } from '../scalar/indices.ts';
import type { Block } from './block.ts';
import { buildKernel } from './build.ts';
import type { BuildContext } from './build.ts';
import { coalesced } from './coalesce.ts';
import type { GraphStep, KernelGraph } from './graph.ts';
import { mergeBlock } from './merge.ts';
import { inOrder } from './order.ts';
import { isRoot } from './plan.ts';
import type { Plan, Root } from './plan.ts';
import { isKernel } from './units.ts';

/** The kernel graph of what is to be stored. */
export function buildGraph(block: Block, plan: Plan, profile: DeviceProfile): KernelGraph {
  const counters = new Map<string, IndexVariable>([...plan.loops.keys()].map(({ counter }) => [counter.name, counter]));
  const context: BuildContext = { plan, profile, readers: readersOf(plan), counters };
  const { buffers, inputs, outputs } = plan;
  return { buffers, inputs, outputs, steps: stepsOf(block, context) };
}

function stepsOf(block: Block, context: BuildContext): GraphStep[] {
  const { plan } = context;
  return inOrder(mergeBlock(block, context), plan.buffers).flatMap((unit): GraphStep[] => {
    if (isKernel(unit)) {
      const built = buildKernel(unit.content, context);
      if (built === undefined) throw new HeddleError('INTERNAL', 'a kernel that was merged cannot be built');
      return [{ kind: 'kernel', kernel: coalesced(built, unit.content, context) }];
    }
    const item = unit.content as Exclude<typeof unit.content, readonly Root[]>;
    if (item.kind === 'branches') return item.cases.flatMap((branch) => stepsOf(branch.block, context));
    return [{ kind: 'loop', loop: plan.loops.get(item)!, counter: item.counter, steps: stepsOf(item.body, context) }];
  });
}

function readersOf({ items }: Plan): Map<Var, Root[]> {
  const readers = new Map<Var, Root[]>();
  for (const root of [...items.values()].flat().filter(isRoot)) {
    for (const variable of root.reads.keys()) readers.set(variable, [...(readers.get(variable) ?? []), root]);
  }
  return readers;
}
