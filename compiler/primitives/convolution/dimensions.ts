/** What the axes of a convolution's operands are for, and whether they fit. */
import { HeddleError } from '../../errors.ts';
import { showAval } from '../../ir/jaxpr.ts';
import type { Aval } from '../../ir/jaxpr.ts';
import type { Shape } from '../../shape.ts';
import { sameShape, showShape } from '../../shape.ts';
import { range } from '../batching.ts';
import type { ConvParams } from '../operations.ts';
import { countWindows, expectPadding, expectSteps } from '../windows/geometry.ts';
import type { WindowAxis } from '../windows/geometry.ts';

const NAME = 'conv_general_dilated';

/** The extents of an operand in the order of its spec: two, then the spatial ones. */
export function inOrder(shape: Shape, spec: readonly number[]): number[] {
  return spec.map((axis) => shape[axis]!);
}

/** How the windows of the kernel lie along each spatial axis of the input. */
export function spatialAxes(lhs: Shape, rhs: Shape, params: ConvParams): WindowAxis[] {
  const [lhsSpec, rhsSpec] = params.dimensionNumbers;
  return lhsSpec.slice(2).map((axis, i) => ({
    extent: lhs[axis]!,
    window: rhs[rhsSpec[i + 2]!]!,
    stride: params.windowStrides[i]!,
    padding: params.padding[i]!,
    baseDilation: params.lhsDilation[i]!,
    windowDilation: params.rhsDilation[i]!,
  }));
}

/** The shape of the result. */
export function convShape(lhs: Shape, rhs: Shape, params: ConvParams): number[] {
  const [[batch], [features], outSpec] = params.dimensionNumbers;
  const ordered = [lhs[batch!]! / params.batchGroupCount, rhs[features!]!, ...spatialAxes(lhs, rhs, params).map(countWindows)];
  return range(ordered.length).map((axis) => ordered[outSpec.indexOf(axis)]!);
}

/** Throws unless there is a convolution of such operands. */
export function expectConvolvable(lhs: Aval, rhs: Aval, params: ConvParams): void {
  const rank = lhs.shape.length;
  if (rank !== rhs.shape.length || rank < 2) {
    const ranks = `${showAval(lhs)} and ${showAval(rhs)} have ranks ${rank} and ${rhs.shape.length}`;
    const longest = Math.max(rank, rhs.shape.length, 2);
    throw new HeddleError('SHAPE', `${NAME}: ${ranks}; both have two axes besides the same spatial ones`, {
      fix: rank < longest ? reshaped('x', lhs.shape, longest) : reshaped('kernel', rhs.shape, longest),
    });
  }
  ['lhs', 'rhs', 'out'].forEach((operand, i) => expectSpec(operand, params.dimensionNumbers[i] ?? [], rank));
  const spatial = inOrder(lhs.shape, params.dimensionNumbers[0]).slice(2);
  expectSteps(NAME, 'windowStrides', params.windowStrides, spatial);
  expectSteps(NAME, 'lhsDilation', params.lhsDilation, spatial);
  expectSteps(NAME, 'rhsDilation', params.rhsDilation, spatial);
  expectPadding(NAME, params.padding, spatial);
  const window = inOrder(rhs.shape, params.dimensionNumbers[1]).slice(2);
  if (window.includes(0)) {
    const problem = `the kernel ${showAval(rhs)} covers nothing: its spatial extents are ${showShape(window)}`;
    throw new HeddleError('SHAPE', `${NAME}: ${problem}`, {
      fix: `np.zeros(${showShape(rhs.shape.map((extent) => Math.max(extent, 1)))})`,
    });
  }
  expectGroups(lhs, rhs, params);
}

/** The operand with axes of extent 1 before its own. */
function reshaped(name: string, shape: Shape, rank: number): string {
  return `${name}.reshape(${showShape([...new Array<number>(rank - shape.length).fill(1), ...shape])})`;
}

function expectSpec(operand: string, spec: readonly number[], rank: number): void {
  if (sameShape([...spec].sort((a, b) => a - b), range(rank))) return;
  throw new HeddleError('AXIS', `${NAME}: the ${operand} spec ${showShape(spec)} does not name each of ${rank} axes once`, {
    fix: `dimensionNumbers: ${JSON.stringify([range(rank), range(rank), range(rank)])}`,
  });
}

function expectGroups(lhs: Aval, rhs: Aval, { dimensionNumbers, featureGroupCount, batchGroupCount }: ConvParams): void {
  const [[batchAxis, featureAxis], [outAxis, inAxis]] = dimensionNumbers;
  const [batch, features] = [lhs.shape[batchAxis!]!, lhs.shape[featureAxis!]!];
  const [outFeatures, inFeatures] = [rhs.shape[outAxis!]!, rhs.shape[inAxis!]!];
  for (const [name, count] of [['featureGroupCount', featureGroupCount], ['batchGroupCount', batchGroupCount]] as const) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new HeddleError('VALUE', `${NAME}: ${name} ${count} must be a whole number from 1`, { fix: `${name}: 1` });
  }
  if (featureGroupCount > 1 && batchGroupCount > 1) {
    const both = `groups of features (${featureGroupCount}) and of the batch (${batchGroupCount})`;
    throw new HeddleError('VALUE', `${NAME}: ${both} exclude each other`, { fix: 'batchGroupCount: 1' });
  }
  const groups = featureGroupCount * batchGroupCount;
  const divided = featureGroupCount > 1 ? 'featureGroupCount' : 'batchGroupCount';
  const expectDivides = (what: string, extent: number): void => {
    if (extent % groups === 0) return;
    const fitting = range(groups).map((i) => groups - i).find((count) => extent % count === 0);
    throw new HeddleError('SHAPE', `${NAME}: ${what}, ${extent}, cannot be divided in ${groups} groups`, {
      fix: `${divided}: ${fitting ?? 1}`,
    });
  };
  if (featureGroupCount > 1) expectDivides(`the features of the input ${showAval(lhs)}`, features);
  if (batchGroupCount > 1) expectDivides(`the batch of ${showAval(lhs)}`, batch);
  if (groups > 1) expectDivides(`the output features of the kernel ${showAval(rhs)}`, outFeatures);
  if (inFeatures * featureGroupCount === features) return;
  const per = featureGroupCount > 1 ? ` for each of ${featureGroupCount} groups` : '';
  throw new HeddleError(
    'SHAPE',
    `${NAME}: ${showAval(lhs)} and ${showAval(rhs)} do not fit: axis ${featureAxis} of the first has ${features} features, ` +
      `axis ${inAxis} of the second takes ${inFeatures}${per}`,
    { fix: fixOfFeatures(features, inFeatures, rhs.shape, inAxis!, featureGroupCount) },
  );
}

function fixOfFeatures(features: number, inFeatures: number, kernel: Shape, axis: number, groups: number): string {
  if (inFeatures > 0 && groups === 1 && features % inFeatures === 0) return `featureGroupCount: ${features / inFeatures}`;
  const fitting = kernel.map((extent, i) => (i === axis ? features / groups : extent));
  return `np.zeros(${showShape(fitting)}) // a kernel for ${features} features`;
}
