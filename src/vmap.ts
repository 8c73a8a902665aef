/** vmap: maps a function over an axis of its arguments by a pass over its jaxpr. The counterpart of jax.vmap. */
import type { HeddleError } from '../compiler/errors.ts';
import { axesOfLeaves } from './axes.ts';
import type { Axes } from './axes.ts';
import { readOptions } from './options.ts';
import { calleeName } from './trace/callee.ts';
import { userError } from './trace/user-error.ts';
import type { Aval } from '../compiler/ir/jaxpr.ts';
import { showAval } from '../compiler/ir/jaxpr.ts';
import { batchJaxpr } from '../compiler/transforms/vmap.ts';
import { currentValue, readArguments } from './trace/arguments.ts';
import type { Arguments } from './trace/arguments.ts';
import { applyJaxpr } from './trace/apply.ts';
import { located } from './trace/bind.ts';
import { describeValue } from './trace/literal.ts';
import { nameVariable } from './trace/naming.ts';
import type { PlannedOutputs } from './trace/outputs.ts';
import { deliverResults } from './trace/results.ts';
import { closedJaxpr } from './trace/stage.ts';
import type { Tensor } from './trace/tensor.ts';
import { SownSlot } from './trace/sown.ts';
import { traceFunction } from './trace/trace-function.ts';
import { currentTrace, readIn } from './trace/trace.ts';
import { Variable } from './trace/variable.ts';

export interface VmapOptions {
  /** One entry per argument, or one for all. Default 0. */
  readonly inAxes?: Axes;
  /** Where the mapped axis of the results goes. Default 0. */
  readonly outAxes?: Axes;
  /** The size of the mapped axis, when no argument tells. */
  readonly axisSize?: number;
  /** A name for the mapped axis, by which lax.psum, pmean, pmax, pmin, allGather and axisIndex find it inside `f`. */
  readonly axisName?: string;
}

interface VmapChoices {
  readonly inAxes: Axes;
  readonly outAxes: Axes;
  readonly axisSize: number | undefined;
  readonly axisName: string | undefined;
}

/**
 * A function of the same parameters in which the mapped arguments have one more axis, as have the results. Inside `f` a
 * Variable of a mapped argument is its slice; a Variable that is not mapped may only be written with values that do not depend on
 * the mapped axis.
 *
 * @throws VMAP_AXIS for sizes that differ, an axis that an argument does not have, or nothing mapped.
 */
export function vmap<A extends unknown[], R>(f: (...args: A) => R, options: VmapOptions = {}): (...args: A) => R {
  const name = `vmap(${calleeName('vmap', f)})`;
  const { inAxes, outAxes, axisSize, axisName } = readOptions<VmapChoices>('vmap', options, {
    inAxes: 0,
    outAxes: 0,
    axisSize: undefined,
    axisName: undefined,
  });
  checkAxisName(name, axisName);
  const mapped = (...args: A): R =>
    located(() => {
      const inputs = readArguments(args);
      const values = inputs.traced.map((leaf) => currentValue(leaf));
      const axes = argumentAxes(name, inputs, args.length, inAxes, values);
      const size = mappedSize(name, inputs, values, axes, axisSize);
      const slices = values.map((value, i) => sliceAval(value.aval, axes[i]!));
      const traced = traceFunction(name, f as (...args: never[]) => unknown, inputs, slices, (trace) => {
        trace.mapped = mappedVariables(inputs, axes);
        trace.axis = axisName === undefined ? null : { name: axisName, size };
      });
      const { plan, paths, finished } = traced;
      const jaxpr = closedJaxpr(finished);
      const requested = outputAxes(name, traced, outAxes);
      const written = finished.writes.map(({ variable }) => {
        if (variable instanceof SownSlot) return 0;
        const place = inputs.traced.findIndex(({ value }) => value === variable);
        return place < 0 ? null : axes[place]!;
      });
      const inputAxes = [...finished.captures.map(() => null), ...axes];
      const wanted = [...requested, ...written.map((axis) => axis ?? undefined)];
      const batched = batchJaxpr(jaxpr, size, inputAxes, wanted, axisName);
      finished.writes.forEach(({ variable }, i) => {
        const axis = batched.outAxes[plan.count + i];
        if (written[i] === null && axis !== null) throw batchedWrite(name, variable, inputs);
      });
      batched.outAxes.slice(0, plan.count).forEach((axis, i) => {
        if (requested[i] === undefined && axis !== null) {
          throw userError('VMAP_AXIS', `${name}: ${paths[i]} has outAxes null, but its value depends on the mapped axis`, {
            fix: 'vmap(f, { outAxes: 0 })',
          });
        }
      });
      const operands = [...finished.captures.map(({ outer }) => outer), ...values];
      const results = applyJaxpr(name, batched.jaxpr, operands);
      return deliverResults({ plan, finished, inputs }, results) as R;
    });
  return Object.defineProperty(mapped, 'name', { value: f.name });
}

function checkAxisName(name: string, axisName: unknown): void {
  if (axisName === undefined || (typeof axisName === 'string' && axisName !== '')) return;
  const given = axisName === '' ? 'empty' : describeValue(axisName);
  throw userError('VALUE', `${name}: axisName is ${given}, and must be a name`, { fix: "vmap(f, { axisName: 'batch' })" });
}

