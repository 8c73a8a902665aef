/** Shapes drawn for tests. */
import fc from 'fast-check';

/** Up to three axes of up to four. */
export const shapes: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

/** At least one axis. */
export const shapesWithAxes: fc.Arbitrary<number[]> = shapes.filter((shape) => shape.length > 0);

/** An entry per axis, each drawn for the extent of its axis. */
export function perAxis<T>(shape: readonly number[], entry: (extent: number) => fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.tuple(...shape.map(entry)) as fc.Arbitrary<T[]>;
}

/** The shape with an axis joined to the one before it wherever `joins` says so. */
export function grouped(shape: readonly number[], joins: readonly boolean[]): number[] {
  return shape.reduce<number[]>((joined, extent, axis) => {
    const before = joined.at(-1);
    return before !== undefined && joins[axis] === true ? [...joined.slice(0, -1), before * extent] : [...joined, extent];
  }, []);
}

/** Some of the axes, ascending. */
export function someAxes(shape: readonly number[]): fc.Arbitrary<number[]> {
  return fc.subarray(shape.map((_, axis) => axis));
}
