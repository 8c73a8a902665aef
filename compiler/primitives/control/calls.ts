/** Primitives that are calls: they compute the outputs of their parameter `jaxpr` on their operands. */
import type { Equation, Jaxpr } from '../../ir/jaxpr.ts';

const CALLS: ReadonlySet<string> = new Set(['jit', 'remat', 'custom_jvp_call', 'custom_vjp_call']);

export function calledJaxpr({ primitive, params }: Equation): Jaxpr | undefined {
  return CALLS.has(primitive.name) ? (params['jaxpr'] as Jaxpr) : undefined;
}
