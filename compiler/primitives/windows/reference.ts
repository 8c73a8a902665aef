/** References of what moves windows over arrays. */
import { allocate, roundTo } from '../../dtype.ts';
import type { HostArray } from '../../dtype.ts';
import { hostArray, offsets } from '../../reference/arrays.ts';
import type { Shape } from '../../shape.ts';
import { sizeOf, stridesOf } from '../../shape.ts';
import type { Fold } from '../reduce/fold.ts';
import { countWindows, isTrivial } from './geometry.ts';
import type { WindowAxis } from './geometry.ts';

/** An element that a window covers: its offset in the array, and that of its place in the window. */
export type Covered = readonly [source: number, place: number];

/** What each window covers, row-major. `strides` are those of the array along the axes, `places` those of the window. */
export function coverage(axes: readonly WindowAxis[], strides: readonly number[], places: readonly number[]): Covered[][] {
  return axes.reduce<Covered[][]>((outer, axis, i) => {
    const inner = coverageAlong(axis);
    return outer.flatMap((covered) =>
      inner.map((own) =>
        covered.flatMap(([source, place]) => own.map(([s, p]): Covered => [source + s * strides[i]!, place + p * places[i]!])),
      ),
    );
  }, [[[0, 0]]]);
}

function coverageAlong(axis: WindowAxis): Covered[][] {
  const { extent, window, stride, padding: [low], baseDilation, windowDilation } = axis;
  return Array.from({ length: countWindows(axis) }, (_, position) => {
    const places = Array.from({ length: window }, (__, k): Covered => {
      return [(position * stride + k * windowDilation - low) / baseDilation, k];
    });
    return places.filter(([source]) => Number.isInteger(source) && source >= 0 && source < extent);
  });
}

interface Windows {
  /** What those windows cover, row-major, that lie at the first element of each axis along which they do not move. */
  readonly covered: readonly (readonly Covered[])[];
  /** Offsets of their results. */
  readonly places: Int32Array;
  /** Along the other axes: by how much offsets of elements and of results are moved. */
  readonly sources: Int32Array;
  readonly targets: Int32Array;
}

function windowsIn(shape: Shape, axes: readonly WindowAxis[]): Windows {
  const result = axes.map(countWindows);
  const [from, to] = [stridesOf(shape), stridesOf(result)];
  const moved = [...axes.keys()].filter((axis) => !isTrivial(axes[axis]!));
  const only = (extents: Shape, wanted: boolean): number[] => {
    return extents.map((extent, axis) => (moved.includes(axis) === wanted ? extent : 1));
  };
  return {
    covered: coverage(moved.map((axis) => axes[axis]!), moved.map((axis) => from[axis]!), moved.map(() => 0)),
    places: offsets(only(result, true), to),
    sources: offsets(only(shape, false), from),
    targets: offsets(only(result, false), to),
  };
}

/** Every window of an array reduced to one value; floats are combined in double precision and rounded at the end. */
export function foldWindows(x: HostArray, axes: readonly WindowAxis[], { identity, combine }: Fold): HostArray {
  const { dtype, shape, data } = x;
  const { covered, places, sources, targets } = windowsIn(shape, axes);
  const result = axes.map(countWindows);
  const folded = allocate(dtype, sizeOf(result));
  const step = combine(dtype);
  covered.forEach((elements, window) => {
    for (let i = 0; i < sources.length; i++) {
      const value = elements.reduce((running, [offset]) => step(running, data[sources[i]! + offset]!), identity(dtype));
      folded[targets[i]! + places[window]!] = roundTo(dtype, value);
    }
  });
  return hostArray(dtype, result, folded);
}

/** For every window the offset of the first element that is better than all others, -1 where it covers none; NaN is best. */
export function selectedOffsets(
  { shape, data }: Pick<HostArray, 'shape' | 'data'>,
  axes: readonly WindowAxis[],
  better: (a: number, b: number) => boolean,
): Int32Array {
  const { covered, places, sources, targets } = windowsIn(shape, axes);
  const selected = new Int32Array(sizeOf(axes.map(countWindows))).fill(-1);
  covered.forEach((elements, window) => {
    for (let i = 0; i < sources.length; i++) {
      let best = -1;
      for (const [offset] of elements) {
        const [value, other] = [data[sources[i]! + offset]!, data[best]!];
        if (best < 0 || (!Number.isNaN(other) && (Number.isNaN(value) || better(value, other)))) best = sources[i]! + offset;
      }
      selected[targets[i]! + places[window]!] = best;
    }
  });
  return selected;
}
