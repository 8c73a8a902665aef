/** Elementwise kernels: every point of a domain is computed by itself. */
import type { MapKernel } from '../fuse/kernel.ts';
import type { DeviceProfile } from '../program.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';
import { isMultipleWithout, loadsOf, strideOf, type Load } from './access.ts';
import { storageType } from './literals.ts';
import { countPoints, numberInvocations, unflatten } from './launch.ts';
import { ModuleWriter, toStorage, type GeneratedKernel } from './module.ts';
import { asOperand } from './precedence.ts';
import { chooseMapSchedule, type MapSchedule } from './schedule.ts';

export function generateMap(kernel: MapKernel, profile: DeviceProfile, chosen?: MapSchedule): GeneratedKernel {
  const writer = new ModuleWriter(kernel, profile);
  const { domain, stores } = kernel;
  const { root } = writer;
  writer.count([], stores);
  const points = countPoints(domain);
  const schedule = chosen ?? chooseMapSchedule(points, writer.emitter.table.size);
  const plan = schedule.vectors ? planVectors(kernel) : undefined;
  if (plan !== undefined) return generateVectors(writer, kernel, plan, schedule.workgroup);
  const { number, launch } = numberInvocations(writer, points, schedule.workgroup);
  const env = unflatten(writer.env, root, number, domain);
  writer.stores(stores, env, root).forEach((statement) => root.line(statement));
  return writer.finish(launch);
}

interface VectorPlan {
  /** The variable along which an invocation computes four points. */
  readonly along: IndexVariable;
  /** The loads of four elements at once. */
  readonly loads: readonly Load[];
}

/** Vectors are possible when all stores, for four neighbouring points, are to four aligned neighbouring elements. */
function planVectors({ domain, stores }: MapKernel): VectorPlan | undefined {
  const along = domain.findLast(({ size }) => size > 1);
  if (along === undefined || along.size % 4 !== 0) return undefined;
  const aligned = ({ index }: { readonly index: Index }): boolean =>
    strideOf(index, along.name) === 1 && isMultipleWithout(index, along.name, 4);
  if (!stores.every(aligned)) return undefined;
  const loads = loadsOf(stores.flatMap(({ value, index }) => [value, index]));
  const stored = new Set(stores.map(({ buffer }) => buffer));
  const scattered = new Set(loads.filter((load) => !aligned(load)).map(({ buffer }) => buffer));
  if ([...scattered].some((buffer) => stored.has(buffer))) return undefined;
  return { along, loads: loads.filter(({ buffer }) => !scattered.has(buffer)) };
}

function generateVectors(writer: ModuleWriter, kernel: MapKernel, plan: VectorPlan, workgroup: number): GeneratedKernel {
  const { along, loads } = plan;
  const { root, emitter, bindings } = writer;
  const quads = kernel.domain.map((variable) => (variable === along ? { name: along.name, size: along.size / 4 } : variable));
  const { number, launch } = numberInvocations(writer, countPoints(quads), workgroup);
  const env = unflatten(writer.env, root, number, quads);
  const quad = env.text(along.name);
  const first = `${quad} * 4u`;
  const points = [0, 1, 2, 3].map((offset) =>
    env.bind(root, [[along.name, () => root.define(offset === 0 ? first : `${first} + ${offset}u`, along.name)]]),
  );
  /** Where the four elements lie in a buffer of vectors. */
  const position = (index: Index): string =>
    index === along ? quad : `${asOperand(emitter.text(index, points[0] ?? env, root))} / 4u`;

  for (const load of loads) {
    const vector = root.let(`${bindings.vector(load.buffer, load.dtype)}[${position(load.index)}]`, 'v');
    points.forEach((point, lane) => {
      const element = `${vector}.${'xyzw'[lane]}`;
      point.write(emitter.table.of(load), load.dtype === 'bool' ? `(${element} != 0u)` : element);
    });
  }
  const several = kernel.stores.length > 1;
  const statements = kernel.stores.map(({ buffer, dtype, index, value }) => {
    const elements = points.map((point) => toStorage(emitter.text(value, point, root, several), dtype));
    const target = `${bindings.vector(buffer, dtype)}[${position(index)}]`;
    return `${target} = vec4<${storageType(dtype)}>(${elements.join(', ')});`;
  });
  statements.forEach((statement) => root.line(statement));
  return writer.finish(launch);
}
