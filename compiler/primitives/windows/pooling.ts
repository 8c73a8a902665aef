/** Windows over all axes of an array, most of which they do not move along: what reductions and selections of windows share. */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import type { Shape } from '../../shape.ts';
import { insertAt, range } from '../batching.ts';
import type { WindowParams } from '../operations.ts';
import { countWindows, expectPadding, expectSteps, isTrivial, windowsOf, windowsOver } from './geometry.ts';
import type { WindowAxis } from './geometry.ts';

export function windowAxes(shape: Shape, params: WindowParams): WindowAxis[] {
  return shape.map((extent, axis) => ({
    extent,
    window: params.windowDimensions[axis]!,
    stride: params.windowStrides[axis]!,
    padding: params.padding[axis]!,
    baseDilation: params.baseDilation[axis]!,
    windowDilation: params.windowDilation[axis]!,
  }));
}

/** One window an element. */
export function windowsShape(shape: Shape, params: WindowParams): number[] {
  return windowAxes(shape, params).map(countWindows);
}

/** The axes along which windows move or cover more than one element. */
function moved(shape: Shape, params: WindowParams): { readonly axes: readonly number[]; readonly along: readonly WindowAxis[] } {
  const all = windowAxes(shape, params);
  const axes = range(all.length).filter((axis) => !isTrivial(all[axis]!));
  return { axes, along: axes.map((axis) => all[axis]!) };
}

/** What windows cover, along axes at the end: one for each axis along which they move. */
export function covered(o: Builder, x: Atom, params: WindowParams, fill: number): Atom {
  const { axes, along } = moved(x.aval.shape, params);
  return windowsOf(o, x, axes, along, fill);
}

/** Of `x`, with an element for each window over an array of `shape`, what those windows have that cover each element. */
export function covering(o: Builder, x: Atom, shape: Shape, params: WindowParams, fill: number): Atom {
  const { axes, along } = moved(shape, params);
  return windowsOver(o, x, axes, along, fill);
}

/** The same windows over an array with one axis more, along which they do not move. */
export function withAxis<P extends WindowParams>(params: P, axis: number): P {
  return {
    ...params,
    windowDimensions: insertAt(params.windowDimensions, axis, 1),
    windowStrides: insertAt(params.windowStrides, axis, 1),
    padding: insertAt(params.padding, axis, [0, 0] as const),
    baseDilation: insertAt(params.baseDilation, axis, 1),
    windowDilation: insertAt(params.windowDilation, axis, 1),
  };
}

export function expectWindows(name: string, shape: Shape, params: WindowParams): void {
  expectSteps(name, 'windowDimensions', params.windowDimensions, shape);
  expectSteps(name, 'windowStrides', params.windowStrides, shape);
  expectSteps(name, 'baseDilation', params.baseDilation, shape);
  expectSteps(name, 'windowDilation', params.windowDilation, shape);
  expectPadding(name, params.padding, shape);
}