function argumentAxes(
  name: string,
  inputs: Arguments,
  count: number,
  inAxes: Axes,
  values: readonly Tensor[],
): (number | null)[] {
  if (Array.isArray(inAxes) && inAxes.length !== count) {
    throw userError('VMAP_AXIS', `${name}: inAxes has ${inAxes.length} entries for ${count} arguments`, {
      fix: `vmap(f, { inAxes: [${Array.from({ length: count }, () => '0').join(', ')}] })`,
    });
  }
  const perLeaf = axesOfLeaves(inAxes, inputs.treedef, inputs.leaves, 'inAxes');
  const axes: (number | null | undefined)[] = inputs.traced.map(() => undefined);
  inputs.places.forEach((place, i) => {
    if (place < 0) return;
    const axis = perLeaf[i]!;
    const value = values[place]!;
    const resolved = axis === null ? null : normalize(name, axis, value, inputs.traced[place]!.path);
    if (axes[place] !== undefined && axes[place] !== resolved) {
      throw userError(
        'ALIASING',
        `${name}: one Variable is reached at ${inputs.traced[place]!.path} with axis ${axes[place]} ` +
          `and at ${inputs.paths[i]} with axis ${resolved}`,
        { fix: 'give both places the same entry of inAxes, or pass nnx.clone(model) for one' },
      );
    }
    axes[place] = resolved;
  });
  return axes.map((axis) => axis ?? null);
}

function normalize(name: string, axis: number, value: Tensor, path: string): number {
  const resolved = axis < 0 ? axis + value.ndim : axis;
  if (Number.isInteger(axis) && resolved >= 0 && resolved < value.ndim) return resolved;
  throw userError('VMAP_AXIS', `${name}: ${path} is ${value.describe()} and has no axis ${axis} to map`, {
    fix: value.ndim === 0 ? 'vmap(f, { inAxes: [0, null] }) // null for what is not mapped' : 'vmap(f, { inAxes: 0 })',
  });
}

function mappedSize(
  name: string,
  inputs: Arguments,
  values: readonly Tensor[],
  axes: readonly (number | null)[],
  axisSize: number | undefined,
): number {
  const sizes = values.flatMap((value, i) => (axes[i] === null ? [] : [{ size: value.shape[axes[i]!]!, i }]));
  const size = axisSize ?? sizes[0]?.size;
  if (size === undefined) {
    throw userError('VMAP_AXIS', `${name}: no argument is mapped, so the size of the mapped axis is not known`, {
      fix: 'vmap(f, { axisSize: n })',
    });
  }
  if (!Number.isInteger(size) || size < 0) {
    throw userError('VMAP_AXIS', `${name}: axisSize is ${size}, and must be a whole number from 0`, { fix: 'vmap(f, { axisSize: 3 })' });
  }
  if (sizes.some((entry) => entry.size !== size)) {
    const list = sizes.map(
      ({ size: n, i }) => `\n  ${inputs.traced[i]!.path}: ${values[i]!.describe()}, axis ${axes[i]} has size ${n}`,
    );
    const wanted = axisSize === undefined ? '' : `\n  axisSize: ${axisSize}`;
    throw userError('VMAP_AXIS', `${name}: the mapped axes differ in size:${list.join('')}${wanted}`, {
      fix: 'vmap(f, { inAxes: [0, null] }) for an argument that is the same for every element',
    });
  }
  return size;
}

function mappedVariables(inputs: Arguments, axes: readonly (number | null)[]): ReadonlySet<Variable> {
  return new Set(inputs.traced.flatMap(({ value }, i) => (value instanceof Variable && axes[i] !== null ? [value] : [])));
}

function sliceAval(aval: Aval, axis: number | null): Aval {
  return axis === null ? aval : { ...aval, shape: aval.shape.filter((_, i) => i !== axis) };
}

/** Per computed value: an axis, or undefined where null was asked for (the pass then says whether that is true). */
function outputAxes(name: string, { plan, values, paths, returned }: PlannedOutputs, outAxes: Axes): (number | undefined)[] {
  const perLeaf = axesOfLeaves(outAxes, plan.treedef, returned, 'outAxes');
  const axes: (number | undefined)[] = [];
  plan.leaves.forEach((leaf, i) => {
    if (leaf.kind !== 'result' && leaf.kind !== 'fresh') return;
    const [axis, path] = [perLeaf[i]!, paths[leaf.index]!];
    const resolved = axis === null ? undefined : outputAxis(name, axis, values[leaf.index]!.aval, path);
    if (leaf.index in axes && axes[leaf.index] !== resolved) {
      const [one, other] = [axes[leaf.index] ?? null, resolved ?? null];
      throw userError('ALIASING', `${name}: the Variable at ${path} is returned with outAxes ${one} and again with ${other}`, {
        fix: 'return it once, or with the same entry of outAxes',
      });
    }
    axes[leaf.index] = resolved;
  });
  return axes;
}

function outputAxis(name: string, axis: number, aval: Aval, path: string): number {
  const rank = aval.shape.length + 1;
  const resolved = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && resolved >= 0 && resolved < rank) return resolved;
  throw userError('VMAP_AXIS', `${name}: ${path} is ${showAval(aval)} before it is mapped, and has no place ${axis} for one more axis`, {
    fix: 'vmap(f, { outAxes: 0 })',
  });
}

function batchedWrite(name: string, variable: Variable, inputs: Arguments): HeddleError {
  const path = nameVariable(variable, inputs.traced.find(({ value }) => value === variable)?.path);
  return userError(
    'STATE_WRITE',
    `${name}: a value that depends on the mapped axis was written to ${path} (${showAval(readIn(currentTrace(), variable).aval)}), which is not mapped`,
    { fix: 'map it (inAxes 0 for its argument), or write its mean over the axis outside vmap' },
  );
}
