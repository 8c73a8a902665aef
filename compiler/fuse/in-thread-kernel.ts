/** The kernel that runs a loop within its threads. */
import type { Atom, Equation, Var } from '../ir/jaxpr.ts';
import { loadExpr } from '../scalar/expression.ts';
import type { Expr } from '../scalar/expression.ts';
import { flatten } from '../scalar/indices.ts';
import type { Index } from '../scalar/indices.ts';
import type { BuildContext, Built } from './build.ts';
import { isParallel, isShared, ownIndices } from './in-thread.ts';
import type { MapKernel, ScanKernel, ScanStore } from './kernel.ts';
import { labelOf, sourcesOf } from './label.ts';
import type { LoopRoot, Target } from './plan.ts';
import { enter } from './space.ts';
import type { Extents } from './space.ts';
import { createReader } from './values.ts';
import { survey } from './walk.ts';

export function buildInThread(root: LoopRoot, context: BuildContext, extents?: Extents): Built {
  const { definitions, homes, buffers, wholes } = context.plan;
  const { loop, finals, stacks } = root.scan;
  const { counter } = loop;
  const { elements, variables: { domain } } = enter(root.frame, extents);
  const carried = (variable: Var): Expr | undefined => {
    const stage = loop.carries.findIndex(({ input }) => input === variable);
    return stage < 0 ? undefined : { kind: 'reduced', dtype: variable.aval.dtype, stage };
  };
  const loaded = (variable: Var, indices: readonly Index[]): Expr | undefined => {
    const home = homes.get(variable);
    return home && loadExpr(variable.aval.dtype, home.buffer, flatten([...home.prefix, ...indices], buffers[home.buffer]!.shape));
  };
  const equations = new Set<Equation>();
  const read = createReader(
    definitions,
    (variable, indices) => carried(variable) ?? loaded(variable, indices),
    (definition) => definition.kind === 'operation' && equations.add(definition.equation),
  );
  const own = (atom: Atom): Expr => read(atom, ownIndices(atom.aval.shape, elements));
  const storesOf = (targets: readonly Target[], { aval: { dtype, shape } }: Atom, value: Expr): ScanStore[] => {
    return targets.map(({ buffer, prefix }) => {
      const index = flatten([...prefix, ...ownIndices(shape, elements)], buffers[buffer]!.shape);
      return { buffer, dtype, index, value, shared: isShared(shape, loop) };
    });
  };

  const carries = loop.carries.map(({ initial, next }) => ({ initial: own(initial), next: own(next) }));
  const ending = loop.holds === undefined ? {} : { holds: own(loop.holds) };
  const stepStores = loop.stacks.flatMap(({ value }, k) => storesOf(stacks[k]!, value, own(value)));
  const stores = loop.carries.flatMap(({ input }, k) => storesOf(finals[k]!, input, carried(input)!));

  const all = [...stepStores, ...stores];
  const computed = [...carries.flatMap(({ initial, next }) => [initial, next]), ...Object.values(ending)];
  const exprs = [...computed, ...all.map(({ value }) => value)];
  const found = survey(exprs, all.map(({ index }) => index));
  const label = labelOf(equations, found.loads.size > 0);
  const base = {
    loops: [...found.variables].flatMap((name) => context.counters.get(name) ?? []),
    sources: sourcesOf(equations),
    ...(root.guard === undefined ? {} : { guard: { buffer: wholes.get(root.guard.index)!, branch: root.guard.branch } }),
  };
  const kernel: ScanKernel | MapKernel = isParallel(loop)
    ? { ...base, kind: 'map', label, domain: [counter, ...domain], stores: stepStores }
    : { ...base, kind: 'scan', label: `scan_${label}`, domain, counter, carries, stepStores, stores, ...ending };
  return { kernel, survey: found };
}
