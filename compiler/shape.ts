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

/** Writes a call of an operation with other axes, for the fix of an error. */
export type CallWith = (axes: string) => string;

/** The axis counted from the front; negative axes count from the end. @throws AXIS */
export function normalizeAxis(
  axis: number,
  rank: number,
  operation: string,
  fix: CallWith = (axes) => `${operation}(..., { axis: ${axes} })`,
): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `axes go from ${-rank} to ${rank - 1}`;
    throw new HeddleError('AXIS', `${operation}: axis ${axis} is outside rank ${rank}; ${range}`, {
      fix: rank === 0 ? 'x.reshape([1])' : fix(String(rank - 1)),
    });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted distinct axes; `null` means all of them. @throws AXIS */
export function normalizeAxes(
  axes: number | readonly number[] | null,
  rank: number,
  operation: string,
  fix: CallWith = (distinct) => `${operation}(..., { axis: ${distinct} })`,
): number[] {
  if (axes === null) return Array.from({ length: rank }, (_, axis) => axis);
  const normalized = (typeof axes === 'object' ? axes : [axes]).map((axis) => normalizeAxis(axis, rank, operation, fix));
  const distinct = [...new Set(normalized)].sort((a, b) => a - b);
  if (distinct.length !== normalized.length) {
    throw new HeddleError('AXIS', `${operation}: axes ${showShape(normalized)} name one axis twice`, {
      fix: fix(showShape(distinct)),
    });
  }
  return distinct;
}

/** NumPy's broadcasting of several shapes. `fix` writes a call that works. @throws SHAPE */
export function broadcastShapes(
  shapes: readonly Shape[],
  operation: string,
  fix: (shapes: readonly Shape[]) => string = (unfit) => fittingCall(operation, unfit),
): number[] {
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
          { fix: fix(shapes) },
        );
      }
      result[at] = extent;
    });
  }
  return result;
}

/** `small` with axes of extent 1 put in, so that it broadcasts to `large`; undefined when that is not enough. */
export function spread(small: Shape, large: Shape): Shape | undefined {
  const rest = [...small];
  const result = large.map(() => 1);
  for (let axis = large.length - 1; axis >= 0; axis--) {
    if (rest.at(-1) === large[axis]) result[axis] = rest.pop() ?? 1;
  }
  return rest.length === 0 ? result : undefined;
}

/** Shapes that broadcast to the longest of them: each with its extents where these fit, else with those of the longest. */
export function fittingShapes(shapes: readonly Shape[]): Shape[] {
  const longest = shapes.reduce((a, b) => (b.length > a.length ? b : a), []);
  return shapes.map((shape) => shape.map((extent, axis) => (extent === 1 ? 1 : longest.at(axis - shape.length)!)));
}

/** A call with one operand reshaped or transposed if that is enough, else with operands of shapes that broadcast. */
function fittingCall(operation: string, shapes: readonly Shape[]): string {
  const [x = [], y = []] = shapes;
  if (shapes.length === 2) {
    const [left, right] = [spread(x, y), spread(y, x)];
    if (right !== undefined) return `${operation}(x, y.reshape(${showShape(right)}))`;
    if (left !== undefined) return `${operation}(x.reshape(${showShape(left)}), y)`;
    if (sameShape(x, y.toReversed())) return `${operation}(x, y.transpose())`;
  }
  return `${operation}(${fittingShapes(shapes).map((shape) => `np.ones(${showShape(shape)})`).join(', ')})`;
}
