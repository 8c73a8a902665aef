/** Identities that mark a value: for a policy of remat, for the optimizer, and for differentiation. */
import { aval } from '../../ir/jaxpr.ts';
import type { Params } from '../../ir/jaxpr.ts';
import { batched } from '../batching.ts';
import { soleOperand } from '../checks.ts';
import { transposeWith } from '../linear.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive, PrimitiveRow } from '../primitive.ts';

type Identity = Pick<PrimitiveRow<Params>, 'name' | 'doc' | 'samples'> & Partial<PrimitiveRow<Params>>;

function identity(row: Identity): Primitive {
  const primitive: Primitive = definePrimitive({
    type: (inputs) => [soleOperand(row.name, inputs)],
    reference: ([x]) => [x!],
    lowering: { kind: 'element', view: true, at: ([x]) => [(indices) => x!.at(indices)] },
    jvp: { kind: 'linear' },
    transpose: transposeWith((_, cotangent) => [cotangent]),
    batch: (o, [x], [axis], params) => batched(o.bind(primitive, [x!], params)[0]!, axis!),
    domain: { low: -8, high: 8 },
    tolerance: 0,
    ...row,
  });
  return primitive;
}

export const checkpointName: Primitive = identity({
  name: 'name',
  doc: 'The operand, under a name by which a policy of remat can keep it.',
  samples: [{ inputs: [aval('float32', [2, 3])], params: { name: 'hidden' } }],
});

export const optimizationBarrier: Primitive = identity({
  name: 'optimization_barrier',
  doc: 'The operand, of which the optimizer does not see where it comes from: what is computed from it is not merged with anything.',
  samples: [{ inputs: [aval('float32', [2, 3])], params: {} }],
});

export const stopGradient: Primitive = identity({
  name: 'stop_gradient',
  doc: 'The operand, whose derivative counts as zero.',
  jvp: { kind: 'zero', reason: 'that is what it is for' },
  transpose: { kind: 'nonlinear', reason: 'it has no tangent' },
  samples: [{ inputs: [aval('float32', [2, 3])], params: {} }],
});
