/** What type rules demand of operands and parameters, and the texts of the errors. */
import { shortName } from '../dtype.ts';
import { HeddleError } from '../errors.ts';
import { showAval } from '../ir/jaxpr.ts';
import type { Aval } from '../ir/jaxpr.ts';
import type { Shape } from '../shape.ts';
import { normalizeAxes, sameShape, showShape } from '../shape.ts';

export function expectCount(primitive: string, inputs: readonly unknown[], count: number, what = 'operand'): void {
  if (inputs.length !== count) {
    throw new HeddleError('IR_TYPE', `${primitive}: takes ${counted(count, what)}, was given ${inputs.length}`);
  }
}

export function expectAtLeast(primitive: string, inputs: readonly unknown[], count: number): void {
  if (inputs.length < count) {
    throw new HeddleError('IR_TYPE', `${primitive}: takes at least ${counted(count, 'operand')}, was given ${inputs.length}`);
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** The only operand. */
export function soleOperand(primitive: string, inputs: readonly Aval[]): Aval {
  expectCount(primitive, inputs, 1);
  return inputs[0]!;
}

export function expectSameDtype(primitive: string, inputs: readonly Aval[]): void {
  const [first] = inputs;
  const other = inputs.find(({ dtype }) => dtype !== first?.dtype);
  if (first === undefined || other === undefined) return;
  throw new HeddleError('DTYPE', `${primitive}: operands ${inputs.map(showAval).join(' and ')} have different dtypes`, {
    fix: `y.astype('${first.dtype}')`,
  });
}

/** Ascending distinct axes counted from the front: the only form that an equation holds. */
export function expectAxes(primitive: string, axes: readonly number[], rank: number): void {
  const canonical = normalizeAxes(axes, rank, primitive, (fitting) => `axes: [${fitting}]`);
  if (!sameShape(canonical, axes)) {
    throw new HeddleError('AXIS', `${primitive}: axes ${showShape(axes)} are not ascending and counted from the front`, {
      fix: showShape(canonical),
    });
  }
}

/** One entry per axis of the operand. */
export function expectPerAxis(primitive: string, parameter: string, entries: readonly unknown[], shape: Shape): void {
  if (entries.length !== shape.length) {
    const operand = `an operand of shape ${showShape(shape)} has rank ${shape.length}`;
    throw new HeddleError('SHAPE', `${primitive}: ${parameter} has ${entries.length} entries, and ${operand}`, {
      fix: `${parameter}: one entry per axis of ${showShape(shape)}`,
    });
  }
}

/** A scalar int32 operand: a start index, or the index of a branch. */
export function expectIndexScalar(primitive: string, what: string, operand: Aval): void {
  const problem = `${primitive}: ${what} must be i32[], it is ${showAval(operand)}`;
  if (operand.dtype !== 'int32') throw new HeddleError('DTYPE', problem, { fix: `i.astype('int32')` });
  if (operand.shape.length !== 0) throw new HeddleError('SHAPE', problem, { fix: 'i.reshape([])' });
}

export function expectDtype(primitive: string, { dtype }: Aval, accepted: boolean, wanted: string, fix: string): void {
  if (!accepted) throw new HeddleError('DTYPE', `${primitive}: takes ${wanted}, was given ${shortName(dtype)}`, { fix });
}

/** Whole numbers from 0. */
export function expectExtents(primitive: string, parameter: string, extents: readonly number[]): void {
  if (extents.every((extent) => Number.isInteger(extent) && extent >= 0)) return;
  throw new HeddleError('SHAPE', `${primitive}: ${parameter} ${showShape(extents)} must be whole numbers from 0`, {
    fix: `${parameter}: ${showShape(extents.map((extent) => Math.max(0, Math.trunc(extent) || 0)))}`,
  });
}

/** Equal but for weakness, which gives way in operations and says nothing of what is stored. */
export function sameType(a: Aval, b: Aval): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
