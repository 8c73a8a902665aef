/** Which values a remat keeps for the derivative: the counterpart of jax.checkpoint_policies. */
import type { Equation } from '../../ir/jaxpr.ts';
import type { DimensionNumbers } from '../operations.ts';

/**
 * A policy in the IR is a text: `nothing_saveable`, `everything_saveable`, `dots_saveable`, `dots_with_no_batch_dims_saveable`, or
 * `save_only_these_names:a,b`, of values that were named by checkpoint_name.
 */
export const NAMED_POLICY = 'save_only_these_names:';

export const POLICIES: readonly string[] = [
  'nothing_saveable',
  'everything_saveable',
  'dots_saveable',
  'dots_with_no_batch_dims_saveable',
];

/** Whether the policy keeps what the equation computes. */
export function keeps(policy: string, { primitive, params }: Equation): boolean {
  if (policy.startsWith(NAMED_POLICY)) {
    const names = policy.slice(NAMED_POLICY.length).split(',');
    return primitive.name === 'name' && names.includes(String(params['name']));
  }
  const isDot = primitive.name === 'dot_general';
  switch (policy) {
    case 'everything_saveable':
      return true;
    case 'dots_saveable':
      return isDot || primitive.name === 'conv_general_dilated';
    case 'dots_with_no_batch_dims_saveable':
      return isDot && (params['dimensionNumbers'] as DimensionNumbers)[1][0].length === 0;
    default:
      return false;
  }
}
