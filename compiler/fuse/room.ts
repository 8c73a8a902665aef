/** Whether a kernel has bindings for the buffers of two: what can be known of that before it is built. */
import { kernelOf } from './build.ts';
import type { BuildContext } from './build.ts';
import type { KernelUnit } from './units.ts';

interface Needs {
  /** What its kernel binds, whatever else that computes: the buffers that it loads from, and those that must be written. */
  readonly bound: ReadonlySet<number>;
  /** What others load from it: no binding, if they are in its kernel. */
  readonly handed: ReadonlySet<number>;
  /** Otherwise it may bind fewer. */
  readonly exact: boolean;
}

export class Room {
  readonly #context: BuildContext;
  readonly #needs = new WeakMap<KernelUnit, Needs>();

  constructor(context: BuildContext) {
    this.#context = context;
  }

  /** False only where there is none. Not all that a unit reads must be loaded, so its kernel is asked where it matters. */
  suffices(a: KernelUnit, b: KernelUnit): boolean {
    const limit = this.#context.profile.maxStorageBuffersPerShaderStage;
    if (fit(this.#needsOf(a, false), this.#needsOf(b, false), limit)) return true;
    return fit(this.#needsOf(a, true), this.#needsOf(b, true), limit);
  }

  #needsOf(unit: KernelUnit, exact: boolean): Needs {
    const known = this.#needs.get(unit);
    if (known !== undefined && (known.exact || !exact)) return known;
    const built = exact ? kernelOf(unit.content, this.#context) : this.#context.built.get(unit.content);
    const bound = new Set(built?.survey.loads ?? unit.reads);
    for (const { required } of unit.content) for (const { buffer } of required) bound.add(buffer);
    const handed = new Set([...unit.writes].filter((buffer) => !bound.has(buffer)));
    const needs = { bound, handed, exact: exact || built !== undefined };
    this.#needs.set(unit, needs);
    return needs;
  }
}

/** Whether a kernel of both binds no more buffers than the limit. */
function fit(a: Needs, b: Needs, limit: number): boolean {
  let count = 0;
  for (const buffer of a.bound) if (!b.handed.has(buffer)) count++;
  for (const buffer of b.bound) if (!a.handed.has(buffer) && !a.bound.has(buffer)) count++;
  return count <= limit;
}
