/** The device's limits: on the buffers of one kernel, by storing more, and on the size of a buffer, by an error. */
import { deviceBytes } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { showAval, Var } from '../ir/jaxpr.ts';
import type { Atom } from '../ir/jaxpr.ts';
import type { DeviceProfile } from '../program.ts';
import { sizeOf } from '../shape.ts';
import type { Loop } from './block.ts';
import { isRoot, targetsOf } from './plan.ts';
import type { Plan, Root } from './plan.ts';

/**
 * For every root that needs more buffers than a kernel may have, the variable that it computes in place and whose storing would
 * free most bindings, or else the loop that it should not run by itself.
 */
export function overfull(plan: Plan, { maxStorageBuffersPerShaderStage: limit }: DeviceProfile): Set<Var | Loop> {
  const chosen = new Set<Var | Loop>();
  for (const root of [...plan.items.values()].flat().filter(isRoot)) {
    const others = targetsOf(root).length + (root.guard === undefined ? 0 : 1);
    if (buffersOf(root.reads.keys(), plan).size + others <= limit) continue;
    const choice = mostFreeing(root, plan, limit - 1) ?? encodable(root.scan?.loop);
    if (choice === undefined) {
      throw new HeddleError('LIMIT', `one kernel needs ${root.reads.size + others} buffers; the device allows ${limit}`, {
        fix: 'await init({ device }) // a GPUDevice requested with a higher maxStorageBuffersPerShaderStage',
      }).at(sourceOf(root, plan));
    }
    chosen.add(choice);
  }
  return chosen;
}

/** A loop that kernels can run as well as one kernel can. */
function encodable(loop: Loop | undefined): Loop | undefined {
  return loop?.holds === undefined ? loop : undefined;
}

/** Of the variables that read at most `limit` buffers, the one that reads most. */
function mostFreeing(root: Root, plan: Plan, limit: number): Var | undefined {
  const leaves = new Map<Atom, Set<number>>();
  const visit = (atom: Atom): Set<number> => {
    const known = leaves.get(atom);
    if (known !== undefined) return known;
    const reads = atom instanceof Var ? root.inlined.get(atom) : undefined;
    const found = atom instanceof Var && root.reads.has(atom) ? buffersOf([atom], plan) : new Set<number>();
    for (const read of reads ?? []) for (const buffer of visit(read)) found.add(buffer);
    leaves.set(atom, found);
    return found;
  };
  let best: Var | undefined;
  let most = 1;
  for (const variable of root.inlined.keys()) {
    const count = visit(variable).size;
    const definition = plan.definitions.get(variable);
    if (definition?.kind !== 'operation' || definition.block === root.scan?.loop.body) continue;
    if (count > limit || count <= most) continue;
    best = variable;
    most = count;
  }
  return best;
}

function buffersOf(variables: Iterable<Var>, plan: Plan): Set<number> {
  return new Set([...variables].map((variable) => plan.homes.get(variable)!.buffer));
}

/** Throws LIMIT for a tensor that no buffer of the device can hold, at the line that made it. */
export function expectBuffersFit(plan: Plan, profile: DeviceProfile): void {
  const limit = Math.min(profile.maxStorageBufferBindingSize, profile.maxBufferSize);
  const roots = [...plan.items.values()].flat().filter(isRoot);
  plan.buffers.forEach(({ dtype, shape }, number) => {
    const bytes = sizeOf(shape) * deviceBytes(dtype);
    if (bytes <= limit) return;
    const type = showAval({ dtype, shape, weak: false });
    const error = new HeddleError('LIMIT', `a tensor ${type} takes ${bytes} bytes; the device binds at most ${limit} at once`, {
      fix: 'lax.scan(f, init, slices) // with a first axis along which the tensor is computed in pieces',
    });
    const writer = roots.find((root) => targetsOf(root).some(({ buffer }) => buffer === number));
    throw error.at(writer && sourceOf(writer, plan));
  });
}

function sourceOf({ atom }: Root, plan: Plan): string | undefined {
  const definition = atom instanceof Var ? plan.definitions.get(atom) : undefined;
  const source = definition?.kind === 'operation' ? definition.equation.source : undefined;
  return source && `${source.file}:${source.line}:${source.column}`;
}
