/** A loop within each thread: what it carries from step to step stays in registers. */
import type { ScanKernel, ScanStore } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { Block } from './block.ts';
import type { Env } from './expressions.ts';
import { countPoints, numberInvocations, unflatten } from './launch.ts';
import { ModuleWriter, type GeneratedKernel } from './module.ts';
import { asOperand } from './precedence.ts';
import { chooseMapSchedule } from './schedule.ts';
import { stageName } from './terms.ts';

export function generateScan(kernel: ScanKernel, profile: DeviceProfile): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { domain, counter, carries, holds, stepStores, stores } = kernel;
  const { root, emitter } = writer;
  const exprs = [...carries.flatMap(({ initial, next }) => [initial, next]), ...(holds === undefined ? [] : [holds])];
  writer.count(exprs, [...stepStores, ...stores]);
  const points = countPoints(domain);
  const { number, launch } = numberInvocations(writer, points, chooseMapSchedule(points, emitter.table.size).workgroup);
  const env = unflatten(writer.env, root, number, domain);
  const names = carries.map(({ initial }) => {
    const text = emitter.text(initial, env, root);
    const name = root.numbered('carry');
    root.line(`var ${name} = ${text};`);
    return name;
  });

  const takeStep = (block: Block, t: string): void => {
    // A step computes with names of its own, so that it does not matter in which order the variables change.
    const before = names.map((name, k) => [stageName(k), (): string => block.let(name, 'h')] as const);
    const step = env.bind(block, [[counter.name, t], ...before]);
    if (holds !== undefined) block.line(`if (!${asOperand(emitter.text(holds, step, block))}) { break; }`);
    const next = carries.map((carry) => emitter.text(carry.next, step, block, true));
    storeAll(writer, stepStores, step, block, number);
    names.forEach((name, k) => block.line(`${name} = ${next[k]};`));
  };
  if (holds === undefined) root.loop('t', counter.size, takeStep);
  else {
    const t = root.exact('t');
    root.nest(`for (var ${t} = 0u; ${t} < ${counter.size}u; ${t} += 1u)`, (block) => takeStep(block, t));
  }
  storeAll(writer, stores, env.bind(root, names.map((name, k) => [stageName(k), name])), root, number);
  return writer.finish(launch);
}

/** What all points compute alike is stored by the first. */
function storeAll(writer: ModuleWriter, stores: readonly ScanStore[], env: Env, block: Block, number: string): void {
  const statements = (shared: boolean): string[] => writer.stores(stores.filter((store) => store.shared === shared), env, block);
  const [own, common] = [statements(false), statements(true)];
  own.forEach((statement) => block.line(statement));
  if (common.length === 0) return;
  block.nest(`if (${number} == 0u)`, (inner) => common.forEach((statement) => inner.line(statement)));
}
