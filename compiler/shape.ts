/** Shapes: sizes, strides, axes, broadcasting, and the texts of their errors. */
import { HeddleError } from './errors.ts';

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(',')}]`;
}

/** The axis counted from the front; negative axes count from the end. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `axes go from ${-rank} to ${rank - 1}`;
    throw new HeddleError('AXIS', `${operation}: axis ${axis} is outside rank ${rank}; ${range}`, {
      fix: rank === 0 ? `${operation}(x.reshape([1]), 0)` : `${operation}(x, ${rank - 1})`,
    });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted distinct axes; `null` means all of them. */
export function normalizeAxes(axes: number | readonly number[] | null, rank: number, operation: string): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, axis) => axis);
  const normalized = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(axis, rank, operation));
  const distinct = [...new Set(normalized)].sort((a, b) => a - b);
  if (distinct.length !== normalized.length) {
    throw new HeddleError('AXIS', `${operation}: axes ${showShape(normalized)} name one axis twice`, {
      fix: `${operation}(x, ${showShape(distinct)})`,
    });
  }
  return distinct;
}

/** NumPy's broadcasting of several shapes. */
export function broadcastShapes(shapes: readonly Shape[], operation: string): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    shape.forEach((extent, axis) => {
      const at = rank - shape.length + axis;
      if (extent === 1) return;
      if (result[at] !== 1 && result[at] !== extent) {
        throw new HeddleError(
          'SHAPE',
          `${operation}: shapes ${shapes.map(showShape).join(' and ')} do not broadcast: ` +
            `axis ${at - rank} is ${result[at]} in one and ${extent} in the other`,
          { fix: `${operation}(x.reshape([...]), y) so that each pair of trailing axes is equal or 1` },
        );
      }
      result[at] = extent;
    });
  }
  return result;
}
