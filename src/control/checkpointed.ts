/** The `checkpoint` option of loops: a body whose derivative computes its intermediate values anew. */
import { Builder } from '../../compiler/ir/builder.ts';
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { policyText } from '../autodiff/checkpoint.ts';
import type { CheckpointPolicy } from '../autodiff/checkpoint.ts';

/** The jaxpr as one remat equation, if the option asks for it. @throws VALUE for a policy that does not exist. */
export function checkpointed(jaxpr: Jaxpr, checkpoint: boolean | CheckpointPolicy): Jaxpr {
  if (checkpoint === false) return jaxpr;
  const policy = policyText(checkpoint === true ? 'nothingSaveable' : checkpoint, 'lax.scan(f, init, xs, { checkpoint: true })');
  const o = new Builder();
  const inputs = jaxpr.inputs.map(({ aval }) => o.newVar(aval));
  return o.build([], inputs, o.bind(findPrimitive('remat')!, inputs, { jaxpr, policy, differentiated: false }));
}
