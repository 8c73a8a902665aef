/** Applies a finished jaxpr to tensors: its equations join the current trace, or it runs as one program. */
import type { Jaxpr } from '../../compiler/ir/jaxpr.ts';
import { runJaxpr } from './execute.ts';
import { Tensor } from './tensor.ts';
import { currentTrace } from './trace.ts';

/** `operands` are the jaxpr's inputs; it has no consts. */
export function applyJaxpr(label: string, jaxpr: Jaxpr, operands: readonly Tensor[]): Tensor[] {
  const trace = currentTrace();
  if (trace === null) return runJaxpr(jaxpr, operands, label);
  const outputs = trace.builder.inline(
    jaxpr,
    operands.map((operand) => trace.atom(operand)),
  );
  return outputs.map((output) => Tensor.traced(trace, output));
}
