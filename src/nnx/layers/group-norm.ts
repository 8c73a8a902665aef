/** GroupNorm and InstanceNorm: normalisation of groups of features, and of each feature, of each example. */
import { np } from '../../numpy/index.ts';
import { asDType, axesOf, fail } from '../../numpy/operands.ts';
import { readOptions } from '../../options.ts';
import { tensorOf } from '../../trace/bind.ts';
import type { Operand } from '../../trace/bind.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { checkFeatures, constructorOptions, listOf, nameOf } from './layer.ts';
import { NORM_DEFAULTS, Norm, normalized } from './norm.ts';
import type { NormCallOptions, NormOptions } from './norm.ts';

export interface GroupNormOptions extends NormOptions {
  /** How many groups the features fall into; default 32. null where `groupSize` is given. */
  readonly numGroups?: number | null;
  /** How many features a group has; default numFeatures / numGroups. */
  readonly groupSize?: number | null;
  /** The axes to take the moments over, the last one among them; default all but the first. */
  readonly reductionAxes?: readonly number[] | null;
}

export interface InstanceNormOptions extends NormOptions {
  /** The axes that `scale` and `bias` lie along, not the first; default -1. */
  readonly featureAxes?: number | readonly number[];
}

const GROUP_DEFAULTS: Required<Omit<GroupNormOptions, 'rngs'>> = {
  ...NORM_DEFAULTS,
  numGroups: 32,
  groupSize: null,
  reductionAxes: null,
};

/**
 * The last axis is cut into groups, and each group of each example normalised by its moments over all axes but the first, in the
 * shape of the input. Wu and He 2018, Group normalization, arXiv:1803.08494. flax.nnx.GroupNorm.
 */
export class GroupNorm extends Norm {
  readonly numGroups: number;
  readonly groupSize: number;
  readonly reductionAxes: readonly number[] | null;

  /** @throws VALUE unless the groups divide the features, and are given by number or by size; RNG without `rngs`. */
  constructor(numFeatures: number, options: GroupNormOptions) {
    const choices = constructorOptions('GroupNorm', options, GROUP_DEFAULTS);
    super(numFeatures, options, choices);
    [this.numGroups, this.groupSize] = groupsOf(numFeatures, choices.numGroups, choices.groupSize);
    this.reductionAxes = choices.reductionAxes;
  }

  /** @throws SHAPE for an input of another number of features, AXIS for `reductionAxes` without the last. */
  forward(x: Operand, options: NormCallOptions = {}): Tensor {
    const { mask } = readOptions<Required<NormCallOptions>>('groupNorm.forward', options, { mask: null });
    const input = tensorOf(x);
    checkFeatures(this, input, [-1], this.numFeatures, (features) => `new nnx.GroupNorm(${features}, { numGroups: 1, rngs })`);
    const last = input.ndim - 1;
    const allButFirst = input.shape.flatMap((_, axis) => (axis === 0 && last > 0 ? [] : [axis]));
    const axes = axesOf(nameOf(this), this.reductionAxes ?? allButFirst, input.ndim, (axis) => `{ reductionAxes: [${axis}] }`);
    if (!axes.includes(last)) {
      const place = `the groups lie along axis ${last} of ${input.describe()}`;
      const problem = `${nameOf(this)}: ${place}, which is none of [${axes.join(',')}]`;
      fail('AXIS', problem, `{ reductionAxes: [${[...axes, last].join(', ')}] }`);
    }
    const shape = [...input.shape.slice(0, -1), this.numGroups, this.groupSize];
    const grouped = normalized(this, input.reshape(shape), {
      reductionAxes: [...axes.filter((axis) => axis !== last), last + 1],
      featureAxes: [last, last + 1],
      mask: mask === null ? null : np.broadcastTo(asDType(mask, 'bool'), input.shape).reshape(shape),
    });
    return grouped.reshape(input.shape);
  }
}

/** The number of groups and their size. @throws VALUE */
function groupsOf(features: number, groups: number | null, size: number | null): [groups: number, size: number] {
  if ((groups === null) === (size === null)) {
    const problem = `new nnx.GroupNorm: groups are given by numGroups (${groups}) or by groupSize (${size}), one of them null`;
    fail('VALUE', problem, `{ numGroups: null, groupSize: ${size ?? features} }`);
  }
  const given = (groups ?? size)!;
  const other = features / given;
  if (given < 1 || !Number.isInteger(given) || !Number.isInteger(other)) {
    const what = groups === null ? `groups of ${given}` : `${given} groups`;
    const fix = `new nnx.GroupNorm(${features}, { numGroups: 1, rngs })`;
    fail('VALUE', `new nnx.GroupNorm: ${features} features do not fall into ${what}`, fix);
  }
  return groups === null ? [other, given] : [given, other];
}

/**
 * Each feature of each example is normalised by its moments over the other axes, in the shape of the input. Ulyanov, Vedaldi and
 * Lempitsky 2016, Instance normalization, arXiv:1607.08022. flax.nnx.InstanceNorm.
 */
export class InstanceNorm extends Norm {
  readonly featureAxes: readonly number[];

  /** `numFeatures` is the product over `featureAxes`. @throws RNG without `rngs`, VALUE for an unknown option. */
  constructor(numFeatures: number, options: InstanceNormOptions) {
    const choices = constructorOptions('InstanceNorm', options, { ...NORM_DEFAULTS, featureAxes: -1 });
    super(numFeatures, options, choices);
    this.featureAxes = listOf(choices.featureAxes);
  }

  /** @throws SHAPE for an input of another number of features, AXIS for features along the first axis, that of examples. */
  forward(x: Operand, options: NormCallOptions = {}): Tensor {
    const { mask } = readOptions<Required<NormCallOptions>>('instanceNorm.forward', options, { mask: null });
    const input = tensorOf(x);
    const featureAxes = axesOf(nameOf(this), this.featureAxes, input.ndim);
    if (featureAxes.includes(0)) {
      const problem = `${nameOf(this)}: axis 0 of ${input.describe()} is that of the examples, and featureAxes names it`;
      fail('AXIS', problem, '{ featureAxes: -1 }');
    }
    const reductionAxes = input.shape.flatMap((_, axis) => (axis === 0 || featureAxes.includes(axis) ? [] : [axis]));
    return normalized(this, input, { reductionAxes, featureAxes: this.featureAxes, mask });
  }
}
