/**
 * Where the input is dilated by d and windows move by 1, each position of the result meets every d-th element of the kernel, from
 * one that depends on the position modulo d, its phase. So the convolution is one of the input as it is, with d times as many output
 * features, one for each phase, and a d-th of the products. A phase that has one element less has a zero for it, which makes NaN
 * of an infinite input. Shi et al. 2016, Is the deconvolution layer the same as a convolutional layer?, arXiv:1609.07009.
 */
import type { Builder } from '../../ir/builder.ts';
import type { Atom } from '../../ir/jaxpr.ts';
import { range } from '../batching.ts';
import { countWindows } from '../windows/geometry.ts';
import type { WindowAxis } from '../windows/geometry.ts';
import type { Grouped } from './lowering.ts';

export function hasPhases({ stride, baseDilation, windowDilation }: WindowAxis): boolean {
  return baseDilation > 1 && stride === 1 && windowDilation === 1;
}

/** How windows lie along the undilated axis, and the element of the kernel with which phase 0 begins. */
export function inPhases(axis: WindowAxis): { readonly undilated: WindowAxis; readonly first: number } {
  const { extent, window, baseDilation, padding: [low] } = axis;
  const before = Math.floor(low / baseDilation);
  const first = low - before * baseDilation;
  const taps = Math.floor((window + baseDilation - 2 - first) / baseDilation) + 1;
  const count = Math.ceil(countWindows(axis) / baseDilation);
  const padding = [before, count - 1 + taps - before - extent] as const;
  return { undilated: { extent, window: taps, stride: 1, padding, baseDilation: 1, windowDilation: 1 }, first };
}

/** The kernel of each phase: for each axis that has phases one in front, the others in their order. */
export function kernelInPhases(o: Builder, { atom, group, spec }: Grouped, axes: readonly WindowAxis[]): Grouped {
  const phased = range(axes.length).filter((i) => hasPhases(axes[i]!));
  if (phased.length === 0) return { atom, group, spec };
  const behind = (axis: number): number => axis + phased.length;
  const { shape } = atom.aval;
  const repeated = o.broadcastInDim(atom, {
    shape: [...phased.map((i) => axes[i]!.baseDilation), ...shape],
    broadcastDimensions: range(shape.length).map(behind),
  });
  const kernels = phased.reduce<Atom>((view, i, windowAxis) => {
    const { undilated: { window: size }, first } = inPhases(axes[i]!);
    const steps = { stride: axes[i]!.baseDilation, windowDilation: -1, low: 0 - first, baseDilation: 1 };
    return o.shear(view, { axis: behind(spec[i + 2]!), windowAxis, size, ...steps, fill: 0 });
  }, repeated);
  return { atom: kernels, group: group.map(behind), spec: spec.map(behind) };
}
