/** Rules that call the function that they belong to. */
import { isFloat } from '../../compiler/dtype.ts';
import { Builder } from '../../compiler/ir/builder.ts';
import { Var } from '../../compiler/ir/jaxpr.ts';
import { findPrimitive } from '../../compiler/primitives/index.ts';
import { bind } from '../trace/bind.ts';
import type { Tensor } from '../trace/tensor.ts';
import type { CustomCall } from './custom-parts.ts';
import { partJaxpr, resultsOf } from './custom-parts.ts';

/** Each level serves one more derivative. */
const MAX_LEVELS = 3;

/** Counts how deep a rule is inside itself: its jaxpr holds a call, whose rule holds a call again, which has to end somewhere. */
export class RuleLevels {
  #level = 0;

  get atEnd(): boolean {
    return this.#level === MAX_LEVELS;
  }

  inside<T>(rule: () => T): T {
    this.#level++;
    try {
      return rule();
    } finally {
      this.#level--;
    }
  }
}

/** A call that cannot be differentiated: all its operands count as captured. */
export function bindSealed(label: string, { finished, operands }: CustomCall): Tensor[] {
  const { captures, inputs } = finished;
  const jaxpr = partJaxpr(finished, [...captures.map(({ input }) => input), ...inputs], resultsOf(finished));
  if (jaxpr.outputs.length === 0) return [];
  const o = new Builder();
  const fresh = jaxpr.inputs.map(({ aval }) => new Var(aval));
  const outputs = o.inline(jaxpr, fresh);
  const zeros = outputs.filter(({ aval }) => isFloat(aval.dtype)).map(({ aval }) => o.full(0, aval));
  const jvp = o.build([], fresh, [...outputs, ...zeros]);
  const name = `${label}, ${MAX_LEVELS} levels deep in its own rule`;
  const consts = [...captures.map(({ outer }) => outer), ...operands];
  return bind(findPrimitive('custom_jvp_call')!, consts, { name, jaxpr, jvp, numConsts: consts.length });
}
