/** Iteration spaces of kernels: the index variables, and where among the elements and rows of a tensor their point lies. */
import type { DimensionNumbers } from '../primitives/operations.ts';
import { sizeOf } from '../shape.ts';
import type { Shape } from '../shape.ts';
import { constant, flatten, unflatten, variable } from '../scalar/indices.ts';
import type { Index, IndexVariable } from '../scalar/indices.ts';

/** What a kernel iterates over, before variables are chosen. */
export type Frame =
  | { readonly kind: 'map'; readonly shape: Shape }
  /** Reductions of operands of `shape` over `axes`. */
  | { readonly kind: 'row'; readonly shape: Shape; readonly axes: readonly number[] }
  | { readonly kind: 'contract'; readonly lhs: Shape; readonly rhs: Shape; readonly numbers: DimensionNumbers };

export type AxisName = 'domain' | 'rows' | 'columns' | 'batch' | 'm' | 'n' | 'k';

const PREFIXES: Readonly<Record<AxisName, string>> = { domain: 'i', rows: 'r', columns: 'c', batch: 'b', m: 'm', n: 'n', k: 'k' };

/** The extents of a frame by role: those of the tensors, or the same with neighbours merged into one variable. */
export type Extents = { readonly [Name in AxisName]?: Shape };

export interface Space {
  readonly frame: Frame;
  readonly variables: { readonly [Name in AxisName]: readonly IndexVariable[] };
  /** The flat position of the point among the elements of the frame's shape (of the result, for a contraction). */
  readonly elements: Index;
  /** The flat position of the row among the rows. */
  readonly rows: Index;
  /** The column among the columns. */
  readonly column: Index;
  readonly lhs: readonly Index[];
  readonly rhs: readonly Index[];
}

/** Iterations in parallel that each write one element, and how many of them make up one row. */
export function sizesOf(frame: Frame): { readonly elements: number; readonly rows: number } {
  switch (frame.kind) {
    case 'map':
      return { elements: sizeOf(frame.shape), rows: sizeOf(frame.shape) };
    case 'row':
      return { elements: sizeOf(frame.shape), rows: sizeOf(keptShape(frame.shape, frame.axes)) };
    case 'contract': {
      const { batch, m, n } = extentsOf(frame);
      const elements = sizeOf([...batch!, ...m!, ...n!]);
      return { elements, rows: elements };
    }
  }
}

export function extentsOf(frame: Frame): Extents {
  switch (frame.kind) {
    case 'map':
      return { domain: frame.shape };
    case 'row':
      return { rows: keptShape(frame.shape, frame.axes), columns: frame.axes.map((axis) => frame.shape[axis]!) };
    case 'contract': {
      const { lhs, rhs, numbers } = frame;
      const [[lhsContracting, rhsContracting], [lhsBatch, rhsBatch]] = numbers;
      return {
        batch: lhsBatch.map((axis) => lhs[axis]!),
        m: keptShape(lhs, [...lhsContracting, ...lhsBatch]),
        n: keptShape(rhs, [...rhsContracting, ...rhsBatch]),
        k: lhsContracting.map((axis) => lhs[axis]!),
      };
    }
  }
}

export function keptShape(shape: Shape, removed: readonly number[]): number[] {
  return shape.filter((_, axis) => !removed.includes(axis));
}

/** Two frames of reductions whose rows and columns are the same. */
export function sameRows(a: Frame, b: Frame): boolean {
  return a.kind === 'row' && b.kind === 'row' && describeRows(a) === describeRows(b);
}

function describeRows({ shape, axes }: { readonly shape: Shape; readonly axes: readonly number[] }): string {
  const marked = shape.map((extent, axis) => `${extent}${axes.includes(axis) ? 'c' : 'r'}`);
  return marked.filter((_, axis) => shape[axis] !== 1).join(' ');
}

/** The indices of a point of a tensor of the shape. */
export function pointOf(shape: Shape, prefix: string = PREFIXES.domain): Index[] {
  return shape.map((extent, i) => (extent === 1 ? constant(0) : variable(`${prefix}${i}`, extent)));
}

interface Axes {
  readonly variables: readonly IndexVariable[];
  readonly indices: readonly Index[];
  readonly position: Index;
}

const NO_AXES: Axes = { variables: [], indices: [], position: constant(0) };

/** The space of a frame; `merged` are extents in which neighbouring axes may be one. */
export function enter(frame: Frame, merged?: Extents): Space {
  const shapes = extentsOf(frame);
  const extents = merged ?? shapes;
  const axes = (name: AxisName): Axes => {
    const shape = shapes[name];
    const own = extents[name];
    if (shape === undefined || own === undefined) return NO_AXES;
    const point = pointOf(own, PREFIXES[name]);
    const position = flatten(point, own);
    const indices = own === shape ? point : unflatten(position, shape);
    return { variables: point.filter((index) => index.kind === 'variable'), indices, position };
  };
  const [domain, rows, columns] = [axes('domain'), axes('rows'), axes('columns')];
  const [batch, m, n, k] = [axes('batch'), axes('m'), axes('n'), axes('k')];
  const variables = {
    domain: domain.variables,
    rows: rows.variables,
    columns: columns.variables,
    batch: batch.variables,
    m: m.variables,
    n: n.variables,
    k: k.variables,
  };
  const space = { frame, variables, column: columns.position, lhs: [], rhs: [] };
  switch (frame.kind) {
    case 'map':
      return { ...space, elements: domain.position, rows: domain.position };
    case 'row': {
      const point = interleave(frame.shape, frame.axes, columns.indices, rows.indices);
      return { ...space, elements: flatten(point, frame.shape), rows: rows.position };
    }
    case 'contract': {
      const [[lhsContracting, rhsContracting], [lhsBatch, rhsBatch]] = frame.numbers;
      const shape = [...shapes.batch!, ...shapes.m!, ...shapes.n!];
      const elements = flatten([...batch.indices, ...m.indices, ...n.indices], shape);
      const shared = [...batch.indices, ...k.indices];
      const lhs = interleave(frame.lhs, [...lhsBatch, ...lhsContracting], shared, m.indices);
      const rhs = interleave(frame.rhs, [...rhsBatch, ...rhsContracting], shared, n.indices);
      return { ...space, elements, rows: elements, lhs, rhs };
    }
  }
}

/** Indices of an array of `shape`: those of `axes` from `named`, in the order of `axes`, the others from `rest`. */
function interleave(shape: Shape, axes: readonly number[], named: readonly Index[], rest: readonly Index[]): Index[] {
  const others = [...rest];
  return shape.map((_, axis) => {
    const at = axes.indexOf(axis);
    return at >= 0 ? named[at]! : others.shift()!;
  });
}
