/** Trading memory for time: what is computed anew for the derivative. The counterparts of jax.checkpoint and its policies. */
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { NAMED_POLICY } from '../../compiler/primitives/control/policies.ts';
import { readOptions } from '../options.ts';
import { currentValue, readArguments } from '../trace/arguments.ts';
import { apply, bind, located, operandOf } from '../trace/bind.ts';
import type { Operand } from '../trace/bind.ts';
import { calleeName } from '../trace/callee.ts';
import { describeValue } from '../trace/literal.ts';
import { deliverResults } from '../trace/results.ts';
import { closedJaxpr } from '../trace/stage.ts';
import type { Tensor } from '../trace/tensor.ts';
import { traceFunction } from '../trace/trace-function.ts';
import { userError } from '../trace/user-error.ts';

/** The values with these names are kept; made by `saveOnlyTheseNames`. */
export class SavedNames {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }
}

/** Which values inside `f` are kept for the derivative. */
export type CheckpointPolicy = keyof typeof POLICIES | SavedNames;

export interface CheckpointOptions {
  /** Default `'nothingSaveable'`: only the arguments are kept. */
  readonly policy?: CheckpointPolicy;
}

/** The names of the policies in the IR. */
const POLICIES = {
  nothingSaveable: 'nothing_saveable',
  everythingSaveable: 'everything_saveable',
  dotsSaveable: 'dots_saveable',
  dotsWithNoBatchDimsSaveable: 'dots_with_no_batch_dims_saveable',
} as const;

/**
 * `f`, whose derivative keeps the arguments and what the policy says, and computes the rest again when it needs it. Values and
 * gradients are those of `f`. A Variable that `f` writes is written once; what is computed again starts from the values at entry.
 * The counterpart of jax.checkpoint and nnx.remat, under both names.
 *
 * @throws VALUE for a policy that there is not.
 */
export function checkpoint<A extends unknown[], R>(f: (...args: A) => R, options: CheckpointOptions = {}): (...args: A) => R {
  const name = `checkpoint(${calleeName('checkpoint', f)})`;
  const choices = readOptions<{ policy: CheckpointPolicy }>('checkpoint', options, { policy: 'nothingSaveable' });
  const policy = policyText(choices.policy);
  const call = (...args: A): R =>
    located(() => {
      const inputs = readArguments(args);
      const values = inputs.traced.map((leaf) => currentValue(leaf));
      const avals = values.map(({ aval }) => aval);
      const { plan, finished } = traceFunction(name, f as (...args: never[]) => unknown, inputs, avals);
      const operands = [...finished.captures.map(({ outer }) => outer), ...values];
      const params = { jaxpr: closedJaxpr(finished), policy, differentiated: false };
      const results = params.jaxpr.outputs.length === 0 ? [] : bind(findPrimitive('remat')!, operands, params);
      return deliverResults({ plan, finished, inputs }, results) as R;
    });
  return Object.defineProperty(call, 'name', { value: f.name });
}

export { checkpoint as remat };

/** A policy that keeps the values that `checkpointName` gave one of these names. */
export function saveOnlyTheseNames(...names: readonly string[]): SavedNames {
  names.forEach((name) => checkName('saveOnlyTheseNames(', name));
  return new SavedNames(names);
}

/** `x`, under a name by which a policy of `checkpoint` can keep it. The counterpart of jax.ad_checkpoint.checkpoint_name. */
export function checkpointName(x: Operand, name: string): Tensor {
  return located(() => {
    checkName('checkpointName(x, ', name);
    return apply('name', [operandOf(x)], { name });
  });
}

/** A policy as it stands in the IR. @throws VALUE when there is no such policy; `fix` shows the call with one that there is. */
export function policyText(policy: unknown, fix: string = "checkpoint(f, { policy: 'dotsSaveable' })"): string {
  if (policy instanceof SavedNames) return NAMED_POLICY + policy.names.join(',');
  if (typeof policy === 'string' && Object.hasOwn(POLICIES, policy)) return POLICIES[policy as keyof typeof POLICIES];
  const known = Object.keys(POLICIES).join(', ');
  const given = typeof policy === 'string' ? `'${policy}'` : describeValue(policy);
  throw userError('VALUE', `checkpoint: ${given} is no policy; there are ${known} and saveOnlyTheseNames(...)`, { fix });
}

/** `call` is the text before the name. */
function checkName(call: string, name: unknown): void {
  if (typeof name === 'string' && /^[^,]+$/.test(name)) return;
  const given = typeof name === 'string' ? `'${name}'` : describeValue(name);
  throw userError('VALUE', `${call.split('(')[0]!}: ${given} is no name; a name is a text without commas`, {
    fix: `${call}'hidden')`,
  });
}
