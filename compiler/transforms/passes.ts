/** The passes of differentiation, tied together: each hands all of them to the rules of primitives that hold jaxprs. */
import type { DerivativePasses } from '../primitives/primitive.ts';
import { jvpJaxpr } from './jvp.ts';
import { splitJaxpr } from './split.ts';
import { transposeJaxpr } from './transpose.ts';

export const DERIVATIVE_PASSES: DerivativePasses = {
  jvp: (jaxpr, tangents, wanted) => jvpJaxpr(jaxpr, tangents, wanted, DERIVATIVE_PASSES),
  split: (jaxpr, unknown, wanted) => splitJaxpr(jaxpr, unknown, wanted, DERIVATIVE_PASSES),
  transpose: (jaxpr, linear, cotangents, wanted) => transposeJaxpr(jaxpr, linear, cotangents, wanted, DERIVATIVE_PASSES),
};
