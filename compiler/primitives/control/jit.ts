/** jit: a call of a named jaxpr. Its optimisation is to be inlined. */
import type { Jaxpr } from '../../ir/jaxpr.ts';
import { definePrimitive } from '../primitive.ts';
import type { Primitive } from '../primitive.ts';
import { expectArguments, jvpMissing, outputAvals, transposeMissing } from './checks.ts';
import { JIT_SAMPLES } from './samples.ts';

type JitParams = { readonly name: string; readonly jaxpr: Jaxpr };

export const jit: Primitive = definePrimitive<JitParams>({
  name: 'jit',
  doc: 'The outputs of a jaxpr on the operands.',
  type(inputs, { jaxpr }) {
    expectArguments('jit', jaxpr, inputs);
    return outputAvals(jaxpr);
  },
  reference: (inputs, { jaxpr }, evaluate) => evaluate(jaxpr, inputs),
  lowering: { kind: 'control' },
  jvp: jvpMissing('jit'),
  transpose: transposeMissing('jit'),
  batch(o, inputs, axes, { name, jaxpr }, size, batch) {
    const mapped = batch(jaxpr, size, axes);
    return { outputs: o.bind(jit, inputs, { name, jaxpr: mapped.jaxpr }), axes: mapped.outAxes };
  },
  samples: JIT_SAMPLES,
  domain: { low: 0.25, high: 1 },
  tolerance: 1e-6,
});
