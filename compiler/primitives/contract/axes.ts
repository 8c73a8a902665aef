/** The axes of a dot_general, sorted by what they do. */
import { HeddleError } from '../../errors.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Aval } from '../../ir/jaxpr.ts';
import { normalizeAxis, showShape } from '../../shape.ts';
import { range } from '../batching.ts';
import type { DimensionNumbers } from '../operations.ts';

/** The axes of one operand. `free` ones are those of the output, ascending. */
export interface SideAxes {
  readonly batch: readonly number[];
  readonly contract: readonly number[];
  readonly free: readonly number[];
}

export interface ContractAxes {
  readonly lhs: SideAxes;
  readonly rhs: SideAxes;
}

/** The output has the batch axes, then the free axes of lhs, then those of rhs. */
export function contractAxes(lhsRank: number, rhsRank: number, dimensionNumbers: DimensionNumbers): ContractAxes {
  const [[lhsContract, rhsContract], [lhsBatch, rhsBatch]] = dimensionNumbers;
  return { lhs: side(lhsRank, lhsBatch, lhsContract), rhs: side(rhsRank, rhsBatch, rhsContract) };
}

function side(rank: number, batch: readonly number[], contract: readonly number[]): SideAxes {
  return { batch, contract, free: range(rank).filter((axis) => !batch.includes(axis) && !contract.includes(axis)) };
}

/** Throws unless the axes exist, are distinct, and agree in number and extent. */
export function expectContractible(lhs: Aval, rhs: Aval, dimensionNumbers: DimensionNumbers): void {
  const [[lhsContract, rhsContract], [lhsBatch, rhsBatch]] = dimensionNumbers;
  expectDistinct('lhs', lhs, [...lhsBatch, ...lhsContract]);
  expectDistinct('rhs', rhs, [...rhsBatch, ...rhsContract]);
  expectPaired('contracting', lhs, rhs, lhsContract, rhsContract);
  expectPaired('batch', lhs, rhs, lhsBatch, rhsBatch);
}

function expectDistinct(name: string, { shape }: Aval, axes: readonly number[]): void {
  axes.forEach((axis, i) => {
    const counted = normalizeAxis(axis, shape.length, 'dot_general', (fitting) => `axis ${fitting} of ${name}`);
    if (counted === axis && axes.indexOf(axis) === i) return;
    const problem = counted === axis ? 'is named twice' : 'must be counted from the front';
    throw new HeddleError('AXIS', `dot_general: axis ${axis} of ${name} ${showShape(shape)} ${problem}`, {
      fix: `name each axis of ${name} once, as 0 to ${shape.length - 1}`,
    });
  });
}

function expectPaired(kind: string, lhs: Aval, rhs: Aval, lhsAxes: readonly number[], rhsAxes: readonly number[]): void {
  if (lhsAxes.length !== rhsAxes.length) {
    throw new HeddleError('AXIS', `dot_general: ${lhsAxes.length} ${kind} axes of lhs are paired with ${rhsAxes.length} of rhs`, {
      fix: `[[${lhsAxes.join(', ')}], [${lhsAxes.join(', ')}]]`,
    });
  }
  lhsAxes.forEach((axis, i) => {
    const other = rhsAxes[i]!;
    if (lhs.shape[axis] === rhs.shape[other]) return;
    throw new HeddleError(
      'SHAPE',
      `dot_general: ${showAval(lhs)} and ${showAval(rhs)} do not fit: ${kind} axis ${axis} of the first is ` +
        `${lhs.shape[axis]}, axis ${other} of the second is ${rhs.shape[other]}`,
      { fix: 'np.matmul(x, np.swapaxes(y, -1, -2)) if an operand lies the other way round' },
    );
  });
}
