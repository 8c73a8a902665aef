/** Windows: where they lie, how many there are, and the view in which each has the elements it covers along axes of its own. */
import { HeddleError } from '../../errors.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { Shape } from '../../shape.ts';
import { showShape } from '../../shape.ts';
import { range } from '../batching.ts';

/** How windows lie along one axis. */
export interface WindowAxis {
  /** The extent of the axis, and how many of its elements a window covers. */
  readonly extent: number;
  readonly window: number;
  readonly stride: number;
  /** How many elements are put before and after the axis, when it has been dilated; negative amounts crop. */
  readonly padding: readonly [number, number];
  /** From one element of the axis to the next, of which there are none in between. */
  readonly baseDilation: number;
  /** From one element of a window to the next. */
  readonly windowDilation: number;
}

/** The extent of an axis, or of a window, whose elements are `dilation` apart. */
export function dilated(extent: number, dilation: number): number {
  return extent === 0 ? 0 : (extent - 1) * dilation + 1;
}

/** How many windows fit. */
export function countWindows({ extent, window, stride, padding: [low, high], baseDilation, windowDilation }: WindowAxis): number {
  const room = low + dilated(extent, baseDilation) + high - dilated(window, windowDilation);
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

/** Whether every window covers the one element at its own place. */
export function isTrivial({ window, stride, padding: [low, high], baseDilation }: WindowAxis): boolean {
  return window === 1 && stride === 1 && low === 0 && high === 0 && baseDilation === 1;
}

/** The padding with which windows over the windows are as many as the elements, when strides and base dilation are exchanged. */
export function adjointPadding(axis: WindowAxis): readonly [number, number] {
  const reach = dilated(axis.window, axis.windowDilation) - 1;
  const low = reach - axis.padding[0];
  return [low, dilated(axis.extent, axis.baseDilation) + reach - dilated(countWindows(axis), axis.stride) - low];
}

/**
 * What windows along `axes` cover: the axes have as many positions as there are windows, and the elements of a window lie along
 * new axes at the end, one for each of `axes`. Where a window covers no element there is `fill`.
 */
export function windowsOf(o: Builder, x: Atom, axes: readonly number[], along: readonly WindowAxis[], fill: number): Atom {
  const { shape } = x.aval;
  return axes.reduce((view, axis, i) => {
    const { stride, windowDilation, baseDilation, padding: [low] } = along[i]!;
    const size = countWindows(along[i]!);
    return o.shear(view, { axis, windowAxis: shape.length + i, size, stride, windowDilation, low, baseDilation, fill });
  }, withWindowAxes(o, x, along));
}

/**
 * The other way round: of `x`, with an element for each window, what the windows have that cover each element of the axes, by the
 * place where they cover it, along new axes at the end. Where no window covers it there is `fill`.
 */
export function windowsOver(o: Builder, x: Atom, axes: readonly number[], along: readonly WindowAxis[], fill: number): Atom {
  const { shape } = x.aval;
  return axes.reduce((view, axis, i) => {
    const { extent, stride, windowDilation, baseDilation, padding: [low] } = along[i]!;
    const steps = { stride: baseDilation, windowDilation: 0 - windowDilation, low: 0 - low, baseDilation: stride };
    return o.shear(view, { axis, windowAxis: shape.length + i, size: extent, ...steps, fill });
  }, withWindowAxes(o, x, along));
}

/** `x` repeated for each place in a window, along new axes at the end. */
function withWindowAxes(o: Builder, x: Atom, along: readonly WindowAxis[]): Atom {
  const { shape } = x.aval;
  return o.broadcastInDim(x, {
    shape: [...shape, ...along.map(({ window }) => window)],
    broadcastDimensions: range(shape.length),
  });
}

/** Throws unless a parameter has whole numbers from 1, one per axis that windows move along. */
export function expectSteps(primitive: string, parameter: string, steps: readonly number[], axes: Shape): void {
  expectEntries(primitive, parameter, steps, axes);
  if (steps.every((step) => Number.isInteger(step) && step >= 1)) return;
  throw new HeddleError('VALUE', `${primitive}: ${parameter} ${showShape(steps)} must be whole numbers from 1`, {
    fix: `${parameter}: ${showShape(steps.map((step) => Math.max(1, Math.trunc(step) || 1)))}`,
  });
}

/** Throws unless there is a pair of whole numbers per axis that windows move along. */
export function expectPadding(primitive: string, padding: readonly (readonly [number, number])[], axes: Shape): void {
  expectEntries(primitive, 'padding', padding, axes);
  if (padding.every((pair) => pair.length === 2 && pair.every(Number.isInteger))) return;
  throw new HeddleError('VALUE', `${primitive}: padding ${JSON.stringify(padding)} must be pairs of whole numbers`, {
    fix: `padding: ${JSON.stringify(axes.map(() => [0, 0]))}`,
  });
}

function expectEntries(primitive: string, parameter: string, entries: readonly unknown[], axes: Shape): void {
  if (entries.length === axes.length) return;
  const moving = `windows move along ${axes.length} axes, of ${showShape(axes)}`;
  throw new HeddleError('SHAPE', `${primitive}: ${parameter} has ${entries.length} entries, and ${moving}`, {
    fix: `${parameter}: one entry per axis of ${showShape(axes)}`,
  });
}
